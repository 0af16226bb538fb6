// The server stops answering for two seconds, keeps its connections, and goes on.
#include "resilience/random.hpp"
#include "tools/redoubt/demo/scenes.hpp"
#include "tools/redoubt/demo/trouble.hpp"
#include "tools/support/fault_figures.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;

constexpr auto deadline = 300ms;
constexpr auto hung = 2s;
constexpr auto return_most = 5s;
constexpr call_mix mix{.get = 40, .set = 20, .echo = 40};

}  // namespace

scene_outcome play_hang(const scene_context& context) {
    resilience::random_engine random(context.seed);
    RedisProcess server({.tcp = true});
    const auto client = open_client(server, deadline);
    Load load(client, {.seed = context.seed, .mix = mix, .deadline = deadline});
    Stage stage(context, "hang", client, load.tally(), 4s);

    stage.play_for(std::chrono::milliseconds(random.between(500, 900)));
    server.pause();
    stage.say("the server is stopped (SIGSTOP)");
    stage.play_for(hung);
    const auto resumed = Stage::clock::now();
    load.tally().await_success(ns_of(resumed));
    server.resume();
    stage.say("it goes on (SIGCONT)");
    stage.play_until([&load] { return load.tally().success_seen(); }, return_most);
    stage.play_for(1s);
    load.stop();
    stage.tell_end();

    hang_figures figures{.calls = load.tally().figures(), .first_success_ms = first_success_ms(load.tally(), resumed)};
    auto& screen = context.screen;
    const double over_ms = static_cast<double>(figures.calls.over_deadline_ns_max) / 1e6;
    screen.line("  the longest call ended " + one_line(rounded(over_ms, 1)) + " ms after its deadline of " +
                std::to_string(std::chrono::milliseconds(deadline).count()) + " ms; " +
                std::to_string(figures.calls.wrong_replies) + " replies of other calls; first success after " +
                in_ms(figures.first_success_ms));
    return {.figures = figures.json(), .promises_broken = figures.promises_broken()};
}

}  // namespace redoubt::lab
