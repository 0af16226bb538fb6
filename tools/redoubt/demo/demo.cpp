// Plays scenes one after the other and reports.
#include "tools/redoubt/demo/demo.hpp"

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "tools/redoubt/demo/scenes.hpp"
#include "tools/support/counting_log.hpp"
#include "tools/support/raw_redis.hpp"

namespace redoubt::lab {
namespace {

played_scene play(const scene& s, const scene_context& context) {
    auto& screen = context.screen;
    if (s.needs_private_server && !context.url.empty()) {
        screen.line(screen.paint(s.name, tone::strong) + ": skipped, it needs a server of its own");
        return {.name = std::string(s.name), .skipped = true};
    }
    screen.line(screen.paint(s.name, tone::strong) + ": " + std::string(s.summary));
    played_scene played{.name = std::string(s.name), .outcome = s.run(context)};
    for (const auto& sentence : played.outcome.promises_broken)
        screen.line("  " + screen.paint("promise broken: " + sentence, tone::bad));
    return played;
}

void tell_end(Screen& screen, const std::vector<played_scene>& played) {
    const auto broken = promises_broken(played);
    screen.line(broken == 0 ? screen.paint("every promise held", tone::good)
                            : screen.paint(std::to_string(broken) + " promises broken", tone::bad));
}

}  // namespace

int run_demo(const demo_options& options) {
    std::vector<scene> chosen;
    try {
        chosen = select_scenes(all_scenes(), options.scenes);
        if (!options.url.empty()) parse_server_url(options.url);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "redoubt demo: %s\n", e.what());
        return exit_usage;
    }
    const CountingLog log;                          // the scenes speak for themselves
    Screen screen(options.json ? stderr : stdout);  // with --json, stdout has one line only
    std::vector<played_scene> played;
    for (const auto& s : chosen) {
        try {
            played.push_back(play(s, {.screen = screen, .log = log, .seed = options.seed, .url = options.url}));
        } catch (const std::exception& e) {
            screen.clear_live();
            std::fprintf(stderr, "redoubt demo: %s cannot be played: %s\n", std::string(s.name).c_str(), e.what());
            return exit_not_run;
        }
    }
    tell_end(screen, played);
    if (options.json) std::printf("%s\n", one_line(demo_json(played)).c_str());
    return promises_broken(played) == 0 ? exit_held : exit_broken;
}

}  // namespace redoubt::lab
