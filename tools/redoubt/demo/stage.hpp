// A scene while it is played: the clock, what is said, the live chart, and the telling at the end.
#pragma once

#include <chrono>
#include <functional>
#include <redoubt/client.hpp>
#include <string>
#include <string_view>

#include "tools/redoubt/demo/load.hpp"
#include "tools/support/scene.hpp"
#include "tools/support/timeline.hpp"

namespace redoubt::lab {

/// Thread safety: one thread at a time. Client and load are watched, not changed.
class Stage {
public:
    using clock = std::chrono::steady_clock;

    /// `length`: how long the scene is expected to take, for the progress line.
    Stage(const scene_context& context, std::string_view name, const Client& client, const CallTally& tally,
          std::chrono::milliseconds length);

    void say(const std::string& text);  ///< with the time
    void play_for(std::chrono::milliseconds time);
    /// Until it is true, no longer than the time; whether it was.
    bool play_until(const std::function<bool()>& done, std::chrono::milliseconds most);
    /// The chart, the changes of state, and what became of the calls.
    void tell_end();

    std::uint64_t log_lines() const;  ///< since the stage was set
    clock::time_point begun() const { return begun_; }

private:
    void look();

    const scene_context& context_;
    std::string_view name_;
    const Client& client_;
    const CallTally& tally_;
    std::chrono::milliseconds length_;
    clock::time_point begun_ = clock::now();
    std::uint64_t log_lines_before_;
    std::uint64_t answered_before_ = 0;
    Timeline timeline_;
};

/// A line of what is said: "  1.31 s  the server is killed".
std::string timed(Stage::clock::duration since_begin, const std::string& text);

}  // namespace redoubt::lab
