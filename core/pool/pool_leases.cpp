// Exclusive connections: who gets one, when another is dialled, when one is closed.
#include <algorithm>

#include "core/pool/pool.hpp"
#include "core/pool/pool_timers.hpp"
#include "core/stack/breaker_layer.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {
constexpr auto idle_check = std::chrono::seconds(1);
// From this budget on one place is kept for connections of our own, which so never wait for a lease to end.
constexpr std::uint32_t budget_with_reserve = 8;
}  // namespace

result<Connection*> Pool::acquire_lease(std::int64_t until_ns) noexcept {
    blocking_lease_request mine;
    std::unique_lock hold(lock_);
    if (counts_.connections_max == 1) return no_place_for_leases();
    if (auto* const idle = take_idle_locked()) return idle;
    start_new_series();
    if (const auto refusal = lease_refusal_locked()) return *refusal;
    lease_line_.join(mine);
    reactor_.post([this] { refill_leases(); });
    const auto until = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(until_ns));
    if (until_ns == never_ns) {
        mine.granted.wait(hold, [&] { return mine.over(); });
    } else {
        mine.granted.wait_until(hold, until, [&] { return mine.over(); });
    }
    if (mine.connection != nullptr) return mine.connection;
    if (mine.refused) return *mine.refused;
    lease_line_.leave(mine);
    return late_for_lease_locked(errc::deadline_exceeded);
}

error Pool::late_for_lease(errc code) const noexcept {
    const lock_guard hold(lock_);
    return late_for_lease_locked(code);
}

error Pool::late_for_lease_locked(errc code) const noexcept {
    if (!usable()) return not_connected_locked(code, phase::lease);
    auto late = node_error(code, fate::not_applied, phase::lease);
    if (lease_obstacle_) {
        late.with_details_of(*lease_obstacle_);
    } else if (!room_locked()) {
        late = error(late.kind(), late.fate(), late.phase(),
                     {.node = node(),
                      .text = "all " + std::to_string(counts_.connections_max) +
                              " connections of pool.connections_max are in use"});
    }
    return late;
}

void Pool::join_lease_line(lease_request& r) noexcept {
    {
        const lock_guard hold(lock_);
        if (counts_.connections_max == 1) {
            r.refused = no_place_for_leases();
        } else if (refusing_ || (lasting_ && !usable())) {
            r.refused = refusal_locked();
        } else if (auto* const idle = take_idle_locked()) {
            r.connection = idle;
        } else {
            lease_line_.join(r);
        }
        if (r.over()) return r.wake();
    }
    start_new_series();
    refill_leases();
}

// Null: none is idle, or others were there before.
Connection* Pool::take_idle_locked() noexcept {
    if (refusing_ || !lease_line_.empty()) return nullptr;
    // One that has just failed leaves the line in on_lease_down().
    const auto last = std::find_if(idle_.rbegin(), idle_.rend(), [](const auto* c) { return c->up(); });
    if (last == idle_.rend()) return nullptr;
    auto* const taken = *last;
    idle_.erase(std::next(last).base());
    find_locked(*taken)->in_use = true;
    return taken;
}

std::optional<error> Pool::lease_refusal() const noexcept {
    const lock_guard hold(lock_);
    if (counts_.connections_max == 1) return no_place_for_leases();
    return lease_refusal_locked();
}

std::optional<error> Pool::lease_refusal_locked() const noexcept {
    if (auto refusal = refusal_locked()) return refusal;
    if (usable() || node_->breaker().state() != breaker_state::open) return std::nullopt;
    return breaker_rejection(node_->breaker(), steady_now_ns(), phase::lease);
}

bool Pool::leave_lease_line(lease_request& r) noexcept {
    const lock_guard hold(lock_);
    return lease_line_.leave(r);
}

error Pool::no_place_for_leases() const {
    return {errc::invalid_option,
            fate::not_applied,
            phase::lease,
            {.node = node(), .text = "pool.connections_max: 1 leaves no connection for a lease; at least 2"}};
}

void Pool::when_lease_has_room(Connection& connection, std::function<void()> told) {
    const lock_guard hold(lock_);
    find_locked(connection)->on_room = std::move(told);
}

void Pool::on_lease_room(Connection& connection) noexcept {
    std::function<void()> told;
    {
        const lock_guard hold(lock_);
        const auto mine = find_locked(connection);
        if (mine != leases_.end() && mine->in_use) told = mine->on_room;
    }
    if (told) told();
}

void Pool::release_lease(Connection& connection, give_back state) noexcept {
    // A reply that is still owed would reach the next holder.
    bool reusable = state == give_back::reusable && connection.settled();
    {
        const lock_guard hold(lock_);
        const auto mine = find_locked(connection);
        mine->on_room = nullptr;
        reusable = reusable && steady_now_ns() < mine->retire_at_ns;
        if (reusable && !refusing_ && !mine->down) {
            mine->in_use = false;
            place_locked(*mine);
            return;
        }
        // It stays in use until retire(): so nothing else removes it meanwhile.
    }
    reactor_.post([this, &connection] { retire(connection); });
}

// To whoever waits longest, or among the idle ones.
void Pool::place_locked(leased& l) noexcept {
    if (lease_line_.serve(*l.connection)) {
        l.in_use = true;
        return;
    }
    l.idle_since_ns = steady_now_ns();
    idle_.push_back(l.connection.get());
    if (!std::exchange(looking_after_, true)) reactor_.post([this] { look_after_leases(); });
}

void Pool::retire(Connection& connection) noexcept {
    bool down = false;
    {
        const lock_guard hold(lock_);
        const auto mine = find_locked(connection);
        mine->in_use = false;
        if (mine->down) {
            remove_locked(mine);
            down = true;
        }
    }
    if (!down) return connection.fail(connection.node_error(errc::closed, fate::unknown, phase::none));
    refill_leases();
    if (wanted_ == want::replacement) connect();  // it may have waited for this place
}

// A send that fails shows that the server has gone, or has dropped us, without a word: connections that are as old
// prove nothing until they are used, and whoever gets one would be the next to find out.
void Pool::drop_leases_of_this_age() noexcept {
    std::vector<Connection*> idle;
    {
        const lock_guard hold(lock_);
        for (auto& l : leases_) l.retire_at_ns = 0;  // those in use are closed when they come back
        idle.swap(idle_);
    }
    for (auto* const c : idle) c->fail(c->node_error(errc::closed, fate::unknown, phase::none));
}

void Pool::on_lease_down(Connection& connection, const error& why) noexcept {
    if (why == errc::write_failed) drop_leases_of_this_age();
    // Closed by us, or while nothing was owed: that says nothing about the node.
    if (why != errc::closed && connection.failed_with_replies_owed())
        node_->breaker().connection_failed(steady_now_ns());
    {
        const lock_guard hold(lock_);
        std::erase(idle_, &connection);
        const auto mine = find_locked(connection);
        mine->down = true;
        if (mine->in_use) return;  // its holder gives it back
        remove_locked(mine);
    }
    refill_leases();
    if (wanted_ == want::replacement) connect();  // it may have waited for this place
}

void Pool::remove_locked(std::vector<leased>::iterator which) noexcept {
    // What was posted for it before still runs: it goes after that.
    reactor_.post([dead = std::shared_ptr<Connection>(std::move(which->connection))] {});
    leases_.erase(which);
}

std::vector<Pool::leased>::iterator Pool::find_locked(const Connection& connection) noexcept {
    return std::find_if(leases_.begin(), leases_.end(),
                        [&](const leased& l) { return l.connection.get() == &connection; });
}

bool Pool::room_locked() const noexcept {
    const auto most = counts_.connections_max;
    if (most == 0) return true;
    const std::uint32_t kept = most >= budget_with_reserve ? 2U : 1U;
    return leases_.size() + lease_dials_ + std::max(link_places_, kept) < most;
}

void Pool::refill_leases() noexcept {
    for (;;) {
        if (closing_ || !usable()) return;  // when it comes up, this is called again
        {
            const lock_guard hold(lock_);
            if (lease_line_.size() <= lease_dials_ || !room_locked()) return;
        }
        const auto now = steady_now_ns();
        const auto granted = node_->ask_to_dial(now, greeting_);
        if (!granted.granted) {
            if (granted.refused) {
                const lock_guard hold(lock_);
                lease_obstacle_ = granted.refused;
                return lease_line_.refuse_all(*granted.refused);
            }
            if (granted.ask_again_ns != Node::told) {
                Timers::at(reactor_, timers_->lease_dial, granted.ask_again_ns, [this] { refill_leases(); });
            }
            return;
        }
        {
            const lock_guard hold(lock_);
            ++lease_dials_;
            ++counts_.dials;
        }
        dials_.push_back(start_dial(reactor_, settings_for("lease"),
                                    [this, granted](result<int> r) { on_lease_dial(granted, std::move(r)); }));
    }
}

// The dial is the pool's, not its caller's: whoever waits longest by now gets the connection.
void Pool::on_lease_dial(const Node::answer& granted, result<int> outcome) noexcept {
    std::erase_if(dials_, [](const auto& d) { return dial_over(*d); });
    const auto now = steady_now_ns();
    const auto how = outcome ? Node::outcome::connected : outcome_of(outcome.error());
    (void)node_->dial_finished(granted, closing_ ? Node::outcome::abandoned : how, now,
                               outcome ? nullptr : &outcome.error());
    if (!outcome || closing_) {
        if (outcome) syscalls::real().close(*outcome);
        const bool lasting = !outcome && is_lasting(outcome.error());
        {
            const lock_guard hold(lock_);
            --lease_dials_;
            ++counts_.dials_failed;
            if (!outcome) lease_obstacle_ = outcome.error();
            if (lasting) lease_line_.refuse_all(outcome.error());
        }
        return refill_leases();
    }
    node_->found_at(peer_of(*outcome));
    auto connection = std::make_unique<Connection>(reactor_, *this, connection_settings());
    connection->adopt(*outcome);
    {
        const lock_guard hold(lock_);
        --lease_dials_;
        lease_obstacle_.reset();
        leases_.push_back({.connection = std::move(connection), .retire_at_ns = lifetime_end_ns(now), .in_use = false});
        place_locked(leases_.back());
    }
    refill_leases();
}

// While there are idle leases.
void Pool::look_after_leases() noexcept {
    const auto now = steady_now_ns();
    std::vector<Connection*> expired;
    bool more = false;
    {
        const lock_guard hold(lock_);
        const auto idle_max = options_.pool.lease_idle_max.count();
        // The front has been idle longest.
        const auto spare = idle_.size() > options_.pool.idle_min ? idle_.size() - options_.pool.idle_min : 0;
        for (auto i = idle_.begin(); i != idle_.end();) {
            const auto& l = *find_locked(**i);
            const bool unused = idle_max > 0 && expired.size() < spare && now - l.idle_since_ns >= idle_max;
            if (!unused && now < l.retire_at_ns) {
                ++i;
                continue;
            }
            expired.push_back(*i);
            i = idle_.erase(i);
        }
        more = !idle_.empty();
        looking_after_ = more && !closing_;
    }
    for (auto* const c : expired) c->fail(c->node_error(errc::closed, fate::unknown, phase::none));
    refill_leases();
    if (!more || closing_) return;
    Timers::at(reactor_, timers_->leases, now + std::chrono::nanoseconds(idle_check).count(),
               [this] { look_after_leases(); });
}

}  // namespace redoubt::core
