// Handing events to readers.
#include "pubsub/event_queue.hpp"

#include <algorithm>

namespace redoubt::pubsub {

using lock_guard = std::lock_guard<std::mutex>;

// Posted under the lock: once loop_ends() has had it, nothing is posted any more, so nothing is posted in vain.
void EventQueue::news_locked() {
    if (!served_locked()) return;
    arrived_.notify_all();
    if (waiters_.empty() || loop_over_ || std::exchange(serving_, true)) return;
    reactor_.post([self = shared_from_this()] { self->serve(); });
}

bool EventQueue::push(event&& e) {
    const lock_guard hold(lock_);
    if (finished_) return true;
    // Under the lock: whoever sees the count finds the message in the buffer, or what took its place.
    if (std::holds_alternative<message>(e)) ++messages_;
    const bool fine = buffer_.push(std::move(e)) != EventBuffer::admission::overflown;
    news_locked();
    return fine;
}

void EventQueue::open_gap(gap&& g) {
    const lock_guard hold(lock_);
    if (!finished_) buffer_.open_gap(std::move(g));
}

void EventQueue::tell_gap() {
    const lock_guard hold(lock_);
    buffer_.tell_gap();
    news_locked();
}

void EventQueue::finish(const error& why) {
    const lock_guard hold(lock_);
    if (finished_) return;
    buffer_.push_last(closed{why});
    finished_ = true;
    news_locked();
}

void EventQueue::loop_ends() {
    {
        const lock_guard hold(lock_);
        loop_over_ = true;
    }
    serve();
}

result<event> EventQueue::take_locked() {
    if (!buffer_.ready()) return errc::closed;
    return buffer_.pop();
}

// A handler that asks again at once is served in the same call, but not for ever: the connections wait for this thread.
void EventQueue::serve() {
    constexpr int rounds_max = 64;
    for (int round = 0;; ++round) {
        std::shared_ptr<detail::next_waiter> first;
        result<event> taken;
        {
            const lock_guard hold(lock_);
            serving_ = false;
            if (waiters_.empty() || !served_locked()) return;
            if (round >= rounds_max && !loop_over_) return news_locked();
            first = std::move(waiters_.front());
            waiters_.pop_front();
            taken = take_locked();
        }
        first->complete(std::move(taken), false);
    }
}

result<event> EventQueue::next(time_point until, const std::stop_token& stop) {
    const auto served = [this] { return served_locked(); };
    std::unique_lock hold(lock_);
    if (until == time_point::max()) {
        arrived_.wait(hold, stop, served);
    } else {
        arrived_.wait_until(hold, stop, until, served);
    }
    if (served_locked()) return take_locked();
    return stop.stop_requested() ? errc::cancelled : errc::deadline_exceeded;
}

void EventQueue::start(const std::shared_ptr<detail::next_waiter>& waiter) {
    result<event> taken;
    {
        const lock_guard hold(lock_);
        if (!loop_over_) {
            waiters_.push_back(waiter);
            return news_locked();
        }
        taken = take_locked();
    }
    waiter->complete(std::move(taken), true);
}

void EventQueue::cancel(const std::shared_ptr<detail::next_waiter>& waiter) {
    const lock_guard hold(lock_);
    const auto place = std::find(waiters_.begin(), waiters_.end(), waiter);
    if (place == waiters_.end()) return;
    waiters_.erase(place);
    reactor_.post([waiter] { waiter->complete(errc::cancelled, false); });
}

EventQueue::figures EventQueue::stats() const {
    const lock_guard hold(lock_);
    return {buffer_.size(), buffer_.bytes(), messages_, buffer_.dropped_total()};
}

}  // namespace redoubt::pubsub
