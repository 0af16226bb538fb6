// The public handle of a subscriber.
#include <redoubt/pubsub/subscriber.hpp>

#include <new>

#include "core/client/client_handle.hpp"
#include "pubsub/subscriber_core.hpp"

namespace redoubt {

namespace detail {

/// Keeps the client alive as long as the subscriber lives.
class subscriber_handle {
public:
    subscriber_handle(std::shared_ptr<client_handle> client, std::shared_ptr<pubsub::SubscriberCore> core) noexcept
        : client_(std::move(client)), core_(std::move(core)) {}
    subscriber_handle(const subscriber_handle&) = delete;
    subscriber_handle& operator=(const subscriber_handle&) = delete;
    ~subscriber_handle() {
        if (!foreign()) {
            core_->close();
            return;
        }
        // In a child of fork() its locks may be held by threads that do not exist.
        if (auto* const grave = new (std::nothrow) std::shared_ptr<pubsub::SubscriberCore>) *grave = std::move(core_);
    }

    bool foreign() const noexcept { return client_->core().foreign(); }
    const std::shared_ptr<client_handle>& client() const noexcept { return client_; }
    const std::shared_ptr<pubsub::SubscriberCore>& core() const noexcept { return core_; }

private:
    std::shared_ptr<client_handle> client_;
    std::shared_ptr<pubsub::SubscriberCore> core_;
};

core::ClientCore* core_of(const subscriber_handle& handle) noexcept {
    return handle.foreign() ? nullptr : &handle.client()->core();
}

void start_next(const subscriber_handle& handle, const std::shared_ptr<next_waiter>& waiter) {
    handle.core()->events()->start(waiter);
}

next_canceller::next_canceller(const subscriber_handle& handle, const std::shared_ptr<next_waiter>& waiter)
    : events_(handle.core()->events()), waiter_(waiter) {}

void next_canceller::operator()() const noexcept {
    const auto events = std::static_pointer_cast<pubsub::EventQueue>(events_.lock());
    const auto waiter = waiter_.lock();
    if (events && waiter) events->cancel(waiter);
}

}  // namespace detail

namespace {

std::vector<pubsub::subscription> named(subscription_kind kind, const std::vector<std::string>& names) {
    std::vector<pubsub::subscription> all;
    all.reserve(names.size());
    for (const auto& n : names) all.push_back({kind, n});
    return all;
}

resilience::reconnect_policy pauses_of(const options& o) {
    return {.backoff = {.base = o.reconnect.base, .cap = o.reconnect.cap, .growth_percent = o.reconnect.factor * 100}};
}

// The client stays until the call is over, whoever drops the subscriber meanwhile.
result<void> ask(const std::shared_ptr<detail::subscriber_handle>& handle, pubsub::request of,
                 std::vector<pubsub::subscription> names, call_deadline deadline) {
    if (!handle) return errc::closed;
    if (handle->foreign()) return errc::forked;
    const auto client = handle->client();
    const auto subscriber = handle->core();
    auto& core = client->core();
    if (core.reactor().on_thread()) return errc::would_deadlock;
    return subscriber->ask(of, std::move(names), core.deadline_ns({.deadline = deadline}));
}

}  // namespace

result<Subscriber> Client::subscribe(const subscribe_options& o) const {
    BOOST_OUTCOME_TRYV(validate(o));
    if (!handle_) return errc::closed;
    auto& core = handle_->core();
    if (core.foreign()) return errc::forked;
    if (core.stats().closed) return errc::closed;
    if (core.settings().pool.connections_max == 1) {
        return error(errc::invalid_option, fate::not_applied, phase::lease,
                     {.node = core.pool().node(),
                      .text = "pool.connections_max: 1 leaves no connection for a subscriber; at least 2"});
    }
    auto names = named(subscription_kind::channel, o.channels);
    for (auto& p : named(subscription_kind::pattern, o.patterns)) names.push_back(std::move(p));
    if (!names.empty() && core.reactor().on_thread()) return errc::would_deadlock;
    Subscriber s(std::make_shared<detail::subscriber_handle>(
        handle_, pubsub::SubscriberCore::open(core.pool(), o, pauses_of(core.settings()))));
    if (!names.empty()) {
        BOOST_OUTCOME_TRYV(ask(s.handle_, pubsub::request::subscribe, std::move(names), call_.deadline));
    }
    return s;
}

result<event> Subscriber::next(call_deadline deadline, const std::stop_token& stop) {
    if (!handle_) return errc::closed;
    if (handle_->foreign()) return errc::forked;
    if (handle_->client()->core().reactor().on_thread()) return errc::would_deadlock;
    const auto events = handle_->core()->events();  // from here on the subscriber may go
    return events->next(deadline.resolve(std::chrono::steady_clock::now(), {}), stop);
}

result<void> Subscriber::subscribe(const std::vector<std::string>& channels, call_deadline deadline) {
    return ask(handle_, pubsub::request::subscribe, named(subscription_kind::channel, channels), deadline);
}

result<void> Subscriber::psubscribe(const std::vector<std::string>& patterns, call_deadline deadline) {
    return ask(handle_, pubsub::request::subscribe, named(subscription_kind::pattern, patterns), deadline);
}

result<void> Subscriber::unsubscribe(const std::vector<std::string>& channels, call_deadline deadline) {
    return ask(handle_, pubsub::request::unsubscribe, named(subscription_kind::channel, channels), deadline);
}

result<void> Subscriber::punsubscribe(const std::vector<std::string>& patterns, call_deadline deadline) {
    return ask(handle_, pubsub::request::unsubscribe, named(subscription_kind::pattern, patterns), deadline);
}

void Subscriber::close() noexcept {
    if (handle_ && !handle_->foreign()) handle_->core()->close();
}

subscriber_stats Subscriber::stats() const {
    return handle_ && !handle_->foreign() ? handle_->core()->stats() : subscriber_stats{};
}

}  // namespace redoubt
