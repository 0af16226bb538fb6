// The server has no place left: the client loses its connection and is refused until others leave.
#include "resilience/random.hpp"
#include "tools/redoubt/demo/crowd.hpp"
#include "tools/redoubt/demo/scenes.hpp"
#include "tools/redoubt/demo/trouble.hpp"
#include "tools/support/fault_figures.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;
using clock = Stage::clock;

constexpr auto deadline = 500ms;
constexpr auto full = 2s;
constexpr auto return_most = 5s;
constexpr auto first_refusal_most = 200ms;  // from the loss of the connection to the first dial that was refused
constexpr call_mix mix{.get = 40, .set = 20, .echo = 40};

}  // namespace

scene_outcome play_full(const scene_context& context) {
    resilience::random_engine random(context.seed);
    RedisProcess server({.tcp = true, .config = {{"maxclients", "12"}}});
    const auto client = open_client(server, deadline);
    Crowd crowd(parse_server_url(server.url()));
    Load load(client, {.seed = context.seed, .mix = mix, .deadline = deadline});
    Stage stage(context, "full", client, load.tally(), 4s);

    stage.play_for(std::chrono::milliseconds(random.between(300, 700)));
    crowd.fill();
    stage.say(std::to_string(crowd.size()) + " others take every place that is left");
    stage.play_for(300ms);
    const auto dials_before = client.stats().pool.dials;
    const auto lost = clock::now();
    load.tally().expect_words("max number of clients", ns_of(lost + first_refusal_most));
    crowd.drive_out("redoubt:");
    stage.say("the connection of the client is killed, its place taken");
    stage.play_for(full);

    load.tally().expect_no_words();
    const auto left = clock::now();
    load.tally().await_success(ns_of(left));
    crowd.leave();
    stage.say("the others leave");
    stage.play_until([&load] { return load.tally().success_seen(); }, return_most);
    full_figures figures{.full_s = std::chrono::duration<double>(left - lost).count()};
    figures.dials = client.stats().pool.dials - dials_before;
    stage.play_for(500ms);
    load.stop();
    stage.tell_end();

    figures.first_success_ms = first_success_ms(load.tally(), left);
    figures.calls = load.tally().figures();
    context.screen.line("  full for " + one_line(rounded(figures.full_s, 2)) + " s; " + std::to_string(figures.dials) +
                        " dials; first success " + in_ms(figures.first_success_ms) + " after the others left");
    return {.figures = figures.json(), .promises_broken = figures.promises_broken()};
}

}  // namespace redoubt::lab
