// Is the shared connection alive: silence under load, and PING when there is no load.
#include "core/pool/pool.hpp"
#include "core/pool/pool_timers.hpp"
#include "core/pool/verdicts.hpp"

namespace redoubt::core {

// -- silence --

void Pool::on_silence(Connection& connection, errc reason) noexcept {
    if (closing_ || &connection != current_.load(std::memory_order_relaxed)) return connection.expect_silence();
    // An attempt waited for its timeout; a deadline may have been much shorter.
    const auto waited = reason == errc::attempt_timeout ? options_.attempt_timeout.count() : 0;
    const auto look = progress_.begin(steady_now_ns(), waited, connection.last_receive_ns(), connection.receives());
    Timers::at(reactor_, timers_->progress, look, [this] { watch_progress(); });
}

void Pool::watch_progress() noexcept {
    auto* const l = find_link(role::current);
    if (l == nullptr || closing_) return;
    l->connection->expect_silence();  // the next timeout begins anew
    if (l->connection->in_flight() != 0 && progress_.silent(steady_now_ns(), l->connection->receives())) suspect();
}

// -- the health checker's probe --

void Pool::plan_probe() noexcept {
    if (closing_) return;
    const auto plan = node_->next_probe_ns(steady_now_ns());
    Timers::at(reactor_, timers_->probe, plan, [this] { send_probe(); });
}

void Pool::send_probe() noexcept {
    auto* const l = find_link(role::current);
    if (closing_ || l == nullptr || probe_.busy()) return;  // planned again when there is a connection
    const auto now = steady_now_ns();
    const auto receives = l->connection->receives();
    if (receives != std::exchange(receives_at_probe_, receives)) node_->traffic_succeeded(now);
    const auto until = node_->begin_probe(now);
    if (!until) return plan_probe();
    probe_.run(*l->connection, command("PING"), *until,
               [this](ControlOperation& answered) { on_probe_answer(answered.failed()); });
}

void Pool::on_probe_answer(bool failed) noexcept {
    if (closing_) return node_->probe_abandoned();
    const auto now = steady_now_ns();
    const auto what = failed ? probe_verdict(probe_.failure()) : Node::probe_answer::alive;
    if (auto* const l = find_link(role::current)) receives_at_probe_ = l->connection->receives();
    what ? node_->probe_ended(*what, now) : node_->probe_abandoned();
    plan_probe();
}

}  // namespace redoubt::core
