// The pool: the way of a command, and the life of the shared connection. Leases are in pool_leases.cpp.
#include "core/pool/pool.hpp"

#include <algorithm>
#include <thread>

#include "core/log.hpp"
#include "core/pool/client_name.hpp"
#include "core/pool/pool_timers.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {

constexpr auto stable_after = std::chrono::seconds(10);  // a connection that lasted so long is redialled at once
constexpr auto gate_base = std::chrono::seconds(5);      // between dials while the server refuses the credentials
constexpr auto gate_cap = std::chrono::seconds(30);

dial_settings make_dial_settings(const options& o) {
    dial_settings s;
    s.to = *parse_endpoint(o.endpoints.front());
    s.node = node_name(s.to);
    s.connect = o.connect;
    s.replies = o.replies;
    s.greeting = {.user = o.user, .password = o.password, .database = o.database, .client_name = {}};
    return s;
}

resilience::reconnect_policy make_backoff(const reconnect_options& r) {
    return {.backoff = {.base = r.base, .cap = r.cap, .growth_percent = r.factor * 100},
            .attempts_max = r.attempts_max};
}

// With one processor, whoever waits awake keeps the others from working.
std::chrono::nanoseconds useful_spin(const options& o) {
    return std::thread::hardware_concurrency() > 1 ? o.spin : std::chrono::nanoseconds{};
}

}  // namespace

Pool::Pool(Reactor& reactor, const options& o)
    : reactor_(reactor),
      options_(o),
      dial_settings_(make_dial_settings(o)),
      shared_(reactor, *this, {dial_settings_.node, o.replies, o.output_bytes_max, useful_spin(o)}),
      backoff_(make_backoff(o.reconnect), static_cast<std::uint64_t>(steady_now_ns())),
      timers_(std::make_unique<Timers>(reactor.context())) {
    counts_.connections_max = o.pool.connections_max;
    counts_.connections = 1;  // the place of the shared connection is always reserved
}

Pool::~Pool() = default;

dial_settings Pool::settings_for(std::string_view role) {
    auto s = dial_settings_;
    s.greeting.client_name = next_client_name(role);
    return s;
}

std::string Pool::next_client_name(std::string_view role) {
    return client_name(options_.app, role, ++connection_number_);
}

// -- the way of a command --

void Pool::start(Operation& op) noexcept {
    constexpr auto exclusive = command_flag::connection_state | command_flag::blocking;
    if (has(op.command->flags(), exclusive)) {
        return op.fail(shared_.node_error(errc::needs_dedicated, fate::not_applied, phase::none));
    }
    if (waiting_count_.load(std::memory_order_relaxed) == 0 && shared_.submit(op) == Connection::admission::accepted) {
        return;
    }
    // Never under the lock: a submit that fails may complete others, and start the next ones right here.
    std::optional<error> refusal;
    bool first = false;
    {
        const lock_guard hold(lock_);
        const bool down = !shared_.up();
        if (refusing_) {
            refusal = shared_.node_error(errc::closed, fate::not_applied, phase::none);
        } else if (down && lasting_ && obstacle_) {
            refusal = obstacle_;
        } else if (down && options_.when_disconnected == when_disconnected::fail) {
            refusal = shared_.node_error(errc::not_connected, fate::not_applied, phase::dial);
            if (obstacle_) refusal->with_details_of(*obstacle_);
        } else {
            first = waiting_.empty();
            op.suspend_attempt();
            op.holder.store(this, std::memory_order_release);
            waiting_.push_back(op);
            waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
        }
    }
    if (refusal) return op.fail(*refusal);
    // It may have come up, or have room again, before the operation stood in line: then nobody else would look.
    if (first && shared_.up()) reactor_.post([this] { drain_waiting(); });
}

bool Pool::cancel(Operation& op, errc reason) noexcept {
    error why = shared_.node_error(reason, fate::not_applied, phase::queue);
    {
        const lock_guard hold(lock_);
        if (op.holder.load(std::memory_order_relaxed) != this) return false;
        waiting_.erase(op);
        waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
        op.holder.store(nullptr, std::memory_order_release);
        if (!shared_.up()) {
            why.with_phase(phase::dial);
            if (obstacle_) why.with_details_of(*obstacle_);
        }
    }
    op.fail(why);
    return true;
}

// Only the I/O thread takes operations out of the line to send them, so putting one back keeps the order.
void Pool::drain_waiting() noexcept {
    for (;;) {
        Operation* op = nullptr;
        {
            const lock_guard hold(lock_);
            op = waiting_.pop_front();
            waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
            if (op == nullptr) return;
            op->holder.store(nullptr, std::memory_order_release);
        }
        op->begin_attempt(reactor_.now_ns());
        if (shared_.submit(*op) == Connection::admission::accepted) continue;
        const lock_guard hold(lock_);
        op->suspend_attempt();
        op->holder.store(this, std::memory_order_release);
        waiting_.push_front(*op);
        waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
        return;
    }
}

void Pool::fail_waiting(const error& why) noexcept {
    for (;;) {
        Operation* op = nullptr;
        {
            const lock_guard hold(lock_);
            op = waiting_.pop_front();
            waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
            if (op == nullptr) {
                lease_line_.refuse_all(why);
                return;
            }
            op->holder.store(nullptr, std::memory_order_release);
        }
        op->fail(why);
    }
}

void Pool::on_room(Connection&) noexcept { drain_waiting(); }

// -- the life of the shared connection --

void Pool::open() noexcept { dial_shared(); }

void Pool::dial_shared() noexcept {
    if (closing_ || dialling_shared_ || shared_.up()) return;
    dialling_shared_ = true;
    {
        const lock_guard hold(lock_);
        ++counts_.dials;
    }
    dials_.push_back(
        start_dial(reactor_, settings_for("shared"), [this](result<int> r) { on_shared_dial(std::move(r)); }));
}

void Pool::on_shared_dial(result<int> outcome) noexcept {
    dialling_shared_ = false;
    std::erase_if(dials_, [](const auto& d) { return dial_over(*d); });
    if (!outcome) return redial_later(outcome.error());
    if (closing_) {
        syscalls::real().close(*outcome);
        return;
    }
    connected_at_ns_ = steady_now_ns();
    backoff_.connected(connected_at_ns_);
    gate_ = {};
    shared_live_ = true;
    shared_.adopt(*outcome);
    bool recovered = false;
    {
        const lock_guard hold(lock_);
        recovered = obstacle_.has_value();
        obstacle_.reset();
        lasting_ = false;
        changed_.notify_all();
    }
    if (recovered) log_state(log_level::info, "connected to " + node());
    drain_waiting();
    refill_leases();
}

void Pool::redial_later(const error& why) noexcept {
    if (closing_) return;
    bool first = false;
    const bool lasting = is_lasting(why);
    {
        const lock_guard hold(lock_);
        ++counts_.dials_failed;
        first = !obstacle_ || obstacle_->kind() != why.kind();
        obstacle_ = why;
        lasting_ = lasting;
        changed_.notify_all();
    }
    if (first) log_state(log_level::warning, why.message());
    auto pause = backoff_.next(steady_now_ns());
    if (lasting) {
        gate_ = std::clamp<std::chrono::nanoseconds>(gate_ * 2, gate_base, gate_cap);
        pause = gate_;
    }
    // An exhausted series ends all waiting; it begins anew after the longest pause.
    if (lasting || !pause) fail_waiting(why);
    dial_after(pause.value_or(options_.reconnect.cap));
}

void Pool::on_down(Connection& connection, const error& why) noexcept {
    if (&connection != &shared_) return on_lease_down(connection);
    shared_live_ = false;
    if (closing_) return;
    const auto now = steady_now_ns();
    const bool lasted = now - connected_at_ns_ >= std::chrono::nanoseconds(stable_after).count();
    backoff_.lost(now);
    {
        const lock_guard hold(lock_);
        ++counts_.connections_lost;
        obstacle_ = why;
        obstacle_->with_fate(fate::not_applied).with_phase(phase::dial);
    }
    log_state(log_level::warning, why.message());
    if (lasted) return dial_shared();
    // It served only briefly: a server that accepts and drops connections must not be dialled in a tight loop.
    dial_after(backoff_.next(now).value_or(options_.reconnect.cap));
}

void Pool::dial_after(std::chrono::nanoseconds pause) noexcept {
    timers_->redial.expires_after(pause);
    timers_->redial.async_wait([this](const auto& cancelled) {
        const Reactor::Dispatch dispatch(reactor_);
        if (!cancelled) dial_shared();
    });
}

// -- opening, readiness, the end --

result<void> Pool::ready(std::int64_t until_ns) noexcept {
    std::unique_lock hold(lock_);
    const auto settled = [this] { return shared_.up() || refusing_ || lasting_; };
    const auto until = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(until_ns));
    if (until_ns == never_ns) {
        changed_.wait(hold, settled);
    } else {
        changed_.wait_until(hold, until, settled);
    }
    if (shared_.up()) return ok();
    if (refusing_) return shared_.node_error(errc::closed, fate::not_applied, phase::none);
    if (lasting_ && obstacle_) return *obstacle_;
    auto late = shared_.node_error(errc::deadline_exceeded, fate::not_applied, phase::dial);
    if (obstacle_) late.with_details_of(*obstacle_);
    return late;
}

void Pool::refuse() noexcept {
    const lock_guard hold(lock_);
    refusing_ = true;
    changed_.notify_all();
}

void Pool::track(const std::weak_ptr<PoolGuest>& guest) {
    {
        const lock_guard hold(lock_);
        std::erase_if(guests_, [](const auto& g) { return g.expired(); });
        guests_.push_back(guest);
        if (!refusing_) return;
    }
    reactor_.post([this] { dismiss_guests(); });
}

void Pool::dismiss_guests() noexcept {
    std::vector<std::weak_ptr<PoolGuest>> leaving;
    {
        const lock_guard hold(lock_);
        leaving.swap(guests_);
    }
    for (const auto& g : leaving) {
        if (const auto living = g.lock()) living->on_pool_closing();
    }
}

void Pool::close() noexcept {
    closing_ = true;
    dismiss_guests();
    const auto why = shared_.node_error(errc::closed, fate::not_applied, phase::none);
    timers_->redial.cancel();
    timers_->leases.cancel();
    for (const auto& d : std::exchange(dials_, {})) cancel_dial(*d);
    fail_waiting(why);
    shared_.fail(why);
    std::vector<Connection*> open_leases;
    {
        const lock_guard hold(lock_);
        for (const auto& l : leases_) open_leases.push_back(l.connection.get());
    }
    for (auto* const c : open_leases) c->fail(why);
}

bool Pool::quiet() const noexcept {
    if (shared_live_ || dialling_shared_) return false;
    const lock_guard hold(lock_);
    return lease_dials_ == 0 && std::all_of(leases_.begin(), leases_.end(), [](const leased& l) { return l.down; });
}

pool_stats Pool::stats() const noexcept {
    const auto figures = shared_.figures();
    const lock_guard hold(lock_);
    auto s = counts_;
    s.leases_idle = static_cast<std::uint32_t>(idle_.size());
    s.leases_in_use = static_cast<std::uint32_t>(
        std::count_if(leases_.begin(), leases_.end(), [](const leased& l) { return l.in_use; }));
    s.subscribers = static_cast<std::uint32_t>(
        std::count_if(guests_.begin(), guests_.end(), [](const auto& g) { return !g.expired(); }));
    s.waiting_leases = static_cast<std::uint32_t>(lease_line_.size());
    s.waiting = waiting_.size();
    s.in_flight = figures.in_flight;
    s.connected = shared_.up();
    s.commands = figures.commands;
    s.bytes_out = figures.bytes_out;
    s.bytes_in = figures.bytes_in;
    return s;
}

}  // namespace redoubt::core
