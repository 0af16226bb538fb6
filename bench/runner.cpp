// Runs measurements against a private server and says on a screen what comes out.
#include "bench/runner.hpp"

#include "bench/machine.hpp"
#include "bench/round.hpp"
#include "tools/support/redis_process.hpp"

namespace redoubt::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto warm_up = 100ms;

bool misses_allocations(const bench_case& what, const row& r) {
    return std::any_of(what.bars.begin(), what.bars.end(), [&](const bar& b) {
        return b.of == figure::allocations &&
               holds(b, {.allocations = r.ours.allocations_per_operation}) == std::optional(false);
    });
}

/// A run of its own: tracing costs more than what it looks at.
void name_the_allocators(row& r, const load& subject, load_spec spec) {
    constexpr double least_shown = 0.005;
    spec.trace_allocations = true;
    const auto traced = subject(spec);
    for (const auto& site : traced.allocated_by) {
        const auto per_operation = static_cast<double>(site.count) / static_cast<double>(traced.operations);
        if (per_operation >= least_shown) r.allocated_by.emplace_back(per_operation, site.where);
    }
}

row measure(const measurement& m, const run_options& options, const load_table& loads,
            const lab::server_address& address, lab::Screen& screen) {
    prefill(address, m.value_bytes);
    const auto duration = duration_of(options);
    const auto& subject = loads.at(m.what.subject.kind);
    const auto& against = loads.at(m.what.against.kind);
    load_spec subject_spec{
        .who = m.what.subject, .address = address, .value_bytes = m.value_bytes, .keys = keys_of_a_run};
    load_spec against_spec = subject_spec;
    against_spec.who = m.what.against;
    subject_spec.duration = against_spec.duration = std::min<std::chrono::milliseconds>(warm_up, duration);
    run_round(0, subject, subject_spec, against, against_spec);
    subject_spec.duration = against_spec.duration = duration;
    std::vector<std::pair<load_result, load_result>> results;
    for (int round = 0; round < options.rounds; ++round) {
        screen.progress({m.what.name, static_cast<std::uint64_t>(round), static_cast<std::uint64_t>(options.rounds)});
        subject_spec.seed = against_spec.seed = static_cast<std::uint64_t>(round) + 1;
        results.push_back(run_round(round, subject, subject_spec, against, against_spec));
    }
    auto out = summarise(m, results);
    if (misses_allocations(m.what, out)) name_the_allocators(out, subject, subject_spec);
    return out;
}

}  // namespace

void prefill(const lab::server_address& address, std::size_t value_bytes) {
    lab::RawRedis redis(address);
    redis.text({"FLUSHALL"});
    const std::string value(value_bytes, 'x');
    std::vector<std::vector<std::string>> sets;
    for (std::uint64_t i = 0; i < keys_of_a_run; ++i) sets.push_back({"SET", key_name(i), value});
    for (const auto& reply : redis.pipeline(sets))
        if (reply.is_error()) throw std::runtime_error("keys cannot be filled: " + reply.text);
}

std::chrono::milliseconds duration_of(const run_options& options) {
    if (options.duration_ms > 0) return std::chrono::milliseconds(options.duration_ms);
    return options.plan.quick ? 400ms : 800ms;
}

report run_measurements(const std::vector<measurement>& measurements, const run_options& options,
                        const load_table& loads, const std::string& npm_directory, lab::Screen& screen) {
    const lab::RedisProcess server({.tcp = true});
    report out{.rows = {}, .machine = machine_of(lab::parse_server_url(server.unix_url()), npm_directory)};
    screen.line(table_head());
    for (const auto& m : measurements) {
        const auto address = lab::parse_server_url(m.over == transport::tcp ? server.url() : server.unix_url());
        out.rows.push_back(measure(m, options, loads, address, screen));
        screen.line(table_line(out.rows.back()));
        for (const auto& [per_operation, where] : out.rows.back().allocated_by)
            screen.line("    " + std::to_string(per_operation) + " allocations for each operation in " + where);
    }
    return out;
}

}  // namespace redoubt::bench
