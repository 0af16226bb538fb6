// What a listener is told, and what the log says, while a server goes away and comes back.
#include <redoubt/listener.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <redoubt/async.hpp>
#include <redoubt/client.hpp>
#include <redoubt/log.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;

using notes = std::vector<std::string>;

class Notes : public Listener {
public:
    void on_breaker(const breaker_change& c) override { note("breaker", c.node, to_string(c.to)); }
    void on_health(const health_change_event& c) override { note("health", c.node, to_string(c.to)); }
    void on_connection(const connection_change& c) override {
        note("connection", c.node, to_string(c.what));
        if (c.what == connection_event::lost) {
            EXPECT_EQ(c.error, errc::connection_lost);
        }
        if (c.what == connection_event::dial_failed) {
            EXPECT_EQ(c.error, errc::connect_failed);
        }
        if (then) then(c);
    }
    notes of(const std::string& kind) const {
        const std::lock_guard hold(lock_);
        notes out;
        for (const auto& [k, what] : seen_) {
            if (k == kind) out.push_back(what);
        }
        return out;
    }
    bool several_at_once() const { return several_at_once_; }

    std::function<void(const connection_change&)> then;

private:
    void note(const char* kind, const std::string& node, std::string_view what) {
        EXPECT_FALSE(node.empty());
        if (inside_.exchange(true)) several_at_once_ = true;
        {
            const std::lock_guard hold(lock_);
            seen_.emplace_back(kind, what);
        }
        inside_ = false;
    }
    mutable std::mutex lock_;
    std::vector<std::pair<std::string, std::string>> seen_;
    std::atomic<bool> inside_{false};
    std::atomic<bool> several_at_once_{false};
};

/// The library's log as long as it lives.
class Lines {
public:
    Lines() {
        set_log_sink([this](log_level, std::string_view line) {
            const std::lock_guard hold(lock_);
            lines_.emplace_back(line);
        });
    }
    ~Lines() { set_log_sink({}); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    notes all() const {
        const std::lock_guard hold(lock_);
        return lines_;
    }

private:
    mutable std::mutex lock_;
    notes lines_;
};

class ListenerOf : public RedisFixture {
protected:
    options base() const {
        auto o = options_for(server());
        o.listener = notes_;
        return o;
    }
    // Through an outage that everybody notices: 5 failed dials open the breaker, 3 make the node unhealthy.
    void outage(const Client& client) {
        server().kill();
        ASSERT_TRUE(eventually([&] { return client.stats().breaker.state == breaker_state::open; }));
        server().restart();
        ASSERT_TRUE(eventually([&] {
            (void)client.ping();
            return client.stats().breaker.state == breaker_state::closed &&
                   client.stats().health.state == health_state::healthy;
        }));
    }
    std::shared_ptr<Notes> notes_ = std::make_shared<Notes>();
};

TEST_F(ListenerOf, hears_each_change_of_an_outage_once_and_in_order) {
    auto o = base();
    o.health.interval = 100ms;  // two good answers make it healthy again
    const auto client = connected(o);
    outage(client);
    EXPECT_TRUE(eventually([&] { return notes_->of("health").size() == 3 && notes_->of("breaker").size() == 3; }));
    EXPECT_THAT(notes_->of("breaker"), ElementsAre("open", "half-open", "closed"));
    EXPECT_THAT(notes_->of("health"), ElementsAre("healthy", "unhealthy", "healthy"));
    EXPECT_THAT(notes_->of("connection"), ElementsAre("connected", "lost", "dial failed", "connected"));
    EXPECT_FALSE(notes_->several_at_once());
    EXPECT_EQ(client.stats().listener_exceptions, 0U);
}

TEST_F(ListenerOf, hears_what_another_client_found_out_of_the_node) {
    auto o = base();
    o.health.interval = 100ms;
    const auto client = connected(o);
    const auto other_notes = std::make_shared<Notes>();
    o.listener = other_notes;
    const auto other = connected(o);
    outage(client);
    for (const auto& n : {notes_, other_notes}) {
        EXPECT_TRUE(
            eventually([&] { return n->of("breaker").size() == 3 && n->of("connection").back() == "connected"; }));
        EXPECT_THAT(n->of("breaker"), ElementsAre("open", "half-open", "closed"));
        // One of the two dials for both while the server is away.
        EXPECT_THAT(n->of("connection"), testing::AnyOf(ElementsAre("connected", "lost", "dial failed", "connected"),
                                                        ElementsAre("connected", "lost", "connected")));
    }
    EXPECT_THAT(other_notes->of("health"), ElementsAre("unhealthy", "healthy")) << "it came when that was known";
}

TEST_F(ListenerOf, hears_of_a_replacement) {
    auto o = base();
    o.pool.lifetime_max = 1s;
    const auto client = connected(o);
    EXPECT_TRUE(eventually([&] { return notes_->of("connection").size() >= 2; }));
    EXPECT_THAT(notes_->of("connection"), testing::Contains("replaced"));
    EXPECT_THAT(notes_->of("connection"), testing::Not(Contains("lost")));
}

TEST_F(ListenerOf, may_use_the_client_but_not_wait_for_it) {
    Client client;
    std::atomic<int> answered{0};
    auto waited = errc::closed;
    notes_->then = [&](const connection_change& c) {
        if (c.what != connection_event::lost) return;
        EXPECT_FALSE(client.stats().closed);
        waited = client.ping().error().kind();
        client.async_run(cmd.ping(), [&](result<std::string> r) { answered += r ? 1 : 0; });
    };
    client = connected(base());
    ASSERT_TRUE(connected(options_for(server())).run(command("CLIENT KILL", "ID", client.client_id().value())));
    EXPECT_TRUE(eventually([&] { return answered == 1; }));
    EXPECT_TRUE(client.close());
    EXPECT_EQ(waited, errc::would_deadlock);
    EXPECT_THAT(notes_->of("connection"), ElementsAre("connected", "lost", "connected"));
}

TEST_F(ListenerOf, may_throw) {
    notes_->then = [](const connection_change&) { throw std::runtime_error("no"); };
    const Lines log;
    const auto client = connected(base());
    EXPECT_TRUE(eventually([&] { return client.stats().listener_exceptions == 1; }));
    EXPECT_TRUE(client.ping());
    EXPECT_THAT(log.all(), ElementsAre("a listener threw: no"));
}

TEST_F(ListenerOf, a_closed_client_lets_go_even_if_it_holds_a_handle) {
    std::weak_ptr<Notes> listener;
    {
        const auto held = std::make_shared<Client>();
        notes_->then = [held](const connection_change&) {};
        const auto client = connected(base());
        *held = client;
        listener = std::exchange(notes_, nullptr);
        EXPECT_FALSE(listener.expired());
        EXPECT_TRUE(client.close());
    }
    EXPECT_TRUE(listener.expired());
}

// -- the log --

TEST_F(ListenerOf, an_outage_writes_few_lines) {
    const Lines log;
    auto o = base();
    o.health.interval = 100ms;
    const auto client = connected(o);
    outage(client);
    const auto lines = log.all();
    EXPECT_LE(lines.size(), 9U) << testing::PrintToString(lines);
    EXPECT_THAT(lines, Contains(testing::HasSubstr("connected to " + client.stats().node)));
    EXPECT_THAT(lines, Contains(testing::HasSubstr("is open")));
}

TEST_F(ListenerOf, a_server_that_accepts_and_drops_cannot_flood_the_log) {
    const auto greet_and_drop = Conversation().expect_any().reply("+OK\r\n").expect_any();
    FakeServer flapping;
    flapping.otherwise(greet_and_drop);
    const Lines log;
    options o;
    o.endpoints = {"unix:" + flapping.unix_path()};
    o.reconnect = {.base = 1ms, .cap = 1ms};
    const auto client = Client::open(o).value();
    const auto until = std::chrono::steady_clock::now() + 1s;
    while (std::chrono::steady_clock::now() < until) (void)client.with({.deadline = 20ms}).ping();
    EXPECT_GE(flapping.accepted(), 20U);
    const auto lines = log.all();
    EXPECT_LT(lines.size(), 20U) << testing::PrintToString(lines);
    EXPECT_FALSE(lines.empty());
    (void)client.close(0ms);
    flapping.stop();
    (void)flapping.take_failures();  // it is not told when its commands end
}

}  // namespace
}  // namespace redoubt::test
