// A node whose clock is moved by hand.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <vector>

#include "core/node/node.hpp"
#include "tests/support/log_capture.hpp"

namespace redoubt::core {

struct NodeWatcher final : Node::Watcher {
    void on_node_news(Node::news what) noexcept override { told.push_back(what); }
    bool connected() const noexcept override { return has_connection; }
    std::vector<Node::news> told;
    bool has_connection = false;
};

inline node_policy quick_policy() {
    node_policy p;
    p.dials.reconnect.backoff = {
        .kind = resilience::backoff_kind::none, .base = std::chrono::milliseconds(50), .cap = std::chrono::seconds(1)};
    p.dials.in_flight_max = 4;
    p.breaker.calls_min = 1;
    p.breaker.failure_percent = 0;
    p.breaker.open_spread_percent = 0;
    p.health.spread_percent = 0;
    return p;
}

class NodeTest : public ::testing::Test {
protected:
    using outcome = Node::outcome;
    using news = Node::news;
    using owed = Node::owed;

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
        pass(std::chrono::seconds(1));
        return dial(how);
    }
    breaker_state circuit() { return node_.breaker().state(); }
    health_state health() { return node_.health_figures().state; }

    std::chrono::nanoseconds now_ = std::chrono::seconds(1000);
    const error why_{errc::connect_failed,
                     fate::not_applied,
                     phase::dial,
                     {.node = "redis://a:6379", .text = "10.0.0.1:6379: Connection refused"}};
    test::LogCapture log_;
    Node node_{"redis://a:6379", quick_policy()};
};

}  // namespace redoubt::core
