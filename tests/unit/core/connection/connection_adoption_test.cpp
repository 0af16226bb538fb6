// Callers that send at the very moment at which a descriptor is adopted, and fail.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <thread>

#include "core/connection/connection.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

constexpr syscalls broken_pipe{
    [](int, const void*, std::size_t) -> ssize_t {
        errno = EPIPE;
        return -1;
    },
    [](int fd, void* data, std::size_t size) { return syscalls::real().recv(fd, data, size); },
    [](int fd) { return syscalls::real().shutdown(fd); },
    [](int fd) { return syscalls::real().close(fd); },
    [](int fd) { return syscalls::real().something_there(fd); },
    [](int fd, std::int64_t until_ns) { syscalls::real().await_readable(fd, until_ns); },
};

struct CountingListener final : Connection::Listener {
    void on_down(Connection&, const error&) noexcept override { ++downs; }
    void on_room(Connection&) noexcept override {}
    int downs = 0;
};

TEST(ConnectionAdoption, AFailureAtThatMomentIsNotForgotten) {
    constexpr int rounds = 3000;
    Reactor reactor;
    CountingListener listener;
    Connection connection(reactor, listener, {"redis://test", {}, 4096}, broken_pipe);
    std::deque<test::TestOperation> ops;
    std::atomic<bool> stop{false};
    std::thread caller([&] {
        ops.emplace_back(reactor);
        while (!stop.load()) {
            if (connection.submit(ops.back()) == Connection::admission::accepted) ops.emplace_back(reactor);
        }
    });
    bool came_down = true;
    for (int round = 0; round < rounds && came_down; ++round) {
        std::array<int, 2> pair{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
        const ReactorTesting here(reactor);
        connection.adopt(pair[0]);
        ::close(pair[1]);
        // The caller may be held up in the middle of its send for as long as the machine likes.
        const auto patience = steady_now_ns() + 20'000'000'000;
        while (listener.downs == round && steady_now_ns() < patience) {
            if (reactor.context().poll_one() == 0) std::this_thread::yield();
        }
        came_down = listener.downs == round + 1;
        EXPECT_TRUE(came_down) << "round " << round;
    }
    stop.store(true);
    caller.join();
    if (!came_down) _exit(1);  // it would never end: nothing can be destroyed in order
    EXPECT_FALSE(connection.up());
    ops.pop_back();
    for (const auto& op : ops) ASSERT_EQ(op.outcomes, 1);
}

}  // namespace
}  // namespace redoubt::core
