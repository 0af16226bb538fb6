// What a process knows of a node: who shares it, who is told, what reaches breaker, health and log.
#include "core/node/node.hpp"

#include "core/stack/breaker_layer.hpp"
#include "core/stack/clock.hpp"
#include "tests/unit/core/node/node_harness.hpp"

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;
using outcome = Node::outcome;
using news = Node::news;
using probe = Node::probe_answer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// -- one for the process --

TEST(NodeRegistry, OneForEachNameAsLongAsSomebodyKeepsIt) {
    auto a = Node::of("redis://registry-a:1", quick_policy());
    const auto b = Node::of("redis://registry-b:1", quick_policy());
    EXPECT_NE(a, b);
    auto other = quick_policy();
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
    auto a = Node::of(name, quick_policy());
    const auto granted = a->ask_to_dial(steady_now_ns(), 1);
    ASSERT_TRUE(granted.granted);
    const error why(errc::wrong_pass, fate::not_applied, phase::dial);
    a->dial_finished(granted, outcome::refused, steady_now_ns(), &why);
    a.reset();
    (void)Node::of("redis://registry-d:1", quick_policy());
    const auto b = Node::of(name, quick_policy());
    EXPECT_EQ(b->ask_to_dial(steady_now_ns(), 1).refused, errc::wrong_pass);
    EXPECT_TRUE(b->ask_to_dial(steady_now_ns(), 2).granted);
}

// -- watchers --

TEST_F(NodeTest, WatchersAreToldWhenTheNodeAnswersAgain) {
    NodeWatcher a;
    NodeWatcher b;
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
    NodeWatcher w;
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
    auto p = quick_policy();
    p.dials.reconnect.attempts_max = 1;
    Node node("redis://a:6379", p);
    NodeWatcher w;
    node.join(w);
    for (int i = 0; i < 2; ++i) {
        const auto a = node.ask_to_dial(now());
        ASSERT_TRUE(a.granted);
        node.dial_finished(a, outcome::failed, now(), &why_);
        pass(50ms);
    }
    EXPECT_THAT(w.told, ElementsAre(news::exhausted));
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
    auto p = quick_policy();
    p.dials.in_flight_max = 64;
    Node node("redis://a:6379", p);
    for (unsigned i = 0; i < 64; ++i) out.push_back(node.ask_to_dial(now(), i));
    for (const auto& a : out) node.dial_finished(a, outcome::failed, now(), &why_);
    EXPECT_EQ(node.breaker().state(), breaker_state::closed);
    EXPECT_EQ(node.health_figures().state, health_state::unknown);
}

TEST_F(NodeTest, WhileSomebodyIsConnectedFailedDialsAreNoFailureOfTheNode) {
    NodeWatcher served;
    NodeWatcher other;
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
