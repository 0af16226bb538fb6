// redoubt-bench: compares side by side, against a private server.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "bench/report.hpp"
#include "bench/round.hpp"
#include "bench/subcommands.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/resources.hpp"
#include "tools/support/terminal.hpp"

namespace redoubt::bench {
namespace {

using namespace std::chrono_literals;

enum exit_code : int { exit_done = 0, exit_usage = 2, exit_not_run = 3 };

constexpr std::uint64_t keys = 10'000;
constexpr auto warm_up = 100ms;

struct bench_options {
    plan_options plan;
    bool json = false;
    int rounds = 0;  ///< 0: as many as the kind of run has
};

void prefill(const lab::server_address& address, std::size_t value_bytes) {
    lab::RawRedis redis(address);
    redis.text({"FLUSHALL"});
    const std::string value(value_bytes, 'x');
    std::vector<std::vector<std::string>> sets;
    for (std::uint64_t i = 0; i < keys; ++i) sets.push_back({"SET", key_name(i), value});
    for (const auto& reply : redis.pipeline(sets))
        if (reply.is_error()) throw std::runtime_error("keys cannot be filled: " + reply.text);
}

row measure(const measurement& m, const bench_options& options, const load_table& loads,
            const lab::server_address& address, lab::Screen& screen) {
    prefill(address, m.value_bytes);
    const int rounds = options.rounds > 0 ? options.rounds : options.plan.quick ? 5 : 7;
    const auto duration = options.plan.quick ? 500ms : 1'000ms;
    const auto& subject = loads.at(m.what.subject.kind);
    const auto& against = loads.at(m.what.against.kind);
    load_spec subject_spec{.who = m.what.subject, .address = address, .value_bytes = m.value_bytes, .keys = keys};
    load_spec against_spec = subject_spec;
    against_spec.who = m.what.against;
    subject_spec.duration = against_spec.duration = warm_up;
    run_round(0, subject, subject_spec, against, against_spec);
    subject_spec.duration = against_spec.duration = duration;
    std::vector<std::pair<load_result, load_result>> results;
    for (int round = 0; round < rounds; ++round) {
        screen.progress({m.what.name, static_cast<std::uint64_t>(round), static_cast<std::uint64_t>(rounds)});
        subject_spec.seed = against_spec.seed = static_cast<std::uint64_t>(round) + 1;
        results.push_back(run_round(round, subject, subject_spec, against, against_spec));
    }
    return summarise(m, results);
}

std::vector<row> measure_all(const std::vector<measurement>& measurements, const bench_options& options,
                             const load_table& loads, lab::Screen& screen) {
    const lab::RedisProcess server({.tcp = true});
    screen.line(table_head());
    std::vector<row> rows;
    for (const auto& m : measurements) {
        const auto address = lab::parse_server_url(m.over == transport::tcp ? server.url() : server.unix_url());
        rows.push_back(measure(m, options, loads, address, screen));
        screen.line(table_line(rows.back()));
    }
    return rows;
}

int run(const bench_options& options) {
    const auto loads = available_loads();
    std::set<load_kind> available;
    for (const auto& [kind, function] : loads) available.insert(kind);
    std::vector<measurement> measurements;
    try {
        measurements = plan(all_cases(), options.plan, available);
    } catch (const std::invalid_argument& e) {
        std::fprintf(stderr, "redoubt-bench: %s\n", e.what());
        return exit_usage;
    }
    if (measurements.empty()) throw std::runtime_error("no case can run: the loads that it needs are missing");
    lab::raise_descriptor_limit();
    lab::Screen screen(options.json ? stderr : stdout);
    const auto rows = measure_all(measurements, options, loads, screen);
    if (options.json) std::printf("%s\n", lab::one_line(report_json(rows)).c_str());
    return exit_done;
}

}  // namespace
}  // namespace redoubt::bench

int main(int argc, char** argv) {
    using namespace redoubt::bench;
    if (const auto done = run_subcommand(argc, argv)) return *done;
    CLI::App app{"Benchmarks of Redoubt, side by side with hiredis and redis-benchmark", "redoubt-bench"};
    bench_options options;
    app.add_flag("--quick", options.plan.quick, "Unix socket and 64 bytes only, within two minutes");
    app.add_flag("--json", options.json, "One line of JSON on stdout; the table goes to stderr");
    app.add_option("--case", options.plan.names, "Measure this case only (may be repeated)")->type_name("NAME");
    app.add_option("--rounds", options.rounds, "Rounds of each comparison (default 7, quick 5)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000));
    std::string cases = "Cases:";
    for (const auto& c : all_cases())
        cases += "\n  " + c.name + ": " + c.subject.name + " against " + c.against.name +
                 (c.on_request ? " (only when named)" : "");
    app.footer(cases);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? exit_done : exit_usage;
    }
    try {
        return run(options);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "redoubt-bench: %s\n", e.what());
        return exit_not_run;
    }
}
