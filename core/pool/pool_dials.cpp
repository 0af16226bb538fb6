// Dials of the shared connection: when, for what, and what follows when one fails.
#include <algorithm>

#include "core/log.hpp"
#include "core/pool/pool.hpp"
#include "core/pool/pool_timers.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;
using std::chrono::nanoseconds;

namespace {
constexpr nanoseconds hung_max = std::chrono::seconds(10);          // what a hung server's connection gets to come back
constexpr nanoseconds replacement_again = std::chrono::seconds(5);  // after a dial for it has failed
}  // namespace

Node::outcome Pool::outcome_of(const error& why) noexcept {
    if (why == errc::max_clients) return Node::outcome::full;
    if (why == errc::closed) return Node::outcome::abandoned;
    return is_lasting(why) ? Node::outcome::refused : Node::outcome::failed;
}

void Pool::connect() noexcept {
    if (closing_ || dialling_shared_ || exhausted_.load(std::memory_order_relaxed)) return;
    if (wanted_ == want::connection && usable()) return;
    if (find_link(role::spare) == nullptr || !room_for_another_link()) return;  // asked again when one is down
    const auto now = steady_now_ns();
    const auto granted = node_->ask_to_dial(now, greeting_);
    if (!granted.granted) {
        if (granted.ask_again_ns != Node::told) connect_at(granted.ask_again_ns);
        if (granted.refused) return refuse_by_gate(*granted.refused);
        const lock_guard hold(lock_);
        lasting_ = false;  // what refused the credentials does not answer any more
        return;
    }
    dialling_shared_ = true;
    {
        const lock_guard hold(lock_);
        ++counts_.dials;
        link_places_ = links_live() + 1;
    }
    dials_.push_back(start_dial(reactor_, settings_for("shared"),
                                [this, granted](result<int> r) { on_shared_dial(granted, std::move(r)); }));
}

void Pool::connect_at(std::int64_t when_ns) noexcept {
    Timers::at(reactor_, timers_->connect, when_ns, [this] { connect(); });
}

void Pool::on_node_news(Node::news what) noexcept {
    reactor_.post([this, what] { reconsider(what); });
}

void Pool::reconsider(Node::news what) noexcept {
    if (closing_) return;
    // Somebody else's dial was the last of the series: those who wait here waited for the same.
    if (what == Node::news::exhausted && !usable() && !dialling_shared_ && !exhausted_) series_over();
    connect();
    refill_leases();
}

void Pool::on_shared_dial(const Node::answer& granted, result<int> outcome) noexcept {
    dialling_shared_ = false;
    std::erase_if(dials_, [](const auto& d) { return dial_over(*d); });
    const auto now = steady_now_ns();
    if (closing_) {
        (void)node_->dial_finished(granted, Node::outcome::abandoned, now);
        if (outcome) syscalls::real().close(*outcome);
        return;
    }
    const auto news = node_->dial_finished(granted, outcome ? Node::outcome::connected : outcome_of(outcome.error()),
                                           now, outcome ? nullptr : &outcome.error());
    if (!outcome) return dial_failed(outcome.error(), news);
    node_->found_at(peer_of(*outcome));
    take_over(*outcome);
}

void Pool::dial_failed(const error& why, Node::news news) noexcept {
    const bool lasting = is_lasting(why);
    const bool down = !usable();
    const auto now = steady_now_ns();
    bool first = false;
    {
        const lock_guard hold(lock_);
        ++counts_.dials_failed;
        link_places_ = std::max(links_live(), 1U);
        first = down ? !obstacle_ || obstacle_->kind() != why.kind() : failed_since_lost_ == 0;
        if (down) {
            obstacle_ = why;
            lasting_ = lasting;
            being_replaced_ = false;
            changed_.notify_all();
        }
    }
    ++failed_since_lost_;
    if (lost_at_ns_ == 0) lost_at_ns_ = now;
    if (first) {
        log_state(log_level::warning, {"dial", node()}, why.message());
        tell(connection_event::dial_failed, why);
    }
    if (auto* const silent = find_link(role::suspect); silent != nullptr && wanted_ == want::proof) {
        wanted_ = want::connection;
        if (lasting || why == condition::server_refused) {
            end_silent(*silent, now);  // a refusal is an answer, too
        } else {
            // Two connections without a word: the server itself hangs. Calls are turned away while it is given time.
            silent->until_ns = now + hung_max.count();
            node_->breaker().trip(now, "the server hangs: it answers neither its connection nor a new one");
        }
    }
    if (wanted_ == want::replacement && !down) {
        wanted_ = want::connection;
        Timers::at(reactor_, timers_->lifetime, now + replacement_again.count(), [this] { end_lifetime(); });
    }
    if (down && lasting) {
        fail_waiting(why);
    } else if (down && news == Node::news::exhausted) {
        series_over();
    }
    connect();
    refill_leases();  // the place that was kept for it is free
}

// From now on the next call decides when to dial again.
void Pool::series_over() noexcept {
    error over;
    {
        const lock_guard hold(lock_);
        exhausted_ = true;
        over = not_connected_locked(errc::reconnect_exhausted, phase::dial);
        changed_.notify_all();
    }
    fail_waiting(over);
}

void Pool::start_new_series() noexcept {
    if (exhausted_.load(std::memory_order_relaxed) && exhausted_.exchange(false)) {
        reactor_.post([this] { connect(); });
    }
}

// The server refused these credentials to somebody else of this process, or to a lease: waiting would be in vain here
// too.
void Pool::refuse_by_gate(const error& why) noexcept {
    {
        const lock_guard hold(lock_);
        if (usable() || lasting_) return;
        obstacle_ = why;
        lasting_ = true;
        being_replaced_ = false;
        changed_.notify_all();
    }
    tell(connection_event::dial_failed, why);
    fail_waiting(why);
}

}  // namespace redoubt::core
