// What the machine allows: system calls, wake-ups and clocks alone, without client and server.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

/// Two ends of one connection.
struct ends {
    int a = -1;
    int b = -1;
    ~ends() {
        if (a >= 0) ::close(a);
        if (b >= 0) ::close(b);
    }
};

void check(bool good) {
    if (!good) throw std::runtime_error("no socket");
}

void connect_unix(ends& e) {
    std::array<int, 2> fds{};
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()) == 0);
    e.a = fds[0];
    e.b = fds[1];
}

void connect_tcp(ends& e) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    socklen_t size = sizeof where;
    check(::bind(listener, address, size) == 0 && ::listen(listener, 1) == 0);
    check(::getsockname(listener, address, &size) == 0);
    e.a = ::socket(AF_INET, SOCK_STREAM, 0);
    check(::connect(e.a, address, size) == 0);
    e.b = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    const int on = 1;
    for (const int fd : {e.a, e.b}) check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
}

void connect(ends& e, std::int64_t tcp) { tcp != 0 ? connect_tcp(e) : connect_unix(e); }

bool receive_all(int fd, std::vector<char>& to, std::size_t size) {
    for (std::size_t have = 0; have < size;) {
        const auto n = ::recv(fd, to.data(), to.size(), 0);
        if (n <= 0) return false;
        have += static_cast<std::size_t>(n);
    }
    return true;
}

/// One thread, so that no wake-up is in it: what moving these bytes through the kernel costs, both calls together.
void send_and_receive(benchmark::State& state) {
    ends e;
    connect(e, state.range(0));
    const std::vector<char> out(static_cast<std::size_t>(state.range(1)));
    std::vector<char> in(1 << 17);
    for (auto _ : state) {
        if (::send(e.a, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
            return state.SkipWithError("send");
        if (!receive_all(e.b, in, out.size())) return state.SkipWithError("recv");
    }
}
// 32 bytes: a GET. 36 KiB: 512 commands, half GET and half SET with 64 bytes.
BENCHMARK(send_and_receive)->ArgsProduct({{0, 1}, {32, 1'024, 36'864}})->ArgNames({"tcp", "bytes"});

/// There and back between two threads that sleep in recv: the floor of a blocking call.
void ping_pong(benchmark::State& state) {
    ends e;
    connect(e, state.range(0));
    std::thread echo([fd = e.b] {
        char buffer[64];
        for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
            if (::send(fd, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) return;
    });
    char buffer[64] = {};
    for (auto _ : state) {
        if (::send(e.a, buffer, 32, MSG_NOSIGNAL) != 32 || ::recv(e.a, buffer, sizeof buffer, 0) != 32) {
            state.SkipWithError("ping");
            break;
        }
    }
    ::shutdown(e.a, SHUT_RDWR);
    echo.join();
}
BENCHMARK(ping_pong)->ArgsProduct({{0, 1}})->ArgNames({"tcp"})->UseRealTime();

/// A receive that finds nothing: what each look at an idle socket costs.
void receive_nothing(benchmark::State& state) {
    ends e;
    connect_unix(e);
    char buffer[64];
    for (auto _ : state) benchmark::DoNotOptimize(::recv(e.a, buffer, sizeof buffer, MSG_DONTWAIT));
}
BENCHMARK(receive_nothing);

void read_the_clock(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(read_the_clock);

/// A locked increment that no other thread wants.
void uncontended_atomic(benchmark::State& state) {
    std::atomic<int> n{0};
    for (auto _ : state) benchmark::DoNotOptimize(n.fetch_add(1));
}
BENCHMARK(uncontended_atomic);

}  // namespace
