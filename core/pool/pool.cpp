// The pool: the way of a command, opening and closing. Dials are in pool_dials.cpp, the life of the shared connection
// is in pool_links.cpp, what watches over it in pool_watch.cpp, leases are in pool_leases.cpp.
#include "core/pool/pool.hpp"

#include <algorithm>
#include <thread>

#include "core/pool/client_name.hpp"
#include "core/pool/pool_timers.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {

dial_settings make_dial_settings(const options& o) {
    dial_settings s;
    s.to = *parse_endpoint(o.endpoints.front());
    s.node = node_name(s.to);
    s.connect = o.connect;
    s.replies = o.replies;
    s.greeting = {.user = o.user, .password = o.password, .database = o.database, .client_name = {}};
    return s;
}

// With one processor, whoever waits awake keeps the others from working.
std::chrono::nanoseconds useful_spin(const options& o) {
    return std::thread::hardware_concurrency() > 1 ? o.spin : std::chrono::nanoseconds{};
}

// Silence for two attempts; without a limit of attempts, for as long as with the usual one.
std::int64_t silence_ns(const options& o) {
    constexpr std::chrono::nanoseconds usual = std::chrono::seconds(1);
    return 2 * (o.attempt_timeout.count() > 0 ? o.attempt_timeout : usual).count();
}

}  // namespace

Pool::Pool(Reactor& reactor, const options& o, std::shared_ptr<Node> node, Announcer* announcer)
    : reactor_(reactor),
      options_(o),
      dial_settings_(make_dial_settings(o)),
      greeting_(greeting_key(dial_settings_.greeting)),
      node_details_(errc::closed, fate::not_applied, phase::none, {.node = dial_settings_.node}),
      node_(std::move(node)),
      announcer_(announcer),
      timers_(std::make_unique<Timers>(reactor.context())),
      random_(resilience::random_seed()),
      progress_(silence_ns(o)),
      probe_(reactor) {
    for (auto& l : links_) l.connection = std::make_unique<Connection>(reactor, *this, connection_settings());
    counts_.connections_max = o.pool.connections_max;
    node_->join(*this);
}

Connection::settings Pool::connection_settings() const {
    return {.node = dial_settings_.node,
            .replies = options_.replies,
            .output_bytes_max = options_.output_bytes_max,
            .spin = useful_spin(options_),
            .callers_lead = options_.read_by == read_by::caller};
}

Pool::~Pool() { node_->leave(*this); }

dial_settings Pool::settings_for(std::string_view part) {
    auto s = dial_settings_;
    s.greeting.client_name = next_client_name(part);
    s.last_good = node_->last_good_address();
    s.resolver_said = [this](std::string_view failure) { node_->resolver_said(failure); };
    return s;
}

std::string Pool::next_client_name(std::string_view part) {
    return client_name(options_.app, part, ++connection_number_);
}

// -- the way of a command --

void Pool::start(Operation& op) noexcept {
    constexpr auto exclusive = command_flag::connection_state | command_flag::blocking;
    if (has(op.command->flags(), exclusive)) {
        return op.fail(node_error(errc::needs_dedicated, fate::not_applied, phase::none));
    }
    if (waiting_count_.load(std::memory_order_relaxed) == 0) {
        auto* const carrier = current_.load(std::memory_order_acquire);
        if (carrier != nullptr && carrier->submit(op) == Connection::admission::accepted) return;
    }
    // Never under the lock: a submit that fails may complete others, and start the next ones right here.
    std::optional<error> refusal;
    bool first = false;
    {
        const lock_guard hold(lock_);
        refusal = refusal_locked();
        if (!refusal) {
            first = waiting_.empty();
            op.suspend_attempt();
            op.holder.store(this, std::memory_order_release);
            waiting_.push_back(op);
            waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
        }
    }
    if (refusal) return op.fail(*refusal);
    start_new_series();  // whoever stands before it may have come while the last one was ending
    // It may have come up, or have room again, before the operation stood in line: then nobody else would look.
    if (first && usable()) reactor_.post([this] { drain_waiting(); });
}

// Why an operation cannot even wait; nullopt: it can.
std::optional<error> Pool::refusal_locked() const noexcept {
    if (refusing_) return node_error(errc::closed, fate::not_applied, phase::none);
    if (usable()) return std::nullopt;
    if (lasting_ && obstacle_) return obstacle_;
    if (options_.when_disconnected == when_disconnected::fail && !being_replaced_)
        return not_connected_locked(errc::not_connected, phase::dial);
    return std::nullopt;
}

error Pool::not_connected_locked(errc code, phase p) const noexcept {
    auto why = node_error(code, fate::not_applied, p);
    if (obstacle_) why.with_details_of(*obstacle_);
    return why;
}

bool Pool::cancel(Operation& op, errc reason) noexcept {
    error why = node_error(reason, fate::not_applied, phase::queue);
    {
        const lock_guard hold(lock_);
        if (op.holder.load(std::memory_order_relaxed) != this) return false;
        // Meant for the attempt before: here its time stands still.
        if (reason == errc::attempt_timeout) return false;
        waiting_.erase(op);
        waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
        op.holder.store(nullptr, std::memory_order_release);
        if (!usable()) why = not_connected_locked(reason, phase::dial);
    }
    op.fail(why);
    return true;
}

// Only the I/O thread takes operations out of the line to send them, so putting one back keeps the order.
void Pool::drain_waiting() noexcept {
    for (;;) {
        auto* const carrier = current_.load(std::memory_order_acquire);
        if (carrier == nullptr) return;
        Operation* op = nullptr;
        {
            const lock_guard hold(lock_);
            op = waiting_.pop_front();
            waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
            if (op == nullptr) return;
            op->holder.store(nullptr, std::memory_order_release);
        }
        op->begin_attempt(reactor_.now_ns());
        if (carrier->submit(*op) == Connection::admission::accepted) continue;
        const lock_guard hold(lock_);
        op->suspend_attempt();
        op->holder.store(this, std::memory_order_release);
        waiting_.push_front(*op);
        waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
        return;
    }
}

// Those who stand in line now: a handler may make its call again at once, and that one waits for the next news.
void Pool::fail_waiting(const error& why) noexcept {
    std::size_t left = 0;
    {
        const lock_guard hold(lock_);
        left = waiting_.size();
        lease_line_.refuse_all(why);
    }
    for (; left != 0; --left) {
        Operation* op = nullptr;
        {
            const lock_guard hold(lock_);
            op = waiting_.pop_front();
            waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
            if (op == nullptr) return;
            op->holder.store(nullptr, std::memory_order_release);
        }
        op->fail(why);
    }
}

void Pool::on_room(Connection& connection) noexcept {
    find_link(&connection) != nullptr ? drain_waiting() : on_lease_room(connection);
}

// -- opening, readiness, the end --

void Pool::open() noexcept { connect(); }

result<void> Pool::ready(std::int64_t until_ns) noexcept {
    std::unique_lock hold(lock_);
    const auto settled = [this] { return usable() || refusing_ || lasting_ || exhausted_.load(); };
    const auto until = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(until_ns));
    start_new_series();
    if (until_ns == never_ns) {
        changed_.wait(hold, settled);
    } else {
        changed_.wait_until(hold, until, settled);
    }
    if (usable()) return ok();
    if (refusing_) return node_error(errc::closed, fate::not_applied, phase::none);
    if (lasting_ && obstacle_) return *obstacle_;
    return not_connected_locked(exhausted_ ? errc::reconnect_exhausted : errc::deadline_exceeded, phase::dial);
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
    node_->leave(*this);
    dismiss_guests();
    timers_->cancel();
    for (const auto& d : std::exchange(dials_, {})) cancel_dial(*d);
    const auto why = node_error(errc::closed, fate::not_applied, phase::none);
    fail_waiting(why);
    for (const auto& l : links_) l.connection->fail(why);
    std::vector<Connection*> open_leases;
    {
        const lock_guard hold(lock_);
        for (const auto& l : leases_) open_leases.push_back(l.connection.get());
    }
    for (auto* const c : open_leases) c->fail(why);
}

bool Pool::quiet() const noexcept {
    if (links_live() != 0 || dialling_shared_ || probe_.busy()) return false;
    const lock_guard hold(lock_);
    return lease_dials_ == 0 && std::all_of(leases_.begin(), leases_.end(), [](const leased& l) { return l.down; });
}

pool_stats Pool::stats() const noexcept {
    connection_figures sum;
    for (const auto& l : links_) {
        const auto f = l.connection->figures();
        sum.commands += f.commands;
        sum.bytes_out += f.bytes_out;
        sum.bytes_in += f.bytes_in;
        sum.in_flight += f.in_flight;
    }
    const lock_guard hold(lock_);
    auto s = counts_;
    s.connections = static_cast<std::uint32_t>(leases_.size()) + lease_dials_ + link_places_;
    s.leases_idle = static_cast<std::uint32_t>(idle_.size());
    s.leases_in_use = static_cast<std::uint32_t>(
        std::count_if(leases_.begin(), leases_.end(), [](const leased& l) { return l.in_use; }));
    s.subscribers = static_cast<std::uint32_t>(
        std::count_if(guests_.begin(), guests_.end(), [](const auto& g) { return !g.expired(); }));
    s.waiting_leases = static_cast<std::uint32_t>(lease_line_.size());
    s.waiting = waiting_.size();
    s.in_flight = sum.in_flight;
    s.connected = usable();
    s.commands = sum.commands;
    s.bytes_out = sum.bytes_out;
    s.bytes_in = sum.bytes_in;
    return s;
}

}  // namespace redoubt::core
