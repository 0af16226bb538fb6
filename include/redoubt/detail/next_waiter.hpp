// What stands between the templates of async_next and the compiled subscriber.
#pragma once

#include <memory>
#include <redoubt/detail/async_client.hpp>
#include <redoubt/pubsub/event.hpp>
#include <redoubt/result.hpp>

namespace redoubt::detail {

/// One reader that waits without a thread.
class next_waiter {
public:
    virtual ~next_waiter() = default;
    /// Called once. On the I/O thread, never from within the initiating call; or, `elsewhere`, on the initiating thread
    /// because the I/O thread has ended: then the handler must be called by another one.
    virtual void complete(result<event>&& outcome, bool elsewhere) noexcept = 0;
};

class subscriber_handle;

/// Null in a child of fork().
core::ClientCore* core_of(const subscriber_handle& handle) noexcept;
/// Puts it in the line of readers.
void start_next(const subscriber_handle& handle, const std::shared_ptr<next_waiter>& waiter);
/// A function that takes the waiter out of the line again, if it is still there, and completes it with `cancelled`.
class next_canceller {
public:
    next_canceller(const subscriber_handle& handle, const std::shared_ptr<next_waiter>& waiter);
    void operator()() const noexcept;

private:
    std::weak_ptr<void> events_;
    std::weak_ptr<next_waiter> waiter_;
};

}  // namespace redoubt::detail
