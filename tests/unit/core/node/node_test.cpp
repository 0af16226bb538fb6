// What a process knows of a node: who shares it, who is told, what reaches breaker, health and log.
#include "core/node/node.hpp"

#include "core/stack/breaker_layer.hpp"
#include "core/stack/clock.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <vector>

#include "tests/support/log_capture.hpp"

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;
using outcome = Node::outcome;
using news = Node::news;
using owed = Node::owed;
using probe = Node::probe_answer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Watcher final : Node::Watcher {
    void on_node_news(news what) noexcept override { told.push_back(what); }
    bool connected() const noexcept override { return has_connection; }
    std::vector<news> told;
    bool has_connection = false;
};

node_policy policy() {
    node_policy p;
    p.dials.reconnect.backoff = {.kind = resilience::backoff_kind::none, .base = 50ms, .cap = 1s};
    p.dials.in_flight_max = 4;
    p.breaker.calls_min = 1;
    p.breaker.failure_percent = 0;
    p.breaker.open_spread_percent = 0;
    p.health.spread_percent = 0;
    return p;
}

class NodeTest : public ::testing::Test {
protected:
    std::int64_t now() const { return std::chrono::nanoseconds(now_).count(); }
    void pass(std::chrono::nanoseconds t) { now_ += t; }
    std::int64_t ago(std::chrono::nanoseconds t) const { return now() - t.count(); }
    news dial(outcome how) {
        const auto a = node_.ask_to_dial(now());
        EXPECT_TRUE(a.granted);
        return node_.dial_finished(a, how, now(), is_failure(how) ? &why_ : nullptr);
    }
    static bool is_failure(outcome how) { return how == outcome::failed || how == outcome::full; }
    /// As soon as it may.
    news next_dial(outcome how) {
        pass(1s);
        return dial(how);
    }
    breaker_state circuit() { return node_.breaker().state(); }
    health_state health() { return node_.health_figures().state; }

    std::chrono::nanoseconds now_ = 1000s;
    const error why_{errc::connect_failed,
                     fate::not_applied,
                     phase::dial,
                     {.node = "redis://a:6379", .text = "10.0.0.1:6379: Connection refused"}};
    test::LogCapture log_;
    Node node_{"redis://a:6379", policy()};
};

// -- one for the process --

TEST(NodeRegistry, OneForEachNameAsLongAsSomebodyKeepsIt) {
    auto a = Node::of("redis://registry-a:1", policy());
    const auto b = Node::of("redis://registry-b:1", policy());
    EXPECT_NE(a, b);
    auto other = policy();
    other.dials.in_flight_max = 1;
    EXPECT_EQ(Node::of("redis://registry-a:1", other), a);
    EXPECT_EQ(a->name(), "redis://registry-a:1");
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_TRUE(a->ask_to_dial(0, i).granted) << "under the policy of whoever came first";
    EXPECT_FALSE(a->ask_to_dial(0, 4).granted);
    const std::weak_ptr<Node> gone = a;
    a.reset();
    EXPECT_TRUE(gone.expired());
    EXPECT_TRUE(Node::of("redis://registry-a:1", other)->ask_to_dial(0).granted) << "a new one knows nothing";
}

TEST(NodeRegistry, RefusedCredentialsAreRememberedWhenEverybodyHasGone) {
    const std::string name = "redis://registry-c:1";
    auto a = Node::of(name, policy());
    const auto granted = a->ask_to_dial(steady_now_ns(), 1);
    ASSERT_TRUE(granted.granted);
    const error why(errc::wrong_pass, fate::not_applied, phase::dial);
    a->dial_finished(granted, outcome::refused, steady_now_ns(), &why);
    a.reset();
    (void)Node::of("redis://registry-d:1", policy());
    const auto b = Node::of(name, policy());
    EXPECT_EQ(b->ask_to_dial(steady_now_ns(), 1).refused, errc::wrong_pass);
    EXPECT_TRUE(b->ask_to_dial(steady_now_ns(), 2).granted);
}

// -- watchers --

TEST_F(NodeTest, WatchersAreToldWhenTheNodeAnswersAgain) {
    Watcher a;
    Watcher b;
    node_.join(a);
    node_.join(b);
    dial(outcome::connected);
    dial(outcome::failed);
    EXPECT_THAT(a.told, IsEmpty()) << "nobody was put off, and nothing has changed for the better";
    EXPECT_EQ(next_dial(outcome::connected), news::reachable);
    EXPECT_THAT(a.told, ElementsAre(news::reachable));
    EXPECT_THAT(b.told, ElementsAre(news::reachable));
    node_.leave(b);
    node_.leave(b);
    dial(outcome::failed);
    next_dial(outcome::connected);
    EXPECT_EQ(a.told.size(), 2U);
    EXPECT_EQ(b.told.size(), 1U);
}

struct put_off_case {
    outcome how;
    friend void PrintTo(const put_off_case& c, std::ostream* out) { *out << static_cast<int>(c.how); }
};
class PutOff : public NodeTest, public ::testing::WithParamInterface<put_off_case> {};
INSTANTIATE_TEST_SUITE_P(Ends, PutOff,
                         ::testing::Values(put_off_case{outcome::connected}, put_off_case{outcome::refused},
                                           put_off_case{outcome::full}, put_off_case{outcome::failed},
                                           put_off_case{outcome::abandoned}));

TEST_P(PutOff, WhoeverWasPutOffUntilAnotherDialEndsIsToldOnce) {
    Watcher w;
    node_.join(w);
    dial(outcome::failed);
    pass(50ms);
    const auto prober = node_.ask_to_dial(now());
    ASSERT_TRUE(prober.granted);
    const auto second = node_.ask_to_dial(now());
    EXPECT_FALSE(second.granted);
    EXPECT_EQ(second.ask_again_ns, resilience::DialGovernor::told);
    EXPECT_THAT(w.told, IsEmpty());
    node_.dial_finished(prober, GetParam().how, now(), is_failure(GetParam().how) ? &why_ : nullptr);
    EXPECT_EQ(w.told.size(), 1U);
}

TEST_F(NodeTest, TheEndOfASeriesIsToldToAll) {
    auto p = policy();
    p.dials.reconnect.attempts_max = 1;
    Node node("redis://a:6379", p);
    Watcher w;
    node.join(w);
    for (int i = 0; i < 2; ++i) {
        const auto a = node.ask_to_dial(now());
        ASSERT_TRUE(a.granted);
        node.dial_finished(a, outcome::failed, now(), &why_);
        pass(50ms);
    }
    EXPECT_THAT(w.told, ElementsAre(news::exhausted));
}

// -- who may greet it --

class Greetings : public NodeTest {
protected:
    static constexpr Node::greeting ann = 1;
    static constexpr Node::greeting bob = 2;
    Node::answer ask(Node::greeting who) { return node_.ask_to_dial(now(), who); }
    void refuse(const Node::answer& a) { node_.dial_finished(a, outcome::refused, now(), &wrong_); }
    const error wrong_{errc::wrong_pass, fate::not_applied, phase::dial, {.text = "WRONGPASS invalid"}};
};

TEST_F(Greetings, AreTriedOnceForAllWhoHaveTheSame) {
    Watcher w;
    node_.join(w);
    const auto first = ask(ann);
    ASSERT_TRUE(first.granted);
    for (int i = 0; i < 9; ++i) {
        const auto a = ask(ann);
        EXPECT_FALSE(a.granted);
        EXPECT_EQ(a.ask_again_ns, Node::told);
        EXPECT_FALSE(a.refused) << "nothing is known yet";
    }
    EXPECT_TRUE(ask(bob).granted) << "others are none of its business";
    refuse(first);
    EXPECT_EQ(w.told.size(), 1U);
    const auto a = ask(ann);
    EXPECT_FALSE(a.granted);
    EXPECT_EQ(a.refused, errc::wrong_pass);
    EXPECT_EQ(a.ask_again_ns, now() + std::chrono::nanoseconds(5s).count());
}

TEST_F(Greetings, ThatWorkAfterAllAreNewsForAll) {
    refuse(ask(ann));
    Watcher w;
    node_.join(w);
    pass(5s);
    const auto again = ask(ann);
    ASSERT_TRUE(again.granted);
    node_.dial_finished(again, outcome::connected, now());
    EXPECT_EQ(w.told.size(), 1U);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ask(ann).granted) << "and now only the governor counts";
    EXPECT_FALSE(ask(ann).granted);
}

TEST_F(Greetings, ThatTheGovernorPutsOffDoNotStandInTheWayOfTheNext) {
    dial(outcome::failed);
    EXPECT_FALSE(ask(ann).granted) << "its pause is not over";
    pass(1s);
    EXPECT_TRUE(ask(ann).granted);
}

TEST_F(Greetings, AreTriedByOneAgainWhenAConnectionWasLost) {
    node_.dial_finished(ask(ann), outcome::connected, now());
    node_.connection_lost(owed::nothing, now(), ago(1min), ann);
    EXPECT_TRUE(ask(ann).granted);
    EXPECT_FALSE(ask(ann).granted) << "the server may be another one by now";
}

TEST_F(Greetings, OfAClientThatGoesAwayAreTriedByTheNext) {
    Watcher w;
    node_.join(w);
    const auto a = ask(ann);
    ASSERT_FALSE(ask(ann).granted);
    node_.dial_finished(a, outcome::abandoned, now());
    EXPECT_EQ(w.told.size(), 1U);
    EXPECT_TRUE(ask(ann).granted);
}

// -- what a dial says to breaker and health --

TEST_F(NodeTest, FiveFailedDialsOpenTheBreakerWithTheCause) {
    for (int i = 0; i < 4; ++i) next_dial(outcome::failed);
    EXPECT_EQ(circuit(), breaker_state::closed);
    next_dial(outcome::failed);
    EXPECT_EQ(circuit(), breaker_state::open);
    const auto e = breaker_rejection(node_.breaker(), now(), phase::lease);
    EXPECT_EQ(e, errc::breaker_open);
    EXPECT_EQ(e.fate(), fate::not_applied);
    EXPECT_EQ(e.phase(), phase::lease);
    EXPECT_EQ(e.node(), "redis://a:6379");
    EXPECT_EQ(e.retry_after(), 1s);
    EXPECT_THAT(std::string(e.text()), HasSubstr("Connection refused"));
    EXPECT_EQ(node_.breaker_figures(now()).opened, 1U);
}

TEST_F(NodeTest, AServerThatIsFullIsAFailedDialButAlive) {
    for (int i = 0; i < 5; ++i) next_dial(outcome::full);
    EXPECT_EQ(circuit(), breaker_state::open);
    EXPECT_EQ(health(), health_state::unknown);
}

TEST_F(NodeTest, RefusedCredentialsAreNoFailureOfTheNode) {
    for (int i = 0; i < 10; ++i) {
        pass(30s);  // as often as the gate allows
        dial(outcome::refused);
    }
    EXPECT_EQ(circuit(), breaker_state::closed);
    EXPECT_EQ(health(), health_state::healthy);
}

TEST_F(NodeTest, AnAbandonedDialSaysNothing) {
    for (int i = 0; i < 10; ++i) dial(outcome::abandoned);
    EXPECT_EQ(circuit(), breaker_state::closed);
    EXPECT_EQ(health(), health_state::unknown);
}

TEST_F(NodeTest, ManyDialsThatFailTogetherAreOneFailure) {
    std::vector<Node::answer> out;
    auto p = policy();
    p.dials.in_flight_max = 64;
    Node node("redis://a:6379", p);
    for (unsigned i = 0; i < 64; ++i) out.push_back(node.ask_to_dial(now(), i));
    for (const auto& a : out) node.dial_finished(a, outcome::failed, now(), &why_);
    EXPECT_EQ(node.breaker().state(), breaker_state::closed);
    EXPECT_EQ(node.health_figures().state, health_state::unknown);
}

TEST_F(NodeTest, WhileSomebodyIsConnectedFailedDialsAreNoFailureOfTheNode) {
    Watcher served;
    Watcher other;
    node_.join(other);
    node_.join(served);
    served.has_connection = true;
    for (const auto how : {outcome::full, outcome::failed}) {
        for (int i = 0; i < 5; ++i) next_dial(how);
        EXPECT_EQ(circuit(), breaker_state::closed) << "it serves those whom it has";
        EXPECT_EQ(health(), health_state::unknown);
    }
    served.has_connection = false;
    for (int i = 0; i < 5; ++i) next_dial(outcome::full);
    EXPECT_EQ(circuit(), breaker_state::open);
}

TEST_F(NodeTest, AConnectionEndsTheOpenTimeAndTheRow) {
    for (int i = 0; i < 5; ++i) next_dial(outcome::failed);
    ASSERT_EQ(circuit(), breaker_state::open);
    next_dial(outcome::connected);
    EXPECT_EQ(circuit(), breaker_state::half_open);
    node_.breaker().reset(now());
    for (int i = 0; i < 4; ++i) next_dial(outcome::failed);
    next_dial(outcome::connected);
    for (int i = 0; i < 4; ++i) next_dial(outcome::failed);
    EXPECT_EQ(circuit(), breaker_state::closed) << "five in a row, not five in all";
}

TEST_F(NodeTest, FailedDialsMakeUnhealthyAndConnectionsHealthy) {
    dial(outcome::connected);
    EXPECT_EQ(health(), health_state::healthy);
    for (int i = 0; i < 3; ++i) next_dial(outcome::failed);
    EXPECT_EQ(health(), health_state::unhealthy);
    next_dial(outcome::connected);
    EXPECT_EQ(health(), health_state::unhealthy);
    dial(outcome::connected);
    EXPECT_EQ(health(), health_state::healthy);
}

// -- losses --

class Losses : public NodeTest {
protected:
    Losses() : node_(name(), with_rate()) { connect(); }
    static std::string name() { return "redis://a:6379"; }
    static node_policy with_rate() {
        auto p = policy();
        p.breaker.calls_min = 2;
        p.breaker.failure_percent = 50;
        return p;
    }
    void connect() { finish(outcome::connected); }
    void finish(outcome how) {
        const auto a = node_.ask_to_dial(now());
        ASSERT_TRUE(a.granted);
        node_.dial_finished(a, how, now(), is_failure(how) ? &why_ : nullptr);
    }
    void lose(owed what, std::chrono::nanoseconds age = 1min) { node_.connection_lost(what, now(), ago(age)); }
    /// A loss counts as one call that failed: a second one would open.
    bool counted() {
        pass(2s);
        node_.breaker().connection_failed(now());
        const bool opened = node_.breaker().state() == breaker_state::open;
        node_.breaker().reset(now());
        return opened;
    }
    Node node_;
};

TEST_F(Losses, WithRepliesOwedOneIsAFailure) {
    lose(owed::replies);
    EXPECT_TRUE(counted());
}

TEST_F(Losses, WithNothingOwedItIsNone) {
    lose(owed::nothing);
    EXPECT_FALSE(counted());
}

TEST_F(Losses, IsWithdrawnWhenTheRedialSucceedsAtOnce) {
    lose(owed::replies);
    connect();
    EXPECT_FALSE(counted());
}

TEST_F(Losses, IsNotWithdrawnByARedialThatTookLong) {
    lose(owed::replies);
    const auto a = node_.ask_to_dial(now());
    pass(1s);
    node_.dial_finished(a, outcome::connected, now());
    EXPECT_FALSE(counted()) << "a second is at once";
    lose(owed::replies);
    const auto slow = node_.ask_to_dial(now());
    pass(1001ms);
    node_.dial_finished(slow, outcome::connected, now());
    EXPECT_TRUE(counted());
}

TEST_F(Losses, AlsoWhenAnotherClientsIdleConnectionWentWithIt) {
    lose(owed::replies);
    lose(owed::nothing);
    connect();
    EXPECT_FALSE(counted());
}

TEST_F(Losses, IsNotWithdrawnByALaterRedial) {
    lose(owed::replies);
    finish(outcome::failed);
    pass(1s);
    connect();
    EXPECT_TRUE(counted());
}

TEST_F(Losses, AnAbandonedDialDecidesNothing) {
    lose(owed::replies);
    finish(outcome::abandoned);
    connect();
    EXPECT_FALSE(counted());
}

TEST_F(Losses, OfAServerThatAcceptsAndDropsAreNotMadeUpForByItsAcceptingAgain) {
    lose(owed::replies, 1s);
    EXPECT_FALSE(node_.ask_to_dial(now()).granted) << "there is a pause first";
    pass(50ms);
    connect();
    EXPECT_TRUE(counted());
}

// -- probes --

TEST_F(NodeTest, OneClientAsksForAll) {
    EXPECT_LE(node_.next_probe_ns(now()), now()) << "the first at once";
    const auto until = node_.begin_probe(now());
    ASSERT_TRUE(until);
    EXPECT_EQ(*until, now() + std::chrono::nanoseconds(1s).count());
    EXPECT_FALSE(node_.begin_probe(now())) << "another client is at it";
    EXPECT_EQ(node_.next_probe_ns(now()), now() + std::chrono::nanoseconds(5s).count()) << "and may go away";
    node_.probe_ended(probe::alive, now());
    EXPECT_FALSE(node_.begin_probe(now()));
    pass(5s);
    EXPECT_TRUE(node_.begin_probe(now()));
    EXPECT_EQ(node_.health_figures().probes, 2U);
}

TEST_F(NodeTest, RepliesToAnyClientPutTheProbeOff) {
    ASSERT_TRUE(node_.begin_probe(now()));
    node_.probe_ended(probe::alive, now());
    pass(4s);
    node_.traffic_succeeded(now());
    pass(1s);
    EXPECT_FALSE(node_.begin_probe(now()));
    pass(4s);
    EXPECT_TRUE(node_.begin_probe(now()));
}

TEST_F(NodeTest, AProbeWhoseClientIsGoneSaysNothingAndLetsOthersAsk) {
    ASSERT_TRUE(node_.begin_probe(now()));
    node_.probe_abandoned();
    EXPECT_EQ(node_.health_figures().probes_failed, 0U);
    pass(6s);
    EXPECT_TRUE(node_.begin_probe(now()));
}

TEST_F(NodeTest, AProbeThatIsAnsweredEndsAnOpenTimeButNeverCloses) {
    node_.breaker().trip(now(), "it hangs");
    ASSERT_TRUE(node_.begin_probe(now()));
    node_.probe_ended(probe::quarantined, now());
    EXPECT_EQ(circuit(), breaker_state::open);
    pass(1s);
    ASSERT_TRUE(node_.begin_probe(now()));
    for (int i = 0; i < 5; ++i) node_.probe_ended(probe::alive, now());
    EXPECT_EQ(circuit(), breaker_state::half_open);
}

TEST_F(NodeTest, ThreeProbesWithoutAnswerMakeUnhealthy) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(health(), health_state::unknown);
        ASSERT_TRUE(node_.begin_probe(now()));
        node_.probe_ended(probe::failed, now());
        pass(5s);
    }
    EXPECT_EQ(health(), health_state::unhealthy);
    EXPECT_EQ(node_.health_figures().probes_failed, 3U);
    EXPECT_EQ(circuit(), breaker_state::closed);
}

// -- the log --

TEST_F(NodeTest, LogsChangesOnlyOneLineEach) {
    dial(outcome::connected);
    EXPECT_THAT(log_.lines(), IsEmpty()) << "that a server is there is what one expects";
    for (int i = 0; i < 100; ++i) next_dial(outcome::failed);
    EXPECT_THAT(log_.lines(),
                ElementsAre("warning: redoubt: redis://a:6379 is unhealthy, was healthy; 3 failures since; "
                            "2 lines suppressed",
                            AllOf(HasSubstr("warning: redoubt: circuit 'redis://a:6379' is open for 1s: "),
                                  HasSubstr("10.0.0.1:6379: Connection refused"))));
    for (int i = 0; i < 100; ++i) next_dial(outcome::connected);
    EXPECT_EQ(log_.lines().size(), 4U) << log_.text();
    EXPECT_THAT(log_.lines()[2], HasSubstr("info: redoubt: circuit 'redis://a:6379' is half-open: "));
    EXPECT_THAT(log_.lines()[3],
                HasSubstr("info: redoubt: redis://a:6379 is healthy, was unhealthy; 97 failures since"));
}

TEST_F(NodeTest, LogsAQuarantineOnce) {
    for (int i = 0; i < 100; ++i) node_.heard(probe::quarantined, now());
    EXPECT_THAT(log_.lines(), ElementsAre("warning: redoubt: redis://a:6379 is quarantined, was unknown"));
}

TEST_F(NodeTest, AWordOfTheCauseIsEnough) {
    const error bare(errc::connect_timeout, fate::not_applied, phase::dial);
    for (int i = 0; i < 5; ++i) {
        pass(1s);
        const auto a = node_.ask_to_dial(now());
        node_.dial_finished(a, outcome::failed, now(), &bare);
    }
    EXPECT_THAT(std::string(breaker_rejection(node_.breaker(), now(), phase::none).text()),
                HasSubstr(make_error_code(errc::connect_timeout).message()));
}

}  // namespace
}  // namespace redoubt::core
