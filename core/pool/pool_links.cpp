// The life of the shared connection: dialled, lost, suspected, replaced.
//
//   role      entered by                                  left by
//   spare     the beginning; on_down                      take_over(): a dial has succeeded
//   current   take_over(); recovered()                    loss; replaced (draining); silent (suspect)
//   suspect   silence for two attempts                    a byte (current, or draining when it has been replaced);
//                                                         a new connection is answered, or its time is over: closed
//   draining  its replacement is up, or must wait for     nothing is owed any more, or its time is over: closed
//             its place, or for what it refused to serve
#include <algorithm>

#include "core/log.hpp"
#include "core/pool/pool.hpp"
#include "core/pool/pool_timers.hpp"
#include "core/stack/duration_text.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;
using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds draining_max = std::chrono::seconds(10);  // for the replies that a replaced connection owes
constexpr nanoseconds look_again = std::chrono::milliseconds(20);
constexpr nanoseconds lifetime_again = std::chrono::milliseconds(100);  // when its end came at a bad moment
constexpr nanoseconds replace_again = std::chrono::seconds(5);  // because of what the server answers: not more often

}  // namespace

Pool::link* Pool::find_link(const Connection* connection) noexcept {
    const auto found =
        std::find_if(links_.begin(), links_.end(), [&](const link& l) { return l.connection.get() == connection; });
    return found != links_.end() ? &*found : nullptr;
}

Pool::link* Pool::find_link(enum role r) noexcept {
    const auto found = std::find_if(links_.begin(), links_.end(), [r](const link& l) { return l.role == r; });
    return found != links_.end() ? &*found : nullptr;
}

std::uint32_t Pool::links_live() const noexcept {
    return static_cast<std::uint32_t>(
        std::count_if(links_.begin(), links_.end(), [](const link& l) { return l.role != role::spare; }));
}

bool Pool::room_for_another_link() const noexcept {
    if (links_live() == 0) return true;  // the first one's place is reserved
    const lock_guard hold(lock_);
    return counts_.connections_max == 0 || leases_.size() + lease_dials_ + links_live() < counts_.connections_max;
}

// -- a new one, a silent one --

// It owes replies that will not come, while the server answers others.
void Pool::end_silent(link& l, std::int64_t now_ns) noexcept {
    l.connection->fail(
        error(errc::connection_lost, fate::unknown, phase::sent,
              {.node = node(),
               .text = "no reply for " + rounded_duration_text(nanoseconds(progress_.silent_for_ns(now_ns))) +
                       ", while the server answers a new connection"}));
}

// A connected and greeted descriptor becomes the shared connection.
void Pool::take_over(int fd) noexcept {
    auto* const fresh = find_link(role::spare);
    if (fresh == nullptr || (wanted_ == want::connection && usable())) {
        syscalls::real().close(fd);  // what it was dialled for is settled: the silent one speaks again
        {
            const lock_guard hold(lock_);
            link_places_ = std::max(links_live(), 1U);
        }
        return refill_leases();
    }
    const auto now = steady_now_ns();
    auto* const before = find_link(role::current);
    auto* const silent = find_link(role::suspect);
    fresh->connection->adopt(fd);
    *fresh = {std::move(fresh->connection), role::current, never_ns, 0, now};
    wanted_ = want::connection;
    timers_->progress.cancel();  // it was about another one
    current_.store(fresh->connection.get(), std::memory_order_release);
    bool recovered = false;
    {
        const lock_guard hold(lock_);
        recovered = obstacle_.has_value();
        obstacle_.reset();
        lease_obstacle_.reset();
        lasting_ = false;
        being_replaced_ = false;
        link_places_ = links_live();
        changed_.notify_all();
    }
    if (recovered && (loss_reported_ || failed_since_lost_ != 0)) {
        log_state(log_level::info, {"connected", node()},
                  "connected to " + node() + " after " + rounded_duration_text(nanoseconds(now - lost_at_ns_)) + ", " +
                      std::to_string(failed_since_lost_) + " failed dials");
    }
    lost_at_ns_ = 0;
    failed_since_lost_ = 0;
    loss_reported_ = false;
    tell(before != nullptr ? connection_event::replaced : connection_event::connected);
    if (before != nullptr) retire(*before, now);
    if (silent != nullptr) {
        if (silent->connection->receives() != silent->receives_seen) {
            retire(*silent, now);
        } else {
            end_silent(*silent, now);
        }
    }
    if (options_.pool.lifetime_max.count() > 0) {
        Timers::at(reactor_, timers_->lifetime, lifetime_end_ns(now), [this] { end_lifetime(); });
    }
    plan_probe();
    drain_waiting();
    refill_leases();
}

std::int64_t Pool::lifetime_end_ns(std::int64_t now_ns) noexcept {
    const auto most = options_.pool.lifetime_max.count();
    if (most == 0) return never_ns;
    // ± 10 %: connections that were opened together do not end together.
    const auto spread = static_cast<std::uint64_t>(most / 5);
    return later_ns(now_ns, most - most / 10 + static_cast<std::int64_t>(random_.up_to(spread)));
}

// -- losing, replacing --

void Pool::on_down(Connection& connection, const error& why) noexcept {
    if (auto* const mine = find_link(&connection)) return on_link_down(*mine, why);
    on_lease_down(connection, why);
}

void Pool::on_link_down(link& l, const error& why) noexcept {
    const auto was = std::exchange(l.role, role::spare);
    l.until_ns = never_ns;
    if (was == role::current) current_.store(nullptr, std::memory_order_release);
    if (closing_) return;
    if (why == errc::write_failed) drop_leases_of_this_age();
    const auto now = steady_now_ns();
    const bool owed = l.connection->failed_with_replies_owed();
    const bool ours = was == role::draining;
    {
        const lock_guard hold(lock_);
        link_places_ = std::max(links_live() + (dialling_shared_ ? 1U : 0U), 1U);
        if (!ours) ++counts_.connections_lost;
        if (was == role::current) {
            obstacle_ = why;
            obstacle_->with_fate(fate::not_applied).with_phase(phase::dial);
        }
    }
    if (was == role::suspect) wanted_ = want::connection;
    if (was == role::current) {
        timers_->lifetime.cancel();
        lost_at_ns_ = now;
        node_->connection_lost(owed ? Node::owed::replies : Node::owed::nothing, now, l.since_ns, greeting_);
        // An idle connection that the server closes is replaced without a word, if that succeeds.
        loss_reported_ = owed;
        tell(connection_event::lost, why);
    }
    if (!ours && (owed || was != role::current)) log_state(log_level::warning, {"lost", node()}, why.message());
    connect();
    refill_leases();  // its place is free
}

void Pool::end_lifetime() noexcept {
    if (usable() && wanted_ == want::connection) return replace("its lifetime is over");
    // It is being watched, or replaced already; a new one brings a lifetime of its own.
    Timers::at(reactor_, timers_->lifetime, steady_now_ns() + lifetime_again.count(), [this] { end_lifetime(); });
}

void Pool::replace(std::string_view why) noexcept {
    if (closing_ || !usable() || wanted_ != want::connection) return;
    if (!room_for_another_link()) return replace_after_closing(why);  // only one can be open: the old one first
    wanted_ = want::replacement;
    connect();
}

// Nobody fails for want of a connection: it is our doing.
void Pool::being_replaced_locked(std::string_view why) {
    being_replaced_ = true;
    obstacle_ = error(errc::not_connected, fate::not_applied, phase::dial,
                      {.node = node(), .text = "the connection is being replaced: " + std::string(why)});
}

// It takes no more commands from now on: they wait for the next one, which is dialled at once where there is room.
void Pool::replace_after_closing(std::string_view why) noexcept {
    auto* const l = find_link(role::current);
    if (closing_ || l == nullptr) return;
    current_.store(nullptr, std::memory_order_release);
    timers_->lifetime.cancel();
    const auto now = steady_now_ns();
    lost_at_ns_ = now;
    wanted_ = want::connection;
    {
        const lock_guard hold(lock_);
        being_replaced_locked(why);
    }
    retire(*l, now);
    connect();
}

// On the thread that read the answer.
void Pool::on_refusal(Connection& connection, errc code) noexcept {
    if (code == errc::loading || code == errc::busy || code == errc::master_down) {
        return on_io_thread([this] {
            node_->heard(Node::probe_answer::quarantined, steady_now_ns());
            plan_probe();
        });
    }
    if (code == errc::no_auth && options_.user.empty() && options_.password.empty()) return;
    // The name may stand for another server by now, and a new greeting logs in again.
    const auto now = steady_now_ns();
    auto last = replaced_at_ns_.load(std::memory_order_relaxed);
    if (last != 0 && now < last + replace_again.count()) return;
    // At once: what is repeated because of this answer must not meet the same connection again.
    {
        const lock_guard hold(lock_);
        auto* expected = &connection;
        if (!current_.compare_exchange_strong(expected, nullptr)) return;
        being_replaced_locked(make_error_code(code).message());
    }
    replaced_at_ns_.store(now, std::memory_order_relaxed);
    on_io_thread([this, &connection, code] {
        const auto* const l = find_link(role::current);
        if (l == nullptr || l->connection.get() != &connection || usable()) return;  // lost meanwhile
        replace_after_closing(make_error_code(code).message());
    });
}

void Pool::retire(link& l, std::int64_t now_ns) noexcept {
    l.role = role::draining;
    l.until_ns = later_ns(now_ns, draining_max.count());
    reactor_.post([this] { look_after_links(); });
}

// -- silence --

void Pool::suspect() noexcept {
    auto* const l = find_link(role::current);
    if (l == nullptr || closing_) return;
    const auto now = steady_now_ns();
    const auto silent_for = rounded_duration_text(nanoseconds(progress_.silent_for_ns(now)));
    const bool room = room_for_another_link();
    l->role = role::suspect;
    l->receives_seen = l->connection->receives();
    current_.store(nullptr, std::memory_order_release);
    lost_at_ns_ = now;
    loss_reported_ = true;
    error why(errc::connection_lost, fate::not_applied, phase::dial,
              {.node = node(), .text = "no reply for " + silent_for + "; asking on a new connection"});
    log_state(log_level::warning, {"suspected", node()}, why.message());
    tell(connection_event::suspected, why);
    {
        const lock_guard hold(lock_);
        obstacle_ = why;
    }
    wanted_ = want::proof;
    look_after_links_soon();
    if (room) return connect();
    // No place for a second opinion within this budget.
    l->connection->fail(error(errc::connection_lost, fate::unknown, phase::sent,
                              {.node = node(), .text = "no reply for " + silent_for}));
}

void Pool::recovered(link& l) noexcept {
    l.until_ns = never_ns;
    if (usable()) return retire(l, steady_now_ns());
    l.role = role::current;
    exhausted_ = false;
    l.connection->expect_silence();
    wanted_ = want::connection;
    {
        const lock_guard hold(lock_);
        obstacle_.reset();
        lasting_ = false;
        being_replaced_ = false;
        changed_.notify_all();
    }
    current_.store(l.connection.get(), std::memory_order_release);
    const auto now = steady_now_ns();
    tell(connection_event::connected);
    log_state(log_level::info, {"connected", node()},
              node() + " answers again after " + rounded_duration_text(nanoseconds(now - lost_at_ns_)) + " more");
    lost_at_ns_ = 0;
    failed_since_lost_ = 0;
    loss_reported_ = false;
    node_->breaker().reachable(now);
    plan_probe();
    drain_waiting();
    refill_leases();
}

// While some are on their way out.
void Pool::look_after_links_soon() noexcept {
    if (closing_ || std::exchange(looking_after_links_, true)) return;
    Timers::at(reactor_, timers_->links, steady_now_ns() + look_again.count(), [this] {
        looking_after_links_ = false;
        look_after_links();
    });
}

void Pool::look_after_links() noexcept {
    const auto now = steady_now_ns();
    bool more = false;
    for (auto& l : links_) {
        if (l.role == role::suspect && l.connection->receives() != l.receives_seen) recovered(l);
        if (l.role != role::suspect && l.role != role::draining) continue;
        more = true;
        const auto over = error(errc::connection_lost, fate::unknown, phase::sent,
                                {.node = node(),
                                 .text = l.role == role::suspect ? "the server has hung for too long"
                                                                 : "it was replaced and still owed replies"});
        if (now >= l.until_ns) {
            l.connection->fail(over);
        } else if (l.role == role::draining) {
            (void)l.connection->fail_if_idle(over);
        }
    }
    if (more) look_after_links_soon();
}

}  // namespace redoubt::core
