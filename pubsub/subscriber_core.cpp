// The life of a subscriber's connection. What callers ask for is in subscriber_requests.cpp.
#include "pubsub/subscriber_core.hpp"

#include <new>
#include <utility>

#include "core/options/value_text.hpp"
#include "pubsub/subscriber_timers.hpp"

namespace redoubt::pubsub {

namespace {

template <class... Words> std::string encoded(Words&&... words) {
    return std::string(command(std::forward<Words>(words)...).bytes());
}

}  // namespace

std::shared_ptr<SubscriberCore> SubscriberCore::open(core::Pool& pool, const subscribe_options& o,
                                                     const resilience::reconnect_policy& pauses) {
    auto mine = std::make_shared<SubscriberCore>(pool, o, pauses);
    // First of all, so that a pool that closes from here on finds it.
    pool.track(mine);
    mine->post([](SubscriberCore& self) { self.seek(); });
    return mine;
}

SubscriberCore::SubscriberCore(core::Pool& pool, const subscribe_options& o, const resilience::reconnect_policy& pauses)
    : pool_(pool),
      reactor_(pool.reactor()),
      events_(std::make_shared<EventQueue>(pool.reactor(), o)),
      pong_within_(o.pong_within),
      registry_(pool.node()),
      liveness_(o.ping_after.count(), o.pong_within.count()),
      pauses_(pauses, resilience::random_seed()) {}

SubscriberCore::~SubscriberCore() = default;

// False: the loop will not run it any more.
bool SubscriberCore::post(std::function<void(SubscriberCore&)> f) {
    const std::lock_guard<std::mutex> hold(lock_);
    if (posting_) reactor_.post([self = shared_from_this(), f = std::move(f)] { f(*self); });
    return posting_;
}

// -- getting a connection --

void SubscriberCore::seek() {
    if (ended_ || lease_ || connection_ != nullptr) return;
    if (!timers_) timers_ = std::make_unique<Timers>(reactor_.context());
    lease_ = core::AsyncLease::request(pool_, [weak = weak_from_this()](result<core::Connection*> outcome) {
        if (const auto self = weak.lock()) self->on_lease(std::move(outcome));
    });
}

void SubscriberCore::seek_later() noexcept {
    if (ended_) return;
    const auto pause = pauses_.next(reactor_.now_ns()).value_or(std::chrono::seconds(1));
    timers_->pause.expires_after(pause);
    timers_->pause.async_wait([weak = weak_from_this()](const auto& cancelled) {
        const auto self = weak.lock();
        if (!self || cancelled) return;
        const core::Reactor::Dispatch dispatch(self->reactor_);
        self->seek();
    });
}

void SubscriberCore::on_lease(result<core::Connection*> outcome) {
    lease_.reset();
    if (!outcome) {
        // Waiting will not help, says the pool: those who wait are told. The subscriber itself goes on.
        take_back(calls_.end_all(request::subscribe, outcome.error()));
        act();
        return seek_later();
    }
    connection_ = *outcome;
    if (!connection_->up()) {
        pool_.release_lease(*std::exchange(connection_, nullptr), core::Pool::give_back::used_up);
        return seek_later();
    }
    if (std::exchange(had_connection_, true)) reconnections_.fetch_add(1, std::memory_order_relaxed);
    connection_->listen(this);
    liveness_.connected(reactor_.now_ns());
    outbox_.assign(1, encoded("CLIENT SETNAME", pool_.next_client_name("pubsub")));
    registry_.connected(actions_);
    act();
    arm_pulse();
}

// -- what comes --

void SubscriberCore::on_push(reply&& value) noexcept {
    try {
        liveness_.heard(reactor_.now_ns());
        registry_.received(value, actions_);
        act();
    } catch (const std::bad_alloc&) {
        actions_.clear();
        fail_connection(error(errc::no_resources, fate::unknown, phase::reply,
                              {.node = pool_.node(), .text = "no memory for a message"}));
    }
}

void SubscriberCore::on_push_down(const error& why) noexcept {
    const auto now = reactor_.now_ns();
    const auto since = std::chrono::nanoseconds(liveness_.heard_ns());
    pool_.release_lease(*std::exchange(connection_, nullptr), core::Pool::give_back::used_up);
    outbox_.clear();
    timers_->pulse.cancel();
    if (registry_.lost(actions_)) {
        const auto wall = std::chrono::system_clock::now() - (std::chrono::nanoseconds(now) - since);
        events_->open_gap({.since = std::chrono::steady_clock::time_point(since),
                           .since_wall = std::chrono::time_point_cast<std::chrono::system_clock::duration>(wall),
                           .reason = error(why).with_fate(fate::not_applied).with_phase(phase::none)});
    }
    act();
    seek_later();
}

// Release: who sees that his request counts may drop the handle it was made through.
void SubscriberCore::note_figures() noexcept {
    connected_.store(!ended_ && registry_.restored(), std::memory_order_release);
    wanted_.store(registry_.desired_count(), std::memory_order_release);
    confirmed_.store(ended_ ? 0 : registry_.confirmed_count(), std::memory_order_release);
}

// The registry has decided already; callers that are told something by it find it in the figures.
void SubscriberCore::act() {
    note_figures();
    for (std::size_t i = 0; i < actions_.size(); ++i) {  // NOLINT(modernize-loop-convert): may grow meanwhile
        auto a = std::move(actions_[i]);
        carry_out(a);
    }
    actions_.clear();
    if (overflown_ && !ended_) {
        const error why(
            errc::reply_limit, fate::unknown, phase::reply,
            {.node = pool_.node(), .text = "the buffer of the subscriber is full, and overflow is `close`"});
        events_->finish(why);
        return end(why);
    }
    send_all();
}

void SubscriberCore::carry_out(action& a) {
    using enum deed;
    const bool channel = a.what.kind == subscription_kind::channel;
    switch (a.kind) {
        case send_subscribe: outbox_.push_back(encoded(channel ? "SUBSCRIBE" : "PSUBSCRIBE", a.what.name)); return;
        case send_unsubscribe:
            outbox_.push_back(encoded(channel ? "UNSUBSCRIBE" : "PUNSUBSCRIBE", a.what.name));
            return;
        case confirmed:
            if (a.asked) overflown_ |= !events_->push(subscribed{a.what.name, a.what.kind});
            return calls_.settle(request::subscribe, a.what, nullptr);
        case released:
            if (a.asked) overflown_ |= !events_->push(unsubscribed{a.what.name, a.what.kind, {}});
            return calls_.settle(request::unsubscribe, a.what, nullptr);
        case refused:
            if (!a.asked) overflown_ |= !events_->push(unsubscribed{a.what.name, a.what.kind, a.why});
            return calls_.settle(request::subscribe, a.what, &a.why);
        case superseded: {
            const error why(errc::cancelled, fate::unknown, phase::none,
                            {.node = pool_.node(), .text = "a later call asked for the opposite"});
            return calls_.settle(a.of, a.what, &why);
        }
        case deliver: overflown_ |= !events_->push(std::move(a.said)); return;
        case pong: return liveness_.pong();
        case restored: pauses_.connected(reactor_.now_ns()); return events_->tell_gap();
        case broken: return fail_connection(a.why);
    }
}

// -- what goes --

// What does not fit goes later: a full buffer holds commands, and each of their answers leads here again.
void SubscriberCore::send_all() noexcept {
    if (connection_ == nullptr) return;
    while (!outbox_.empty() && connection_->push(outbox_.front())) outbox_.pop_front();
}

void SubscriberCore::arm_pulse() noexcept {
    const auto at = liveness_.next_check_ns();
    if (at == core::never_ns) return;
    timers_->pulse.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at)));
    timers_->pulse.async_wait([weak = weak_from_this()](const auto& cancelled) {
        const auto self = weak.lock();
        if (!self || cancelled) return;
        const core::Reactor::Dispatch dispatch(self->reactor_);
        self->pulse();
    });
}

void SubscriberCore::pulse() noexcept {
    if (connection_ == nullptr) return;
    switch (liveness_.check(reactor_.now_ns())) {
        case Liveness::verdict::fine: break;
        case Liveness::verdict::ping:
            registry_.pinged();
            outbox_.push_back(encoded("PING"));
            break;
        case Liveness::verdict::dead:
            return fail_connection(error(
                errc::connection_lost, fate::unknown, phase::sent,
                {.node = pool_.node(), .text = "no answer to a PING within " + core::print_duration(pong_within_)}));
    }
    send_all();
    arm_pulse();
}

void SubscriberCore::fail_connection(const error& why) noexcept {
    if (connection_ != nullptr) connection_->fail(why);  // on_push_down() follows
}

// -- the end --

void SubscriberCore::on_pool_closing() noexcept {
    const auto self = shared_from_this();  // a handler may drop the last handle
    const error why(errc::closed, fate::not_applied, phase::none,
                    {.node = pool_.node(), .text = "the client was closed"});
    events_->finish(why);
    {
        const std::lock_guard<std::mutex> hold(lock_);
        posting_ = false;
    }
    end(why);
    events_->loop_ends();
}

void SubscriberCore::end(const error& why) noexcept {
    if (std::exchange(ended_, true)) return;
    note_figures();
    if (lease_) std::exchange(lease_, nullptr)->cancel();
    timers_.reset();
    if (connection_ != nullptr) {
        connection_->listen(nullptr);
        pool_.release_lease(*std::exchange(connection_, nullptr), core::Pool::give_back::used_up);
    }
    outbox_.clear();
    calls_.end_all(request::subscribe, why);
    calls_.end_all(request::unsubscribe, why);
}

void SubscriberCore::close() noexcept {
    const error why(errc::closed);
    events_->finish(why);
    post([why](SubscriberCore& self) { self.end(why); });
}

subscriber_stats SubscriberCore::stats() const {
    const auto queue = events_->stats();
    return {.connected = connected_.load(std::memory_order_acquire),
            .wanted = wanted_.load(std::memory_order_acquire),
            .confirmed = confirmed_.load(std::memory_order_acquire),
            .buffered = queue.buffered,
            .buffered_bytes = queue.buffered_bytes,
            .messages = queue.messages,
            .dropped = queue.dropped,
            .reconnections = reconnections_.load(std::memory_order_relaxed)};
}

}  // namespace redoubt::pubsub
