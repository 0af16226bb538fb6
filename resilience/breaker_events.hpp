// Events that are queued under a lock and delivered outside it, one at a time, in order.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "resilience/breaker_policy.hpp"

namespace redoubt::resilience {

/// The thread that finds nobody delivering delivers, also what others queue meanwhile. So a listener that causes
/// another event sees it after it has returned, and no two threads are in the listener at once.
class BreakerEvents {
public:
    explicit BreakerEvents(breaker_listener listener) : listener_(std::move(listener)) {}

    /// Preconditions: the lock is held.
    void push(breaker_event&& e) {
        if (listener_) queue_.push_back(std::move(e));
    }
    /// Preconditions: `lock` is held; it is released on return.
    void deliver(std::unique_lock<std::mutex>& lock) noexcept {
        if (!delivering_) {
            delivering_ = true;
            while (!queue_.empty()) {
                const breaker_event next = std::move(queue_.front());
                queue_.pop_front();
                lock.unlock();
                try {
                    listener_(next);
                } catch (...) {
                    errors_.fetch_add(1, std::memory_order_relaxed);
                }
                lock.lock();
            }
            delivering_ = false;
        }
        lock.unlock();
    }
    std::uint64_t errors() const noexcept { return errors_.load(std::memory_order_relaxed); }

private:
    breaker_listener listener_;
    std::deque<breaker_event> queue_;
    std::atomic<std::uint64_t> errors_{0};
    bool delivering_ = false;
};

}  // namespace redoubt::resilience
