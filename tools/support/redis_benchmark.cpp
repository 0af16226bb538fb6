// Runs redis-benchmark and reads its figures.
#include "tools/support/redis_benchmark.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <stdexcept>

#include "tools/support/child_process.hpp"
#include "tools/support/statistics.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;

std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// Cells in double quotes; a comma inside the quotes belongs to the cell.
std::vector<std::string> cells_of(std::string_view line) {
    std::vector<std::string> cells;
    while (!line.empty()) {
        const auto close = line.size() > 1 && line.front() == '"' ? line.find('"', 1) : std::string_view::npos;
        if (close == std::string_view::npos) throw std::runtime_error("redis-benchmark --csv: no cell in quotes");
        cells.emplace_back(line.substr(1, close - 1));
        line.remove_prefix(std::min(line.size(), close + 2));
    }
    return cells;
}

double number(const std::string& cell) {
    double value = 0;
    const auto [end, ec] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (ec != std::errc() || end != cell.data() + cell.size())
        throw std::runtime_error("redis-benchmark --csv: \"" + cell + "\" is no number");
    return value;
}

struct column {
    const char* name;
    double benchmark_row::*field;
};
constexpr std::array<column, 7> columns{{{"rps", &benchmark_row::requests_per_s},
                                         {"avg_latency_ms", &benchmark_row::avg_ms},
                                         {"min_latency_ms", &benchmark_row::min_ms},
                                         {"p50_latency_ms", &benchmark_row::p50_ms},
                                         {"p95_latency_ms", &benchmark_row::p95_ms},
                                         {"p99_latency_ms", &benchmark_row::p99_ms},
                                         {"max_latency_ms", &benchmark_row::max_ms}}};

const benchmark_row& row_named(const std::vector<benchmark_row>& rows, std::string_view test) {
    for (const auto& row : rows)
        if (row.test == test) return row;
    throw std::runtime_error("redis-benchmark printed no figures for " + std::string(test));
}

}  // namespace

std::vector<benchmark_row> parse_benchmark_csv(std::string_view text) {
    const auto names = cells_of(next_line(text));
    if (names.empty() || names.front() != "test") throw std::runtime_error("redis-benchmark --csv: no line of names");
    std::vector<benchmark_row> rows;
    while (!text.empty()) {
        const auto line = next_line(text);
        if (line.empty()) continue;
        const auto cells = cells_of(line);
        if (cells.size() != names.size()) throw std::runtime_error("redis-benchmark --csv: cells without a name");
        auto& row = rows.emplace_back();
        row.test = cells.front();
        for (const auto& [name, field] : columns) {
            const auto found = std::find(names.begin(), names.end(), name);
            if (found != names.end()) row.*field = number(cells[static_cast<std::size_t>(found - names.begin())]);
        }
    }
    return rows;
}

double benchmark_result::mixed_requests_per_s() const {
    return harmonic_mean(std::array{set.requests_per_s, get.requests_per_s});
}

std::vector<std::string> benchmark_arguments(const benchmark_spec& spec) {
    std::vector<std::string> argv{"redis-benchmark"};
    const auto add = [&argv](const char* option, std::string value) {
        argv.emplace_back(option);
        argv.push_back(std::move(value));
    };
    if (spec.address.path.empty()) {
        add("-h", spec.address.host);
        add("-p", std::to_string(spec.address.port));
    } else {
        add("-s", spec.address.path);
    }
    add("-c", std::to_string(spec.connections));
    add("-P", std::to_string(spec.pipeline));
    add("-n", std::to_string(spec.requests));
    add("-d", std::to_string(spec.value_bytes));
    add("-r", std::to_string(spec.keys));
    add("-t", "set,get");
    argv.emplace_back("--csv");
    return argv;
}

benchmark_result run_redis_benchmark(const benchmark_spec& spec) {
    if (find_program("redis-benchmark").empty())
        throw std::runtime_error("redis-benchmark is not installed: apt-get install redis-tools");
    const TempDir dir;
    ChildProcess child({benchmark_arguments(spec), dir.file("figures.csv"), dir.file("errors")});
    const auto ended = child.wait_for(60s);
    if (!ended) throw std::runtime_error("redis-benchmark does not end within 60 s");
    if (!ended->ok())
        throw std::runtime_error("redis-benchmark: " + ended->text() + ": " + file_tail(dir.file("errors"), 500));
    const auto rows = parse_benchmark_csv(file_text(dir.file("figures.csv")));
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    const auto cpu_s = seconds(ended->usage.ru_utime) + seconds(ended->usage.ru_stime);
    return {row_named(rows, "SET"), row_named(rows, "GET"), cpu_s};
}

}  // namespace redoubt::lab
