// The storm through a client: server, rounds of reference and both runs, verdict.
#include "tools/redoubt/demo/storm.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_benchmark.hpp"
#include "tools/support/redis_process.hpp"

namespace redoubt::lab {
namespace {

/// redis-benchmark counts whole milliseconds, of which 7,552 operations are five: it runs twenty times as many.
constexpr std::uint64_t reference_requests = 20 * storm_operations;

double reference_ms(const server_address& address) {
    const auto result = run_redis_benchmark({.address = address, .pipeline = 512, .requests = reference_requests});
    return static_cast<double>(storm_operations) / result.mixed_requests_per_s() * 1'000;
}

/// The server's count of all connections since it started. Its growth over a run is at least the peak of the run, and
/// unlike a sampled peak it misses nothing and takes no processor time from the run.
std::uint64_t connections_ever(RawRedis& watcher) {
    return std::stoull(watcher.info("stats").at("total_connections_received"));
}

/// One of the two ways to make the calls, over all rounds.
class Way {
public:
    Way(const char* label, const std::function<storm_run(const storm_job&)>& run) : label_(label), run_(run) {}

    /// Runs once and adds to the round; the time it took.
    double play(const storm_job& job, RawRedis& watcher, storm_round& round) {
        const auto before = connections_ever(watcher);
        const auto run = run_(job);
        const auto connections = connections_ever(watcher) - before;
        if (errors_ == 0) first_error_ = run.first_error;
        errors_ += run.errors;
        connections_ = std::max(connections_, connections);
        round.errors += run.errors;
        round.peak_connections = std::max(round.peak_connections, connections);
        return run.ms;
    }
    void tell(Screen& screen, double ms) const {
        const auto errors = grouped(errors_) + (errors_ == 1 ? " error" : " errors");
        screen.line("  " + screen.paint(label_, tone::strong) + ": " + grouped(storm_operations) + " operations in " +
                    one_line(rounded(ms, 1)) + " ms, " + screen.paint(errors, errors_ == 0 ? tone::good : tone::bad) +
                    ", " + std::to_string(connections_) + (connections_ == 1 ? " connection" : " connections"));
        if (errors_ > 0) screen.line("    first: " + first_error_);
    }

private:
    const char* label_;
    const std::function<storm_run(const storm_job&)>& run_;
    std::uint64_t errors_ = 0;
    std::uint64_t connections_ = 0;
    std::string first_error_;
};

}  // namespace

scene_outcome play_storm(const scene_context& context, const storm_runs& runs) {
    std::optional<RedisProcess> own;
    if (context.url.empty()) {
        own.emplace(redis_process_options{.config = {{"maxclients", std::to_string(storm_server_maxclients)}}});
    }
    const storm_job job{.url = own ? own->unix_url() : context.url, .seed = context.seed};
    const auto address = parse_server_url(job.url);
    RawRedis watcher(address);

    Way threads("threads", runs.threads);
    Way coroutines("coroutines", runs.coroutines);
    auto& screen = context.screen;
    std::vector<storm_round> rounds(storm_rounds);
    for (std::size_t i = 0; i < rounds.size(); ++i) {
        auto& round = rounds[i];
        const auto show = [&](std::size_t part, const char* what) {
            screen.progress({"storm", 3 * i + part, 3 * rounds.size(), what});
        };
        show(0, "reference: redis-benchmark -c 1 -P 512");
        round.reference_ms = reference_ms(address);
        show(1, "threads");
        round.threads_ms = threads.play(job, watcher, round);
        show(2, "coroutines");
        round.coroutines_ms = coroutines.play(job, watcher, round);
    }
    const auto figures = storm_figures::of(rounds);
    screen.line(
        "  reference: redis-benchmark, 1 connection, 512 in flight: " + one_line(rounded(figures.reference_ms, 1)) +
        " ms for as many operations (times are medians of " + std::to_string(rounds.size()) + " rounds)");
    threads.tell(screen, figures.threads_ms);
    coroutines.tell(screen, figures.coroutines_ms);
    return {.figures = figures.json(), .promises_broken = figures.promises_broken()};
}

}  // namespace redoubt::lab
