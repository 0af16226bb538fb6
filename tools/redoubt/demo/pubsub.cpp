// A hundred subscribers come and go, one lives on through the loss of its connection; then nothing may be left over.
#include <stdexcept>
#include <thread>

#include "resilience/random.hpp"
#include "tools/redoubt/demo/passers_by.hpp"
#include "tools/redoubt/demo/scenes.hpp"
#include "tools/redoubt/demo/survivor.hpp"
#include "tools/redoubt/demo/trouble.hpp"
#include "tools/support/pubsub_figures.hpp"
#include "tools/support/raw_redis.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;
using clock = Stage::clock;

constexpr auto deadline = 3s;
constexpr auto gap_most = 5s;       // a gap that has not been told by then never is
constexpr auto passing_most = 30s;  // each ends by itself: this is for the eye alone
constexpr auto arrival_most = 2s;   // for the last messages
constexpr auto going_most = 2s;     // until the server has noticed that connections are closed

/// What the server says about subscribers, asked on a plain connection.
class Witness {
public:
    explicit Witness(const RedisProcess& server) : redis_(parse_server_url(server.url())) {}

    std::vector<std::string> subscriber_ids() {
        std::vector<std::string> ids;
        for (const auto& c : redis_.client_list()) {
            const bool listens = c.at("sub") != "0" || c.at("psub") != "0";
            if (listens || c.at("name").find(":pubsub:") != std::string::npos) ids.push_back(c.at("id"));
        }
        return ids;
    }
    /// How many connections that were.
    std::uint64_t kill(const std::string& id) {
        return static_cast<std::uint64_t>(redis_.integer({"CLIENT", "KILL", "ID", id}));
    }
    /// Of the channels of this scene, and all patterns.
    std::uint64_t subscriptions() {
        std::vector<std::string> question{"PUBSUB", "NUMSUB", stream_channel};
        for (std::uint64_t i = 0; i < pubsub_subscribers; ++i) question.push_back(channel_of(i));
        long long count = redis_.integer({"PUBSUB", "NUMPAT"});
        for (const auto& element : redis_.command(question).elements) count += element.integer;  // names have none
        return static_cast<std::uint64_t>(count);
    }

private:
    RawRedis redis_;
};

/// Shows how many are gone while the time passes.
class Show {
public:
    Show(const scene_context& context, const PassersBy& passing) : screen_(context.screen), passing_(passing) {}

    void say(const std::string& text) const { screen_.line(timed(clock::now() - begun_, text)); }
    template <class Done> bool until(Done done, std::chrono::milliseconds most) const {
        for (const auto end = clock::now() + most; !done(); std::this_thread::sleep_for(5ms)) {
            if (clock::now() >= end) return false;
            const auto gone = passing_.gone();
            screen_.progress({"pubsub", gone, pubsub_subscribers, std::to_string(gone) + " came and went"});
        }
        return true;
    }
    void pass(std::chrono::milliseconds time) const {
        until([] { return false; }, time);
    }

private:
    Screen& screen_;
    const PassersBy& passing_;
    clock::time_point begun_ = clock::now();
};

/// The one subscriber, with one channel, that there is now. What is counted as left over in the end is seen here.
std::string only_one(Witness& witness) {
    const auto ids = witness.subscriber_ids();
    if (ids.size() != 1 || witness.subscriptions() != 1)
        throw std::runtime_error("the survivor should be the only subscriber on its server");
    return ids.front();
}

void tell(Screen& screen, const pubsub_figures& figures) {
    const auto& passing = figures.passing;
    const auto& stream = figures.stream;
    const auto judged = [&screen](const std::string& text, bool good) {
        return screen.paint(text, good ? tone::good : tone::bad);
    };
    screen.line("  " + grouped(passing.subscribers) + " came and went, " +
                judged(grouped(passing.heard) + " heard their message", passing.heard == passing.subscribers) + "; " +
                judged(grouped(passing.released) + " of " + grouped(passing.waited_for) + " that waited were released",
                       passing.released == passing.waited_for));
    screen.line("  the survivor: " + grouped(stream.messages) + " messages, " + grouped(stream.after_gap) +
                " of them after the gap; missing: " + grouped(stream.missing_told) + " in the gap, " +
                judged(grouped(stream.missing_untold) + " in silence; " + grouped(stream.repeated) +
                           " repeated or out of order",
                       stream.missing_untold + stream.repeated == 0));
    screen.line("  on the server: " + judged(grouped(figures.left_over) + " connections and " +
                                                 grouped(figures.subscriptions_left) + " subscriptions left over",
                                             figures.left_over + figures.subscriptions_left == 0));
}

}  // namespace

scene_outcome play_pubsub(const scene_context& context) {
    resilience::random_engine random(context.seed);
    const RedisProcess server({.tcp = true});
    const auto client = open_client(server, deadline);
    Witness witness(server);
    Survivor survivor(client, stream_channel);
    const auto victim = only_one(witness);
    Publisher publisher(client, stream_channel);
    PassersBy passing(client, random());
    const Show show(context, passing);
    pubsub_figures figures;

    show.pass(std::chrono::milliseconds(random.between(600, 1'200)));
    figures.kills = witness.kill(victim);
    show.say("the connection of the survivor is killed (CLIENT KILL)");
    const auto heard_again = [&] { return survivor.so_far().after_gap > 0; };
    if (show.until(heard_again, gap_most))
        show.say("it tells of a gap (" + survivor.gap_reason() + ") and hears messages again");
    show.until([&] { return passing.gone() == pubsub_subscribers; }, passing_most);
    passing.join();
    publisher.stop();
    show.until([&] { return survivor.last() == publisher.published(); }, arrival_most);
    show.say("the last of the others has gone; the survivor goes");
    survivor.leave();
    show.until([&] { return witness.subscriber_ids().empty() && witness.subscriptions() == 0; }, going_most);

    figures.passing = passing.figures();
    figures.stream = survivor.at_end(publisher.published());
    figures.publish_errors = publisher.errors();
    figures.left_over = witness.subscriber_ids().size();
    figures.subscriptions_left = witness.subscriptions();
    tell(context.screen, figures);
    for (const auto& error : {passing.first_error(), publisher.first_error()})
        if (!error.empty()) context.screen.line("  first error: " + error);
    return {.figures = figures.json(), .promises_broken = figures.promises_broken()};
}

}  // namespace redoubt::lab
