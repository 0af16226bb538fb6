// The parent of the probes: servers, child processes, bars, report.
#include "bench/memory.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>

#include "tools/support/child_process.hpp"
#include "tools/support/json.hpp"
#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/resources.hpp"
#include "tools/support/statistics.hpp"
#include "tools/support/temp_dir.hpp"
#include "tools/support/terminal.hpp"

namespace redoubt::bench {
namespace {

namespace json = boost::json;

enum exit_code : int { exit_done = 0, exit_broken = 1, exit_usage = 2, exit_not_run = 3 };

constexpr int fleet_size = 100;

// -- running probes --

/// A probe in a process of its own.
class Probe {
public:
    Probe(const std::string& name, const std::string& url)
        : name_(name),
          output_(dir_.path() + "/out"),
          child_({.argv = {std::filesystem::read_symlink("/proc/self/exe"), "memory", "--probe", name, "--url", url},
                  .output_path = output_,
                  .error_path = dir_.path() + "/err"}) {}

    json::object answer() {
        const auto exit = child_.wait();
        if (!exit.ok()) {
            throw std::runtime_error("probe " + name_ + ": " + exit.text() + ": " +
                                     lab::file_text(dir_.path() + "/err"));
        }
        return json::parse(lab::file_text(output_)).as_object();
    }

private:
    const std::string name_;
    const lab::TempDir dir_;
    const std::string output_;
    lab::ChildProcess child_;
};

double number(const json::object& o, const char* name) { return o.at(name).to_number<double>(); }

/// The server of all probes.
lab::redis_process_options server_options() { return {.tcp = true, .config = {{"maxclients", "5000"}}}; }

// -- what is measured --

using figures = std::vector<memory_figure>;

void idle_connections(const lab::RedisProcess& server, figures& out) {
    const auto leases = Probe("leases", server.url()).answer();
    out.push_back({"idle_lease", number(leases, "idle_bytes"), "bytes", 4'096});
    out.push_back({"held_lease", number(leases, "held_bytes"), "bytes", 4'096});
    const auto large = Probe("large-leases", server.url()).answer();
    out.push_back({"idle_lease_after_10_kib", number(large, "idle_bytes"), "bytes", 4'096});
    const auto dedicated = Probe("dedicated", server.url()).answer();
    out.push_back({"idle_dedicated_client", number(dedicated, "idle_bytes"), "bytes", 4'096});
}

std::uint64_t connections_ever(lab::RawRedis& watcher) {
    return std::stoull(watcher.info("stats").at("total_connections_received"));
}

void fleet(const lab::RedisProcess& server, figures& out) {
    lab::RawRedis watcher(lab::parse_server_url(server.url()));
    const auto before = connections_ever(watcher);
    std::vector<std::unique_ptr<Probe>> processes;
    for (int i = 0; i < fleet_size; ++i) processes.push_back(std::make_unique<Probe>("fleet", server.url()));
    std::map<std::string, std::vector<double>> samples;
    for (const auto& p : processes) {
        for (const auto& member : p->answer()) {
            samples[std::string(member.key())].push_back(member.value().to_number<double>());
        }
    }
    const auto most = [&](const char* name) { return *std::max_element(samples[name].begin(), samples[name].end()); };
    const auto middle = [&](const char* name) { return lab::median(samples[name]); };
    out.push_back({"fleet_connections_each", most("connections"), "connections", 2});
    out.push_back({"fleet_connections_dialled_each",
                   static_cast<double>(connections_ever(watcher) - before) / fleet_size, "connections", 2});
    out.push_back({"fleet_threads_added_each", most("threads") - 1, "threads"});
    out.push_back({"fleet_thread_stack", most("stack_bytes"), "bytes", 262'144});
    out.push_back({"fleet_thread_stack_touched", most("stack_touched"), "bytes"});
    out.push_back({"fleet_added_resident", middle("added_resident"), "bytes"});
    out.push_back({"fleet_added_private", middle("added_own"), "bytes"});
    out.push_back({"fleet_added_virtual", middle("added_virtual"), "bytes"});
    out.push_back({"fleet_empty_resident", middle("empty_resident"), "bytes"});
    out.push_back({"fleet_empty_private", middle("empty_own"), "bytes"});
    out.push_back({"fleet_empty_virtual", middle("empty_virtual"), "bytes"});
}

void peaks(const lab::RedisProcess& server, figures& out) {
    // When a heap of glibc that is not the main one has grown beyond its first 64 MiB, the rest of these that was too
    // small for a block goes to the thread's cache, where it hinders shrinking: there the bar is for what malloc_trim()
    // leaves.
    for (const bool on_io_thread : {false, true}) {
        const auto p = Probe(on_io_thread ? "peak-io-thread" : "peak", server.url()).answer();
        const std::string name(on_io_thread ? "peak_io_thread" : "peak");
        out.push_back({name + "_before", number(p, "before_bytes"), "bytes"});
        out.push_back({name + "_top", number(p, "peak_bytes"), "bytes"});
        out.push_back({name + "_left_over", number(p, "growth_percent"), "percent", on_io_thread ? -1.0 : 10});
        out.push_back({name + "_left_over_trimmed", number(p, "growth_trimmed_percent"), "percent", 10});
    }
}

void ceilings(const lab::RedisProcess& server, figures& out) {
    const auto c = Probe("ceiling", server.url()).answer();
    out.push_back({"ceiling_waiting", number(c, "waiting_bytes"), "bytes", 64.0 * 1'024 * 1'024});
    out.push_back({"ceiling_process_grew_by", number(c, "held_bytes"), "bytes"});
    out.push_back({"ceiling_rejected", number(c, "rejected"), "operations"});
}

void dials(const lab::RedisProcess& server, figures& out) {
    std::vector<double> times;
    std::vector<double> cpu;
    double retransmitted = 0;
    for (int round = 0; round < 5; ++round) {
        const auto storm = Probe("connect-storm", server.url()).answer();
        times.push_back(number(storm, "ms"));
        cpu.push_back(number(storm, "cpu_ms"));
        retransmitted += number(storm, "syn_retransmissions");
    }
    out.push_back({"connect_storm_1000", lab::median(times), "ms", 500});
    out.push_back({"connect_storm_1000_cpu", lab::median(cpu), "ms"});
    out.push_back({"connect_storm_syn_retransmissions", retransmitted, "segments", 0});
}

// -- the sub-command --

int probe(const std::string& name, const std::string& url) {
    std::printf("%s\n", lab::one_line(run_probe(name, url)).c_str());
    return exit_done;
}

int measure_all(bool as_json) {
    lab::raise_descriptor_limit();
    const lab::RedisProcess server(server_options());
    lab::Screen screen(as_json ? stderr : stdout);
    screen.line(figure_head());
    figures all;
    std::size_t told = 0;
    for (const auto& part : {idle_connections, fleet, peaks, ceilings, dials}) {
        part(server, all);
        for (; told < all.size(); ++told) screen.line(figure_line(all[told]));
    }
    if (as_json) std::printf("%s\n", lab::one_line(figures_json(all)).c_str());
    return std::all_of(all.begin(), all.end(), [](const auto& f) { return f.holds(); }) ? exit_done : exit_broken;
}

}  // namespace

json::object figures_json(const std::vector<memory_figure>& all) {
    json::array lines;
    for (const auto& f : all) {
        json::object line{{"figure", f.name}, {"value", lab::rounded(f.value, 1)}, {"unit", f.unit}};
        if (f.bar >= 0) {
            line["bar"] = f.bar;
            line["holds"] = f.holds();
        }
        lines.push_back(std::move(line));
    }
    return {{"figures", std::move(lines)}};
}

std::string figure_head() {
    char text[120];
    std::snprintf(text, sizeof text, "%-36s %15s %-12s %12s  %s", "figure", "value", "unit", "bar", "holds");
    return text;
}

std::string figure_line(const memory_figure& f) {
    const auto shown = [](double value) {
        const bool whole = std::abs(value - std::round(value)) < 0.05;
        char text[40];
        std::snprintf(text, sizeof text, whole ? "%.0f" : "%.1f", value);
        return std::string(text);
    };
    char text[160];
    std::snprintf(text, sizeof text, "%-36s %15s %-12s %12s  %s", f.name.c_str(), shown(f.value).c_str(),
                  f.unit.c_str(), f.bar < 0 ? "" : shown(f.bar).c_str(),
                  f.bar < 0   ? ""
                  : f.holds() ? "yes"
                              : "NO");
    return text;
}

int run_memory(int argc, char** argv) {
    CLI::App app{"What connections, processes, queues and storms of dials cost, each against its bar",
                 "redoubt-bench memory"};
    bool as_json = false;
    std::string name;
    std::string url;
    app.add_flag("--json", as_json, "One line of JSON on stdout; the table goes to stderr");
    app.add_option("--probe", name)->group("");  // what the parent starts
    app.add_option("--url", url)->group("");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? exit_done : exit_usage;
    }
    try {
        return name.empty() ? measure_all(as_json) : probe(name, url);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "redoubt-bench: %s\n", e.what());
        return exit_not_run;
    }
}

}  // namespace redoubt::bench
