// redoubt-bench: compares side by side, against a private server.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "bench/machine.hpp"
#include "bench/markdown.hpp"
#include "bench/plot.hpp"
#include "bench/profile.hpp"
#include "bench/report_json.hpp"
#include "bench/runner.hpp"
#include "bench/subcommands.hpp"
#include "tools/support/resources.hpp"

namespace redoubt::bench {
namespace {

enum exit_code : int { exit_done = 0, exit_usage = 2, exit_not_run = 3 };

struct bench_options {
    run_options run;
    bool json = false;
    std::string npm_directory;
    std::string from;     ///< read these lines of JSON instead of measuring
    std::string profile;  ///< a case whose one side is run alone
    bool other_side = false;
    std::string markdown;  ///< the file whose table is to be replaced
};

/// The lines of several runs become one report; of the machines the last one is told.
report read_reports(const std::string& file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error(file + ": cannot be read");
    report all;
    for (std::string line; std::getline(in, line);) {
        if (line.empty()) continue;
        auto one = parse_report(line);
        all.rows.insert(all.rows.end(), one.rows.begin(), one.rows.end());
        all.machine = std::move(one.machine);
    }
    return all;
}

void write_file(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw std::runtime_error(file + ": cannot be written");
}

/// RESULTS.md and, beside it, RESULTS.svg.
void write_markdown(const report& r, const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string before((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto stem = file.ends_with(".md") ? file.substr(0, file.size() - 3) : file;
    const auto picture = stem.substr(stem.rfind('/') + 1) + ".svg";
    write_file(file, between_marks(before, markdown_of(r, picture)));
    write_file(stem + ".svg", svg_of(r));
}

report measure(const bench_options& options) {
    const auto loads = available_loads(options.npm_directory);
    std::set<load_kind> available;
    for (const auto& [kind, function] : loads) available.insert(kind);
    const auto measurements = plan(all_cases(), options.run.plan, available);
    if (measurements.empty()) throw std::invalid_argument("these cases need packages of npm: ./dev bench npm");
    lab::raise_descriptor_limit();
    lab::Screen screen(options.json ? stderr : stdout);
    return run_measurements(measurements, options.run, loads, options.npm_directory, screen);
}

int run(const bench_options& options) {
    try {
        if (!options.profile.empty()) {
            lab::raise_descriptor_limit();
            const auto loads = available_loads(options.npm_directory);
            std::fputs(profile_of(options.profile, options.other_side, options.run, loads).c_str(), stdout);
            return exit_done;
        }
        const auto r = options.from.empty() ? measure(options) : read_reports(options.from);
        if (!options.markdown.empty()) write_markdown(r, options.markdown);
        if (options.json) std::printf("%s\n", lab::one_line(report_json(r)).c_str());
        return exit_done;
    } catch (const std::invalid_argument& e) {
        std::fprintf(stderr, "redoubt-bench: %s\n", e.what());
        return exit_usage;
    }
}

void add_options(CLI::App& app, bench_options& options) {
    auto& plan = options.run.plan;
    app.add_option("group", plan.groups, "Groups of cases: main (the default), growth, npm, baseline");
    app.add_flag("--quick", plan.quick, "Unix socket and 64 bytes only, within two minutes");
    app.add_flag("--json", options.json, "One line of JSON on stdout; the table goes to stderr");
    app.add_option("--case", plan.names, "Measure this case (may be repeated)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--rounds", options.run.rounds, "Rounds of each comparison (default 7)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000));
    app.add_option("--duration", options.run.duration_ms,
                   "Milliseconds of each side in each round (default 800, quick 400)")
        ->type_name("MS")
        ->check(CLI::Range(1, 600'000));
    app.add_option("--markdown", options.markdown, "Put the table into this file, and the plot beside it as .svg")
        ->type_name("FILE");
    app.add_option("--from", options.from, "Do not measure: read what --json printed")->type_name("FILE");
    app.add_option("--npm", options.npm_directory, "Folder with load.mjs and the packages it needs (./dev bench npm)")
        ->type_name("DIR");
    app.add_option("--profile", options.profile, "Run our side of this case alone, once, for a profiler")
        ->type_name("CASE");
    app.add_flag("--other-side", options.other_side, "With --profile: the other side");
    std::string cases = "Subcommands, each with its own --help: memory, storm\n\nCases:";
    for (const auto& c : all_cases())
        cases += "\n  " + c.name + ": " + c.subject.name + " against " + c.against.name +
                 (c.group == "main" ? "" : " (" + c.group + ")");
    app.footer(cases);
}

}  // namespace
}  // namespace redoubt::bench

int main(int argc, char** argv) {
    using namespace redoubt::bench;
    if (const auto done = run_subcommand(argc, argv)) return *done;
    CLI::App app{"Benchmarks of Redoubt, side by side with hiredis, redis-benchmark and clients of Node.js",
                 "redoubt-bench"};
    bench_options options;
    add_options(app, options);
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
