// Looks at the client every 25 ms and draws.
#include "tools/redoubt/demo/stage.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "tools/support/counting_log.hpp"

namespace redoubt::lab {
namespace {

constexpr std::chrono::milliseconds step{25};
constexpr std::size_t changes_told_max = 12;
constexpr int message_columns = 120;

double seconds(Stage::clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    const auto told = std::min(parts.size(), changes_told_max);
    for (std::size_t i = 0; i < told; ++i) out.append(i == 0 ? "" : ", ").append(parts[i]);
    if (told < parts.size()) out += ", and " + std::to_string(parts.size() - told) + " more";
    return parts.empty() ? "none" : out;
}

void tell_calls(Screen& screen, const tally_figures& calls) {
    const auto count = calls.errors.total();
    screen.line("  calls: " + grouped(calls.operations()) +
                ", errors: " + screen.paint(calls.errors.text(), count == 0 ? tone::good : tone::strong));
    for (const auto& [kind, errors] : calls.kinds)
        screen.line("    " + grouped(errors.count) + "  " +
                    screen.paint(cut(errors.first, message_columns), tone::quiet));
}

}  // namespace

std::string timed(Stage::clock::duration since_begin, const std::string& text) {
    char time[32];
    std::snprintf(time, sizeof time, "  %.2f s  ", seconds(since_begin));
    return time + text;
}

Stage::Stage(const scene_context& context, std::string_view name, const Client& client, const CallTally& tally,
             std::chrono::milliseconds length)
    : context_(context),
      name_(name),
      client_(client),
      tally_(tally),
      length_(length),
      log_lines_before_(context.log.lines()) {}

void Stage::say(const std::string& text) { context_.screen.line(timed(clock::now() - begun_, text)); }

void Stage::play_for(std::chrono::milliseconds time) {
    play_until([] { return false; }, time);
}

bool Stage::play_until(const std::function<bool()>& done, std::chrono::milliseconds most) {
    const auto until = clock::now() + most;
    for (;;) {
        look();
        if (done()) return true;
        const auto left = until - clock::now();
        if (left <= clock::duration::zero()) return false;
        std::this_thread::sleep_for(std::min<clock::duration>(left, step));
    }
}

void Stage::look() {
    const auto stats = client_.stats();
    const auto answered = tally_.answered();
    const auto now = clock::now() - begun_;
    timeline_.add({.at_s = seconds(now),
                   .answered = answered - answered_before_,
                   .connected = stats.pool.connected,
                   .breaker = stats.breaker.state,
                   .health = stats.health.state});
    answered_before_ = answered;
    auto& screen = context_.screen;
    if (!screen.traits().live) return;
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(now);
    auto lines = timeline_.chart(screen.traits());
    lines.insert(lines.begin(),
                 progress_line({name_, static_cast<std::uint64_t>(at.count()),
                                static_cast<std::uint64_t>(length_.count()), grouped(answered) + " answered"},
                               screen.traits()));
    screen.live(lines);
}

void Stage::tell_end() {
    look();
    auto& screen = context_.screen;
    for (const auto& row : timeline_.chart(screen.traits())) screen.line(row);
    screen.line("  changes of state: " + joined(timeline_.changes()));
    tell_calls(screen, tally_.figures());
    const auto lines = log_lines();
    screen.line("  log of the client: " + std::to_string(lines) + (lines == 1 ? " line" : " lines"));
}

std::uint64_t Stage::log_lines() const { return context_.log.lines() - log_lines_before_; }

}  // namespace redoubt::lab
