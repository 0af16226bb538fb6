// The chart of a scene.
#include "tools/support/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace redoubt::lab {
namespace {

constexpr std::size_t cells_max = 60;
constexpr int label_columns = 12;
constexpr int value_columns = 14;
constexpr int width_with_values = 44;  // below, the chart has no room for values

/// One column: a character and its colour.
struct cell {
    std::string_view text;
    tone colour = tone::plain;
};

cell cell_of_rate(double rate, double peak) {
    static constexpr std::array<std::string_view, 8> levels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (rate <= 0) return {" "};
    const auto level = static_cast<std::size_t>(std::lround(rate / peak * (levels.size() - 1)));
    return {levels[std::min(level, levels.size() - 1)], tone::good};
}

cell cell_of(bool connected) { return connected ? cell{"─", tone::good} : cell{"█", tone::bad}; }

int badness(breaker_state s) {
    switch (s) {
        case breaker_state::open:
        case breaker_state::forced_open: return 2;
        case breaker_state::half_open: return 1;
        default: return 0;
    }
}
int badness(health_state s) {
    switch (s) {
        case health_state::unhealthy: return 3;
        case health_state::quarantined: return 2;
        case health_state::unknown: return 1;
        case health_state::healthy: break;
    }
    return 0;
}

cell cell_of(breaker_state s) {
    switch (badness(s)) {
        case 2: return {"█", tone::bad};
        case 1: return {"▄", tone::strong};
        default: return {"─", tone::good};
    }
}
cell cell_of(health_state s) {
    switch (s) {
        case health_state::unhealthy: return {"█", tone::bad};
        case health_state::quarantined: return {"▄", tone::strong};
        case health_state::unknown: return {"·", tone::quiet};
        case health_state::healthy: break;
    }
    return {"─", tone::good};
}

/// Neighbours of one colour are painted together.
std::string painted_cells(const std::vector<cell>& cells, const terminal_traits& traits) {
    std::string out;
    std::string run;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        run += cells[i].text;
        if (i + 1 < cells.size() && cells[i + 1].colour == cells[i].colour) continue;
        out += painted(run, cells[i].colour, traits);
        run.clear();
    }
    return out;
}

std::string label(std::string_view text) {
    std::string out = "  " + std::string(text);
    out.resize(std::max<std::size_t>(out.size(), label_columns), ' ');
    return out;
}

std::string_view word_of(bool connected) { return connected ? "up" : "down"; }

std::string at(double seconds, const std::string& what) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f s ", seconds);
    return text + what;
}

}  // namespace

std::vector<Timeline::span> Timeline::spans(std::size_t most) const {
    const auto count = std::min(most, moments_.size());
    std::vector<span> out(count);
    for (std::size_t i = 0; i < moments_.size(); ++i) {
        const auto& m = moments_[i];
        auto& s = out[i * count / moments_.size()];
        s.seconds += m.at_s - (i == 0 ? 0 : moments_[i - 1].at_s);
        s.answered += m.answered;
        s.connected = s.connected && m.connected;
        if (badness(m.breaker) >= badness(s.breaker)) s.breaker = m.breaker;
        if (badness(m.health) >= badness(s.health)) s.health = m.health;
    }
    return out;
}

std::vector<std::string> Timeline::chart(const terminal_traits& traits) const {
    const bool values = traits.width >= width_with_values;
    const int room = traits.width - 1 - label_columns - (values ? value_columns : 0);
    const auto all = spans(std::min(cells_max, static_cast<std::size_t>(std::max(room, 1))));
    if (all.empty()) return {};
    double peak = 0;
    for (const auto& s : all) peak = std::max(peak, s.rate());

    const auto& last = moments_.back();
    std::vector<std::string> rows;
    const auto add = [&](std::string_view name, auto to_cell, std::string_view value) {
        std::vector<cell> cells;
        cells.reserve(all.size());
        for (const auto& s : all) cells.push_back(to_cell(s));
        auto row = label(name) + painted_cells(cells, traits);
        if (values) row += "  " + cut(value, value_columns - 2);
        rows.push_back(std::move(row));
    };
    const auto rate = grouped(static_cast<std::uint64_t>(std::llround(all.back().rate())));
    add(
        "answers/s", [peak](const span& s) { return cell_of_rate(s.rate(), peak); }, rate);
    add(
        "connected", [](const span& s) { return cell_of(s.connected); }, word_of(last.connected));
    add(
        "breaker", [](const span& s) { return cell_of(s.breaker); }, to_string(last.breaker));
    add(
        "health", [](const span& s) { return cell_of(s.health); }, to_string(last.health));
    return rows;
}

std::vector<std::string> Timeline::changes() const {
    std::vector<std::string> out;
    for (std::size_t i = 1; i < moments_.size(); ++i) {
        const auto& before = moments_[i - 1];
        const auto& now = moments_[i];
        const auto add = [&](const char* what, std::string_view state) {
            out.push_back(at(now.at_s, what + std::string(state)));
        };
        if (now.connected != before.connected) add("connection ", word_of(now.connected));
        if (now.breaker != before.breaker) add("breaker ", to_string(now.breaker));
        if (now.health != before.health) add("health ", to_string(now.health));
    }
    return out;
}

}  // namespace redoubt::lab
