// Exclusive connections: who gets one, when another is dialled, when one is closed.
#include <algorithm>

#include "core/pool/pool.hpp"
#include "core/pool/pool_timers.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {
constexpr std::uint32_t dials_at_once_max = 64;  // more only overflow the server's listen backlog
constexpr auto pause_after_failed_dial = std::chrono::milliseconds(100);
constexpr auto idle_check = std::chrono::seconds(1);
}  // namespace

result<Connection*> Pool::acquire_lease(std::int64_t until_ns) noexcept {
    blocking_lease_request mine;
    std::unique_lock hold(lock_);
    if (refusing_) return shared_.node_error(errc::closed, fate::not_applied, phase::none);
    if (counts_.connections_max == 1) {
        return no_place_for_leases();
    }
    if (lease_line_.empty() && !idle_.empty()) {
        auto* const last = idle_.back();
        idle_.pop_back();
        find_locked(*last)->in_use = true;
        return last;
    }
    if (lasting_ && obstacle_) return *obstacle_;
    if (!shared_.up() && options_.when_disconnected == when_disconnected::fail) {
        auto why = shared_.node_error(errc::not_connected, fate::not_applied, phase::dial);
        if (obstacle_) why.with_details_of(*obstacle_);
        return why;
    }
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
    auto late = shared_.node_error(errc::deadline_exceeded, fate::not_applied, phase::lease);
    if (!shared_.up() && obstacle_) {
        late.with_details_of(*obstacle_);
    } else if (lease_obstacle_) {
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
        if (refusing_) {
            r.refused = shared_.node_error(errc::closed, fate::not_applied, phase::none);
        } else if (counts_.connections_max == 1) {
            r.refused = no_place_for_leases();
        } else if (lasting_ && obstacle_) {
            r.refused = obstacle_;
        } else if (lease_line_.empty() && !idle_.empty()) {
            r.connection = idle_.back();
            idle_.pop_back();
            find_locked(*r.connection)->in_use = true;
        } else {
            lease_line_.join(r);
        }
        if (r.over()) return r.wake();
    }
    refill_leases();
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

void Pool::release_lease(Connection& connection, give_back state) noexcept {
    // A reply that is still owed would reach the next holder.
    const bool reusable = state == give_back::reusable && connection.up() && connection.in_flight() == 0;
    {
        const lock_guard hold(lock_);
        const auto mine = find_locked(connection);
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
}

void Pool::on_lease_down(Connection& connection) noexcept {
    {
        const lock_guard hold(lock_);
        std::erase(idle_, &connection);
        const auto mine = find_locked(connection);
        mine->down = true;
        if (mine->in_use) return;  // its holder gives it back
        remove_locked(mine);
    }
    refill_leases();
}

void Pool::remove_locked(std::vector<leased>::iterator which) noexcept {
    // What was posted for it before still runs: it goes after that.
    reactor_.post([dead = std::shared_ptr<Connection>(std::move(which->connection))] {});
    leases_.erase(which);
    --counts_.connections;
}

std::vector<Pool::leased>::iterator Pool::find_locked(const Connection& connection) noexcept {
    return std::find_if(leases_.begin(), leases_.end(),
                        [&](const leased& l) { return l.connection.get() == &connection; });
}

bool Pool::room_locked() const noexcept {
    return counts_.connections_max == 0 || counts_.connections < counts_.connections_max;
}

void Pool::refill_leases() noexcept {
    if (closing_ || !shared_.up()) return;  // when it comes up, this is called again
    if (steady_now_ns() < lease_dials_from_ns_) {
        {
            const lock_guard hold(lock_);
            if (std::exchange(looking_after_, true)) return;
        }
        return look_after_leases();
    }
    for (;;) {
        {
            const lock_guard hold(lock_);
            if (lease_line_.size() <= lease_dials_ || lease_dials_ >= dials_at_once_max || !room_locked()) return;
            ++lease_dials_;
            ++counts_.connections;
            ++counts_.dials;
        }
        dials_.push_back(
            start_dial(reactor_, settings_for("lease"), [this](result<int> r) { on_lease_dial(std::move(r)); }));
    }
}

// The dial is the pool's, not its caller's: whoever waits longest by now gets the connection.
void Pool::on_lease_dial(result<int> outcome) noexcept {
    std::erase_if(dials_, [](const auto& d) { return dial_over(*d); });
    if (!outcome || closing_) {
        if (outcome) syscalls::real().close(*outcome);
        const bool lasting = !outcome && is_lasting(outcome.error());
        {
            const lock_guard hold(lock_);
            --lease_dials_;
            --counts_.connections;
            ++counts_.dials_failed;
            if (!outcome) lease_obstacle_ = outcome.error();
            if (lasting) lease_line_.refuse_all(outcome.error());
        }
        lease_dials_from_ns_ = steady_now_ns() + std::chrono::nanoseconds(pause_after_failed_dial).count();
        return refill_leases();
    }
    auto connection = std::make_unique<Connection>(
        reactor_, *this, Connection::settings{node(), options_.replies, options_.output_bytes_max, {}});
    connection->adopt(*outcome);
    {
        const lock_guard hold(lock_);
        --lease_dials_;
        lease_obstacle_.reset();
        leases_.push_back({.connection = std::move(connection), .in_use = false});
        place_locked(leases_.back());
    }
    refill_leases();
}

// While there are idle leases, or dials that wait for their time.
void Pool::look_after_leases() noexcept {
    const auto now = steady_now_ns();
    const bool pausing = now < lease_dials_from_ns_;
    std::vector<Connection*> expired;
    bool more = pausing;
    {
        const lock_guard hold(lock_);
        const auto idle_max = options_.pool.lease_idle_max.count();
        // The front has been idle longest.
        while (idle_max > 0 && idle_.size() > options_.pool.idle_min &&
               now - find_locked(*idle_.front())->idle_since_ns >= idle_max) {
            expired.push_back(idle_.front());
            idle_.erase(idle_.begin());
        }
        more = more || !idle_.empty();
        looking_after_ = more && !closing_;
    }
    for (auto* const c : expired) c->fail(c->node_error(errc::closed, fate::unknown, phase::none));
    if (!pausing) refill_leases();
    if (!more || closing_) return;
    timers_->leases.expires_after(pausing ? std::chrono::nanoseconds(lease_dials_from_ns_ - now) : idle_check);
    timers_->leases.async_wait([this](const auto& cancelled) {
        const Reactor::Dispatch dispatch(reactor_);
        if (!cancelled) look_after_leases();
    });
}

}  // namespace redoubt::core
