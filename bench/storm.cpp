// 7,552 operations at once, by 256 threads or as many coroutines, through a limiter of 100 and without it.
#include "bench/storm.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <redoubt/async.hpp>
#include <redoubt/profiles.hpp>
#include <thread>

#include "bench/storm_row.hpp"
#include "tools/support/histogram.hpp"
#include "tools/support/json.hpp"
#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/resources.hpp"
#include "tools/support/terminal.hpp"

namespace redoubt::bench {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

enum exit_code : int { exit_done = 0, exit_broken = 1, exit_usage = 2, exit_not_run = 3 };

constexpr std::uint64_t operations = 7'552;
constexpr std::uint64_t threads = 256;
constexpr std::uint64_t keys = 1'000;

std::string key_of(std::uint64_t number) { return "storm:" + std::to_string(number % keys); }

double ms_since(steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

/// What the callers have met. Its user sees to it that one at a time adds.
struct tally {
    lab::Histogram latency;
    std::uint64_t errors = 0;
    std::string first_error;

    template <class R> void end(steady_clock::time_point start, const result<R>& r) {
        latency.add(steady_clock::now() - start);
        if (r) return;
        ++errors;
        if (first_error.empty()) first_error = r.error().message();
    }
    void merge(const tally& other) {
        latency.merge(other.latency);
        errors += other.errors;
        if (first_error.empty()) first_error = other.first_error;
    }
    storm_result result_after(double ms) const {
        return {.ms = ms,
                .p50_ms = latency.quantile_us(0.5) / 1'000,
                .p99_ms = latency.quantile_us(0.99) / 1'000,
                .errors = errors,
                .first_error = first_error};
    }
};

storm_result by_threads(const Client& client) {
    std::latch ready(threads);
    std::latch go(1);
    std::mutex mutex;
    tally all;
    std::vector<std::thread> callers;
    for (std::uint64_t t = 0; t < threads; ++t) {
        callers.emplace_back([&, t] {
            const auto mine = std::make_unique<tally>();
            ready.count_down();
            go.wait();
            for (auto i = t; i < operations; i += threads) {
                const auto start = steady_clock::now();
                i % 2 == 0 ? mine->end(start, client.set(key_of(i), "value")) : mine->end(start, client.get(key_of(i)));
            }
            const std::lock_guard lock(mutex);
            all.merge(*mine);
        });
    }
    ready.wait();
    const auto start = steady_clock::now();
    go.count_down();
    for (auto& caller : callers) caller.join();
    return all.result_after(ms_since(start));
}

// Two coroutines rather than one with a branch: each frame holds one command.
asio::awaitable<void> set_one(const Client& client, std::string key, tally& all, std::latch& left) {
    const auto start = steady_clock::now();
    all.end(start, co_await client.async_run(cmd.set(key, "value"), asio::deferred));
    left.count_down();
}
asio::awaitable<void> get_one(const Client& client, std::string key, tally& all, std::latch& left) {
    const auto start = steady_clock::now();
    all.end(start, co_await client.async_run(cmd.get(key), asio::deferred));
    left.count_down();
}

storm_result by_coroutines(const Client& client) {
    const auto all = std::make_unique<tally>();  // touched on the I/O thread alone
    std::latch left(static_cast<std::ptrdiff_t>(operations));
    const auto start = steady_clock::now();
    asio::post(io_context_of(client), [&] {
        for (std::uint64_t i = 0; i < operations; ++i) {
            const auto one = i % 2 == 0 ? set_one : get_one;
            asio::co_spawn(io_context_of(client), one(client, key_of(i), *all, left), asio::detached);
        }
    });
    left.wait();
    return all->result_after(ms_since(start));
}

using way = storm_result (*)(const Client&);

std::uint64_t connections_ever(lab::RawRedis& watcher) {
    return std::stoull(watcher.info("stats").at("total_connections_received"));
}

storm_result run_once(way how, const std::string& url, bool limited, lab::RawRedis& watcher) {
    auto o = options::from_url(url).value();
    o.limiter = limited ? profiles::worker().limiter : std::nullopt;
    const auto before = connections_ever(watcher);
    const auto client = Client::open(o).value();
    client.ready().value();
    const auto cpu = lab::process_cpu_time();
    auto outcome = how(client);
    outcome.cpu_ms = (lab::process_cpu_time() - cpu).total_s() * 1'000;
    (void)client.close();
    outcome.connections = connections_ever(watcher) - before;
    return outcome;
}

// Both sides back to back, in alternating order.
storm_pair run_pair(way how, const std::string& url, int round, lab::RawRedis& watcher) {
    storm_pair pair;
    const bool limited_first = round % 2 == 0;
    if (limited_first) pair.limited = run_once(how, url, true, watcher);
    pair.free = run_once(how, url, false, watcher);
    if (!limited_first) pair.limited = run_once(how, url, true, watcher);
    return pair;
}

void print(const storm_row& r, lab::Screen& screen) {
    char text[200];
    std::snprintf(text, sizeof text, "%-26s %8.1f %10.1f %8.2f %6.2f - %4.2f %8.2f %10.2f %10.2f %7llu %12llu  %s",
                  r.name.c_str(), r.ms, r.free_ms, r.slower.median, r.slower.min, r.slower.max, r.cpu_ratio,
                  r.p99_over_p50, r.free_p99_over_p50, static_cast<unsigned long long>(r.errors),
                  static_cast<unsigned long long>(r.connections), r.holds() ? "yes" : "NO");
    screen.line(text);
    if (!r.first_error.empty()) screen.line("  first error: " + r.first_error);
}

int measure(int rounds, bool as_json) {
    lab::raise_descriptor_limit();
    const lab::RedisProcess server;
    lab::RawRedis watcher(lab::parse_server_url(server.unix_url()));
    lab::Screen screen(as_json ? stderr : stdout);
    char head[200];
    std::snprintf(head, sizeof head, "%-26s %8s %10s %8s %13s %8s %10s %10s %7s %12s  %s", "case", "ms", "without",
                  "ratio", "min - max", "cpu", "p99 / p50", "without", "errors", "connections", "holds");
    screen.line(head);
    bool good = true;
    boost::json::array rows;
    for (const auto& [name, how] :
         {std::pair{"storm-limiter-threads", &by_threads}, {"storm-limiter-coroutines", &by_coroutines}}) {
        (void)run_pair(how, server.unix_url(), 0, watcher);  // warm-up
        std::vector<storm_pair> pairs;
        for (int round = 0; round < rounds; ++round) {
            screen.progress({name, static_cast<std::uint64_t>(round), static_cast<std::uint64_t>(rounds)});
            pairs.push_back(run_pair(how, server.unix_url(), round, watcher));
        }
        const auto row = storm_row::of(name, pairs);
        good = good && row.holds();
        print(row, screen);
        rows.push_back(row.json());
    }
    if (as_json) std::printf("%s\n", lab::one_line(boost::json::object{{"rows", std::move(rows)}}).c_str());
    return good ? exit_done : exit_broken;
}

}  // namespace

int run_storm(int argc, char** argv) {
    CLI::App app{"7,552 operations at once, by 256 threads and by coroutines, through a limiter of 100 and without it",
                 "redoubt-bench storm"};
    bool as_json = false;
    int rounds = 11;
    app.add_flag("--json", as_json, "One line of JSON on stdout; the table goes to stderr");
    app.add_option("--rounds", rounds, "Rounds of each comparison (default 11)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? exit_done : exit_usage;
    }
    try {
        return measure(rounds, as_json);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "redoubt-bench: %s\n", e.what());
        return exit_not_run;
    }
}

}  // namespace redoubt::bench
