// The storm through a client: server, reference, both runs, verdict.
#include "tools/redoubt/demo/storm.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_benchmark.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/statistics.hpp"

namespace redoubt::lab {
namespace {

/// redis-benchmark counts whole milliseconds, of which 7,552 operations are five: it runs twenty times as many.
constexpr std::uint64_t reference_requests = 20 * storm_operations;
constexpr int reference_runs = 5;

double reference_ms(Screen& screen, const server_address& address) {
    std::vector<double> times;
    for (int run = 0; run < reference_runs; ++run) {
        screen.progress({"reference", static_cast<std::uint64_t>(run), reference_runs, "redis-benchmark -c 1 -P 512"});
        const auto result = run_redis_benchmark({.address = address, .pipeline = 512, .requests = reference_requests});
        times.push_back(static_cast<double>(storm_operations) / result.mixed_requests_per_s() * 1'000);
    }
    return median(std::move(times));
}

/// The server's count of all connections since it started. Its growth over a run is at least the peak of the run, and
/// unlike a sampled peak it misses nothing and takes no processor time from the run.
std::uint64_t connections_ever(RawRedis& watcher) {
    return std::stoull(watcher.info("stats").at("total_connections_received"));
}

struct watched_run {
    storm_run run;
    std::uint64_t connections = 0;
};

watched_run run_one(const scene_context& context, const char* label, const storm_job& job,
                    const std::function<storm_run(const storm_job&)>& run, RawRedis& watcher) {
    context.screen.progress({label, 0, job.operations});
    const auto before = connections_ever(watcher);
    watched_run out{.run = run(job)};
    out.connections = connections_ever(watcher) - before;
    auto& screen = context.screen;
    const auto errors = grouped(out.run.errors) + (out.run.errors == 1 ? " error" : " errors");
    screen.line("  " + screen.paint(label, tone::strong) + ": " + grouped(job.operations) + " operations in " +
                one_line(rounded(out.run.ms, 1)) + " ms, " +
                screen.paint(errors, out.run.errors == 0 ? tone::good : tone::bad) + ", " +
                std::to_string(out.connections) + (out.connections == 1 ? " connection" : " connections"));
    if (out.run.errors > 0) screen.line("    first: " + out.run.first_error);
    return out;
}

}  // namespace

scene_outcome play_storm(const scene_context& context, const storm_runs& runs) {
    std::optional<RedisProcess> own;
    if (context.url.empty()) {
        own.emplace(redis_process_options{.config = {{"maxclients", std::to_string(storm_server_maxclients)}}});
    }
    const storm_job job{.url = own ? own->unix_url() : context.url, .seed = context.seed};
    const auto address = parse_server_url(job.url);
    RawRedis watcher(address);

    storm_figures figures;
    figures.reference_ms = reference_ms(context.screen, address);
    context.screen.line("  reference: redis-benchmark, 1 connection, 512 in flight: " +
                        one_line(rounded(figures.reference_ms, 1)) + " ms for as many operations");
    const auto threads = run_one(context, "threads", job, runs.threads, watcher);
    const auto coroutines = run_one(context, "coroutines", job, runs.coroutines, watcher);
    figures.errors = threads.run.errors + coroutines.run.errors;
    figures.peak_connections = std::max(threads.connections, coroutines.connections);
    figures.threads_ms = threads.run.ms;
    figures.coroutines_ms = coroutines.run.ms;
    return {.figures = figures.json(), .promises_broken = figures.promises_broken()};
}

}  // namespace redoubt::lab
