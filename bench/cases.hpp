// What is compared with what: the cases, and the bar of each. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bars.hpp"

namespace redoubt::bench {

enum class load_kind { redoubt, hiredis, redis_benchmark, npm };
enum class load_style {
    blocking,   ///< threads that wait for each reply
    async,      ///< operations in flight, each begun by the handler of the one before
    coroutine,  ///< the same by asio::awaitable
    pipelined,  ///< one thread: as many commands in one write, then their replies
    leases,     ///< one thread that goes round as many exclusive connections
};
enum class workload {
    mixed,    ///< GET into a std::string and SET, half and half
    untyped,  ///< GET into a reply and SET, half and half: what needs no allocation
    strings,  ///< GET into a std::string only
};
enum class transport { unix_socket, tcp };

constexpr std::string_view to_string(transport t) { return t == transport::tcp ? "tcp" : "unix"; }

/// One side of a comparison.
struct contender {
    load_kind kind = load_kind::redoubt;
    load_style style = load_style::blocking;
    int concurrency = 1;  ///< threads, operations in flight, coroutines, leases, connections of redis-benchmark
    int pipeline = 1;     ///< pipelined, redis-benchmark: commands in flight on each connection
    std::string name = {};
    workload work = workload::mixed;
    std::string package = {};  ///< of npm
};

/// What `ratio` divides, ours by theirs.
enum class ratio_of { rate, cpu_per_operation, time_per_operation };

constexpr std::string_view to_string(ratio_of r) {
    constexpr std::string_view names[]{"ops_per_s", "cpu_us_per_op", "time_per_op"};
    return names[static_cast<std::size_t>(r)];
}

struct bench_case {
    std::string name;
    contender subject;
    contender against;
    std::string group = "main";  ///< the other groups run only when they are asked for
    std::vector<bar> bars = {};
    ratio_of ratio = ratio_of::rate;
    std::optional<transport> only_over = {};
    std::optional<std::size_t> only_bytes = {};
};

/// redis-benchmark gains nothing beyond this depth.
inline constexpr int pipeline_max = 512;

namespace detail {

inline contender ours(load_style style, int concurrency, workload work = workload::mixed) {
    const auto word = style == load_style::coroutine ? " coroutine-"
                      : style == load_style::leases  ? " leases-"
                                                     : " async-";
    return {
        .kind = load_kind::redoubt,
        .style = style,
        .concurrency = concurrency,
        .name = style == load_style::blocking ? "redoubt" : "redoubt" + std::string(word) + std::to_string(concurrency),
        .work = work};
}

inline contender raw_hiredis(int threads) {
    return {.kind = load_kind::hiredis, .style = load_style::blocking, .concurrency = threads, .name = "hiredis"};
}

inline contender raw_hiredis_pipelined(int depth) {
    return {.kind = load_kind::hiredis,
            .style = load_style::pipelined,
            .pipeline = depth,
            .name = "hiredis pipelined " + std::to_string(depth)};
}

inline contender redis_benchmark(int connections, int pipeline) {
    return {.kind = load_kind::redis_benchmark,
            .style = load_style::async,
            .concurrency = connections,
            .pipeline = pipeline,
            .name = "redis-benchmark -c " + std::to_string(connections) +
                    (connections == 1 ? " -P " + std::to_string(pipeline) : std::string())};
}

/// The bars are what we promise ourselves; on a noisy machine a figure may miss its bar now and then.
/// A pipeline of 100 has its other side already, raw_hiredis_pipelined(100), for the day when there is a subject.
inline void add_main(std::vector<bench_case>& cases) {
    using enum load_style;
    struct bounded {
        int size;
        double ratio_min;
    };
    for (const auto& [threads, ratio_min] : {bounded{1, 1.0}, {8, 1.2}, {64, 3.0}, {256, 3.0}}) {
        std::vector<bar> bars{at_least(figure::ratio, ratio_min)};
        if (threads >= 64) bars.push_back(at_most(figure::p99_ratio, 0.4));
        cases.push_back({.name = "blocking-" + std::to_string(threads),
                         .subject = ours(blocking, threads),
                         .against = raw_hiredis(threads),
                         .bars = std::move(bars)});
    }
    for (const auto& [depth, ratio_min] : {bounded{1, 1.0}, {64, 1.0}, {512, 1.3}, {7'552, 1.0}})
        cases.push_back({.name = "async-" + std::to_string(depth),
                         .subject = ours(async, depth),
                         .against = redis_benchmark(1, std::min(depth, pipeline_max)),
                         .bars = {at_least(figure::ratio, ratio_min)}});
    cases.push_back({.name = "async-7552-over-512",
                     .subject = ours(async, 7'552),
                     .against = ours(async, 512),
                     .bars = {at_least(figure::ratio, 0.95)}});
    cases.push_back({.name = "coroutine-512",
                     .subject = ours(coroutine, 512),
                     .against = ours(async, 512),
                     .bars = {at_least(figure::ratio, 0.9)}});
    cases.push_back({.name = "cpu-async-512",
                     .subject = ours(async, 512),
                     .against = raw_hiredis_pipelined(512),
                     .bars = {at_most(figure::ratio, 0.5)},
                     .ratio = ratio_of::cpu_per_operation});
    struct costly {
        const char* name;
        workload work;
        double allocations_max;
    };
    for (const auto& [name, work, allocations_max] :
         {costly{"callback", workload::untyped, 0}, {"string", workload::strings, 1}})
        cases.push_back({.name = "allocations-" + std::string(name),
                         .subject = ours(async, 512, work),
                         .against = raw_hiredis_pipelined(512),
                         .bars = {at_most(figure::allocations, allocations_max)},
                         .only_over = transport::unix_socket,
                         .only_bytes = 64});
}

/// The time for one operation may not grow with what is in flight, nor with the number of connections.
inline void add_growth(std::vector<bench_case>& cases) {
    const auto add = [&](const char* of, load_style style, int from, int to) {
        cases.push_back({.name = "growth-" + std::string(of) + "-" + std::to_string(to),
                         .subject = ours(style, to),
                         .against = ours(style, from),
                         .group = "growth",
                         .bars = {at_most(figure::ratio, 1.2)},
                         .ratio = ratio_of::time_per_operation,
                         .only_over = transport::unix_socket,
                         .only_bytes = 64});
    };
    for (const int depth : {64, 512, 1'024, 7'552, 30'000, 100'000}) add("inflight", load_style::async, 64, depth);
    for (const int leases : {1, 10, 100, 1'000}) add("connections", load_style::leases, 1, leases);
}

/// Over TCP: one of the packages knows nothing else.
inline void add_npm(std::vector<bench_case>& cases) {
    struct package {
        const char* name;
        const char* short_name;
    };
    for (const auto& [name, short_name] :
         {package{"ioredis", "ioredis"}, {"redis", "redis"}, {"@valkey/valkey-glide", "glide"}})
        for (const int depth : {1, 64, 512, 7'552})
            cases.push_back({.name = "npm-" + std::string(short_name) + "-" + std::to_string(depth),
                             .subject = ours(load_style::async, depth),
                             .against = {.kind = load_kind::npm,
                                         .style = load_style::async,
                                         .concurrency = depth,
                                         .name = name,
                                         .package = name},
                             .group = "npm",
                             .bars = {at_least(figure::ratio, depth >= 64 ? 3.0 : 1.0)},
                             .only_over = transport::tcp});
}

/// No client of ours: what this machine does.
inline void add_baseline(std::vector<bench_case>& cases) {
    for (const int threads : {1, 8, 64, 256})
        cases.push_back({.name = "baseline-" + std::to_string(threads),
                         .subject = raw_hiredis(threads),
                         .against = redis_benchmark(threads, 1),
                         .group = "baseline"});
    cases.push_back({.name = "baseline-pipelined-100",
                     .subject = raw_hiredis_pipelined(100),
                     .against = redis_benchmark(1, 100),
                     .group = "baseline"});
    cases.push_back({.name = "baseline-pipelined-512",
                     .subject = raw_hiredis_pipelined(512),
                     .against = redis_benchmark(1, 512),
                     .group = "baseline"});
}

}  // namespace detail

inline std::vector<bench_case> all_cases() {
    std::vector<bench_case> cases;
    detail::add_main(cases);
    detail::add_growth(cases);
    detail::add_npm(cases);
    detail::add_baseline(cases);
    return cases;
}

}  // namespace redoubt::bench
