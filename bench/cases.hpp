// What is compared with what: the cases, and the plan of a run. Pure.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::bench {

enum class load_kind { redoubt, hiredis, redis_benchmark };
enum class load_style { blocking, async };
enum class transport { unix_socket, tcp };

constexpr std::string_view to_string(transport t) { return t == transport::tcp ? "tcp" : "unix"; }

/// One side of a comparison.
struct contender {
    load_kind kind = load_kind::redoubt;
    load_style style = load_style::blocking;
    int concurrency = 1;  ///< blocking: threads; async: operations in flight; redis-benchmark: connections
    int pipeline = 1;     ///< commands in flight on each connection of redis-benchmark
    std::string name = {};
};

struct bench_case {
    std::string name;
    contender subject;
    contender against;
    bool on_request = false;  ///< runs only when it is named
};

/// redis-benchmark gains nothing beyond this depth.
inline constexpr int pipeline_max = 512;

inline std::vector<bench_case> all_cases() {
    std::vector<bench_case> cases;
    const auto async = [](int depth) {
        return contender{load_kind::redoubt, load_style::async, depth, 1, "redoubt async-" + std::to_string(depth)};
    };
    for (const int threads : {1, 8, 64, 256})
        cases.push_back({.name = "blocking-" + std::to_string(threads),
                         .subject = {load_kind::redoubt, load_style::blocking, threads, 1, "redoubt"},
                         .against = {load_kind::hiredis, load_style::blocking, threads, 1, "hiredis"}});
    for (const int depth : {1, 64, 512, 7'552}) {
        const int pipeline = std::min(depth, pipeline_max);
        cases.push_back({.name = "async-" + std::to_string(depth),
                         .subject = async(depth),
                         .against = {load_kind::redis_benchmark, load_style::async, 1, pipeline,
                                     "redis-benchmark -c 1 -P " + std::to_string(pipeline)}});
    }
    cases.push_back({.name = "async-7552-over-512", .subject = async(7'552), .against = async(512)});
    for (const int threads : {1, 8, 64, 256})  // no client of ours: what this machine does
        cases.push_back({.name = "baseline-" + std::to_string(threads),
                         .subject = {load_kind::hiredis, load_style::blocking, threads, 1, "hiredis"},
                         .against = {load_kind::redis_benchmark, load_style::async, threads, 1,
                                     "redis-benchmark -c " + std::to_string(threads)},
                         .on_request = true});
    return cases;
}

struct plan_options {
    bool quick = false;                   ///< unix socket and 64 bytes only
    std::vector<std::string> names = {};  ///< of cases; none: all but those on request
};

/// One line of the report to be.
struct measurement {
    bench_case what;
    transport over = transport::unix_socket;
    std::size_t value_bytes = 64;
};

/// The measurements of a run, in order; those whose loads are not available are left out.
/// Throws std::invalid_argument for a name that does not exist, and lists those that do.
inline std::vector<measurement> plan(const std::vector<bench_case>& cases, const plan_options& options,
                                     const std::set<load_kind>& available) {
    for (const auto& name : options.names) {
        if (std::any_of(cases.begin(), cases.end(), [&](const auto& c) { return c.name == name; })) continue;
        std::string known;
        for (const auto& c : cases) known += (known.empty() ? "" : ", ") + c.name;
        throw std::invalid_argument("no case is named \"" + name + "\"; there are: " + known);
    }
    std::vector<measurement> out;
    for (const auto over : {transport::unix_socket, transport::tcp})
        for (const std::size_t value_bytes : {64U, 1'024U}) {
            if (options.quick && (over != transport::unix_socket || value_bytes != 64)) continue;
            for (const auto& c : cases) {
                const bool named = std::find(options.names.begin(), options.names.end(), c.name) != options.names.end();
                if (!named && (c.on_request || !options.names.empty())) continue;
                if (available.contains(c.subject.kind) && available.contains(c.against.kind))
                    out.push_back({c, over, value_bytes});
            }
        }
    return out;
}

}  // namespace redoubt::bench
