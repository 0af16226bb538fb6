// The server is killed under load, stays away for three seconds, and comes back.
#include "resilience/random.hpp"
#include "tools/redoubt/demo/scenes.hpp"
#include "tools/redoubt/demo/trouble.hpp"
#include "tools/support/accept_probe.hpp"
#include "tools/support/fault_figures.hpp"
#include "tools/support/raw_redis.hpp"
#include "tools/support/server_findings.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;
using clock = Stage::clock;

constexpr auto deadline = 1s;
constexpr auto away = 3s;
constexpr auto return_most = 5s;  // a client that has not come back by then does not
constexpr call_mix mix{.get = 40, .set = 20, .push = 25, .incr = 15};

/// The middle of the scene: away and back. Fills in times and dials.
void play_outage_of(RedisProcess& server, const Client& client, Load& load, Stage& stage, outage_figures& figures) {
    const auto dials_before = client.stats().pool.dials;
    const auto killed = clock::now();
    server.kill();
    stage.say("the server is killed (SIGKILL)");
    AcceptProbe probe(server.port(), [&load](clock::time_point at) { load.tally().await_success(ns_of(at)); });
    stage.play_for(away);
    stage.say("it is started again");
    server.restart();
    stage.play_until([&load] { return load.tally().success_seen(); }, return_most);
    figures.dials = client.stats().pool.dials - dials_before;
    const auto accepted = probe.accepted_at();
    if (!accepted) return;
    figures.away_s = std::chrono::duration<double>(*accepted - killed).count();
    figures.first_success_ms = first_success_ms(load.tally(), *accepted);
}

void tell(Screen& screen, const outage_figures& figures) {
    screen.line("  away for " + one_line(rounded(figures.away_s, 2)) + " s; first success " +
                in_ms(figures.first_success_ms) + " after connections were accepted again; " +
                std::to_string(figures.dials) + " dials");
    const auto& ledger = figures.ledger;
    const bool clean = ledger.executed_twice + ledger.acknowledged_missing + ledger.fates_wrong == 0;
    screen.line("  on the server: " +
                screen.paint(std::to_string(ledger.executed_twice) + " executed twice, " +
                                 std::to_string(ledger.acknowledged_missing) + " acknowledged but missing, " +
                                 std::to_string(ledger.fates_wrong) + " with a wrong fate",
                             clean ? tone::good : tone::bad));
}

}  // namespace

scene_outcome play_outage(const scene_context& context) {
    resilience::random_engine random(context.seed);
    RedisProcess server({.tcp = true, .config = {{"appendonly", "yes"}, {"appendfsync", "always"}}});
    const auto client = open_client(server, deadline);
    const load_options options{.seed = context.seed, .mix = mix, .deadline = deadline};
    Load load(client, options);
    Stage stage(context, "outage", client, load.tally(), 6s);
    outage_figures figures;

    stage.play_for(std::chrono::milliseconds(random.between(800, 1'400)));
    play_outage_of(server, client, load, stage, figures);
    stage.play_for(1s);
    load.stop();
    figures.log_lines = stage.log_lines();
    stage.tell_end();

    const auto notes = load.notes();
    RawRedis redis(parse_server_url(server.url()));
    figures.ledger = judge(notes, find_on_server(redis, notes, options.threads + options.coroutines));
    figures.calls = load.tally().figures();
    tell(context.screen, figures);
    return {.figures = figures.json(), .promises_broken = figures.promises_broken()};
}

}  // namespace redoubt::lab
