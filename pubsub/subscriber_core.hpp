// Drives a subscriber: its connection from lease to loss and again, what is said on it, and who hears of it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <redoubt/pubsub/subscriber.hpp>
#include <string>

#include "core/connection/connection.hpp"
#include "core/pool/async_lease.hpp"
#include "core/pool/guest.hpp"
#include "core/pool/pool.hpp"
#include "pubsub/event_queue.hpp"
#include "pubsub/liveness.hpp"
#include "pubsub/subscription_calls.hpp"
#include "pubsub/subscription_registry.hpp"
#include "resilience/backoff.hpp"

namespace redoubt::pubsub {

/// seeking (a place in the pool's line) -> connected -> lost, a pause -> seeking ... -> ended. Everything happens on
/// the I/O thread, but for what says otherwise. It ends with its last handle or with the pool, whichever comes first,
/// and touches neither pool nor reactor afterwards.
class SubscriberCore final : public core::PoolGuest,
                             public core::Connection::PushListener,
                             public std::enable_shared_from_this<SubscriberCore> {
public:
    static std::shared_ptr<SubscriberCore> open(core::Pool& pool, const subscribe_options& o,
                                                const resilience::reconnect_policy& pauses);

    SubscriberCore(core::Pool& pool, const subscribe_options& o, const resilience::reconnect_policy& pauses);
    ~SubscriberCore() override;

    const std::shared_ptr<EventQueue>& events() const noexcept { return events_; }

    /// Waits for the server's answers. Any thread but the I/O thread; whoever calls keeps the pool alive.
    result<void> ask(request of, std::vector<subscription> names, std::int64_t until_ns);
    /// No more events but `closed`; the connection goes. Any thread; waits for nothing.
    void close() noexcept;
    subscriber_stats stats() const;

private:
    void seek();
    void seek_later() noexcept;
    void on_lease(result<core::Connection*> outcome);
    void on_push(reply&& value) noexcept override;
    void on_push_down(const error& why) noexcept override;
    void on_pool_closing() noexcept override;
    void end(const error& why) noexcept;

    void start_call(const std::shared_ptr<subscription_call>& call);
    void give_up(const std::shared_ptr<subscription_call>& call, const error& why);
    void take_back(const std::vector<subscription>& names);
    error too_late(std::int64_t now_ns);

    void act();
    void carry_out(action& a);
    void note_figures() noexcept;
    void send_all() noexcept;
    void arm_pulse() noexcept;
    void pulse() noexcept;
    void fail_connection(const error& why) noexcept;
    bool post(std::function<void(SubscriberCore&)> f);

    struct Timers;

    core::Pool& pool_;
    core::Reactor& reactor_;
    const std::shared_ptr<EventQueue> events_;
    const std::chrono::nanoseconds pong_within_;

    mutable std::mutex lock_;
    bool posting_ = true;  // under lock_: the loop will still run what is posted

    // Written on the I/O thread.
    std::atomic<bool> connected_{false};
    std::atomic<std::size_t> wanted_{0};
    std::atomic<std::size_t> confirmed_{0};
    std::atomic<std::uint64_t> reconnections_{0};

    // I/O thread only
    std::unique_ptr<Timers> timers_;
    std::shared_ptr<core::AsyncLease> lease_;
    core::Connection* connection_ = nullptr;
    SubscriptionRegistry registry_;
    SubscriptionCalls calls_;
    actions actions_;
    std::deque<std::string> outbox_;
    Liveness liveness_;
    resilience::reconnect_backoff pauses_;
    bool had_connection_ = false;
    bool overflown_ = false;
    bool ended_ = false;
};

}  // namespace redoubt::pubsub
