// The probes: each runs alone in its process, against a private server.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <redoubt/async.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/memory.hpp"
#include "bench/proc_text.hpp"
#include "bench/process_memory.hpp"
#include "tools/support/raw_redis.hpp"
#include "tools/support/resources.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
namespace json = boost::json;

constexpr std::size_t connections = 1'000;
constexpr std::int64_t peak_operations = 100'000;
constexpr std::size_t large_value = 10 * 1'024;
constexpr int large_operations = 17'408;

Client open(const std::string& url, const std::function<void(options&)>& change = {}) {
    auto o = options::from_url(url).value();
    o.pool.connections_max = 0;
    o.deadline = 30s;
    if (change) change(o);
    auto client = Client::open(o).value();
    client.ready().value();
    return client;
}

double ms_since(steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

double per_connection(const process_memory& before) {
    return static_cast<double>((memory_now() - before).own) / static_cast<double>(connections);
}

// -- connections that are used once and left idle --

void use(Lease& l, std::size_t value_bytes) {
    value_bytes == 0 ? void(l.ping().value()) : void(l.set("large", std::string(value_bytes, 'x')).value());
}

json::object idle_leases(const std::string& url, std::size_t value_bytes) {
    const auto client = open(url);
    std::vector<Lease> leases(connections);
    leases[0] = client.lease().value();
    use(leases[0], value_bytes);
    const auto before = memory_now();
    for (auto& l : leases) {
        l = client.lease().value();
        use(l, value_bytes);
    }
    const double held = per_connection(before);
    for (auto& l : leases) l.give_back();
    std::this_thread::sleep_for(1'500ms);  // whatever looks after idle connections has looked
    if (client.stats().pool.leases_idle < connections) throw std::runtime_error("not all leases are idle");
    return {{"held_bytes", held}, {"idle_bytes", per_connection(before)}};
}

json::object idle_dedicated(const std::string& url) {
    const auto client = open(url);
    const auto first = client.dedicated().value();
    first.ping().value();
    std::vector<Client> own(connections);
    const auto before = memory_now();
    for (auto& c : own) {
        c = client.dedicated().value();
        c.ping().value();
    }
    std::this_thread::sleep_for(1'500ms);
    return {{"idle_bytes", per_connection(before)}};
}

// -- one of a fleet: a default client with five operations a second --

stack_use io_stack(const Client& client) {
    std::promise<stack_use> told;
    boost::asio::post(io_context_of(client), [&] { told.set_value(stack_of_this_thread()); });
    return told.get_future().get();
}

json::object one_of_a_fleet(const std::string& url) {
    const auto before = memory_now();
    const auto client = Client::open(url).value();
    for (int i = 0; i < 15; ++i) {
        (void)client.set("fleet", i).value();
        client.async_run(cmd.get("fleet"), boost::asio::use_future).get().value();
        std::this_thread::sleep_for(400ms);
    }
    const auto added = memory_now() - before;
    const auto stack = io_stack(client);
    return {{"empty_resident", before.resident},
            {"empty_own", before.own},
            {"empty_virtual", before.virtual_},
            {"added_resident", added.resident},
            {"added_own", added.own},
            {"added_virtual", added.virtual_},
            {"threads", std::distance(std::filesystem::directory_iterator("/proc/self/task"), {})},
            {"stack_bytes", stack.size},
            {"stack_touched", stack.touched},
            {"connections", client.stats().pool.connections}};
}

// -- a peak of queued operations --

/// Nobody is answered while it lives, and everybody afterwards.
class ServerPaused {
public:
    explicit ServerPaused(const std::string& url)
        : pid_(std::stoi(lab::RawRedis(lab::parse_server_url(url)).info("server").at("process_id"))) {
        ::kill(pid_, SIGSTOP);
    }
    ~ServerPaused() { ::kill(pid_, SIGCONT); }
    ServerPaused(const ServerPaused&) = delete;
    ServerPaused& operator=(const ServerPaused&) = delete;

private:
    const pid_t pid_;
};

struct crowd {
    std::atomic<std::int64_t> left{0};
    std::atomic<std::int64_t> failed{0};
    void await(std::int64_t at_most) const {
        const auto start = steady_clock::now();
        while (left > at_most && steady_clock::now() - start < 25s) std::this_thread::sleep_for(1ms);
    }
};

void start_gets(const Client& client, crowd& all, std::int64_t count) {
    all.left = count;
    for (std::int64_t i = 0; i < count; ++i) {
        client.async_run(cmd.get("peak"), [&all](const result<std::optional<std::string>>& r) {
            if (!r) ++all.failed;
            --all.left;
        });
    }
}

json::object peak(const std::string& url, bool on_io_thread) {
    const auto client = open(url, [](options& o) {
        o.limiter = limiter_options{.queue_max = 2 * peak_operations};
        o.attempt_timeout = 0s;
    });
    crowd all;
    start_gets(client, all, 2'000);  // what a normal day takes
    all.await(0);
    const auto before = memory_now();
    process_memory top;
    {
        const ServerPaused paused(url);
        if (on_io_thread) {
            std::promise<void> started;
            boost::asio::post(io_context_of(client), [&] {
                start_gets(client, all, peak_operations);
                started.set_value();
            });
            started.get_future().get();
        } else {
            start_gets(client, all, peak_operations);
        }
        std::this_thread::sleep_for(100ms);
        top = memory_now();
    }
    all.await(0);
    if (all.left != 0 || all.failed != 0) throw std::runtime_error("operations of the peak failed");
    const auto settled = memory_now();
    ::malloc_trim(0);
    const auto trimmed = memory_now();
    const auto share = [&](const process_memory& m) {
        return 100.0 * static_cast<double>(m.resident - before.resident) / static_cast<double>(before.resident);
    };
    return {{"before_bytes", before.resident},
            {"peak_bytes", top.resident},
            {"after_bytes", settled.resident},
            {"growth_percent", share(settled)},
            {"growth_trimmed_percent", share(trimmed)}};
}

// -- more bytes than the ceiling allows --

json::object ceiling(const std::string& url) {
    const auto client = open(url, [](options& o) { o.attempt_timeout = 0s; });
    const std::string value(large_value, 'x');
    crowd all;
    const auto before = memory_now();
    process_memory top;
    std::int64_t held = 0;
    {
        const ServerPaused paused(url);
        all.left = large_operations;
        for (int i = 0; i < large_operations; ++i) {
            client.async_run(cmd.set("large", value), [&all](const result<bool>& r) {
                if (!r) all.failed += r.error() == errc::limiter_full ? 1 : 1'000'000;
                --all.left;
            });
        }
        std::this_thread::sleep_for(300ms);
        top = memory_now();
        held = all.left;
    }
    all.await(0);
    if (all.left != 0 || all.failed >= 1'000'000) throw std::runtime_error("operations failed for another reason");
    const auto waiting = held - std::int64_t{limiter_options{}.limit};
    return {{"waiting_bytes", waiting * static_cast<std::int64_t>(cmd.set("large", value).bytes().size())},
            {"rejected", all.failed.load()},
            {"held_bytes", (top - before).own}};
}

// -- a storm of dials --

std::int64_t syn_retransmissions() {
    return netstat_counter(lab::file_text("/proc/net/netstat"), "TcpExt", "TCPSynRetrans");
}

json::object connect_storm(const std::string& url) {
    const auto client = open(url);
    std::vector<Client> own;
    for (std::size_t i = 0; i < connections; ++i) own.push_back(client.dedicated().value());
    const auto retransmitted = syn_retransmissions();
    const auto cpu = lab::process_cpu_time();
    const auto start = steady_clock::now();
    std::atomic<int> failed{0};
    std::latch left(static_cast<std::ptrdiff_t>(connections));
    boost::asio::post(io_context_of(client), [&] {
        for (const auto& c : own) {
            c.async_run(cmd.ping(), [&](const auto& r) {
                if (!r) ++failed;
                left.count_down();
            });
        }
    });
    left.wait();
    const auto ms = ms_since(start);
    if (failed != 0) throw std::runtime_error("connections of the storm failed");
    return {{"ms", ms},
            {"cpu_ms", (lab::process_cpu_time() - cpu).total_s() * 1'000},
            {"syn_retransmissions", syn_retransmissions() - retransmitted}};
}

}  // namespace

json::object run_probe(const std::string& name, const std::string& url) {
    lab::raise_descriptor_limit();
    const std::map<std::string, std::function<json::object()>> probes{
        {"leases", [&] { return idle_leases(url, 0); }},
        {"large-leases", [&] { return idle_leases(url, large_value); }},
        {"dedicated", [&] { return idle_dedicated(url); }},
        {"fleet", [&] { return one_of_a_fleet(url); }},
        {"peak", [&] { return peak(url, false); }},
        {"peak-io-thread", [&] { return peak(url, true); }},
        {"ceiling", [&] { return ceiling(url); }},
        {"connect-storm", [&] { return connect_storm(url); }},
    };
    return probes.at(name)();
}

}  // namespace redoubt::bench
