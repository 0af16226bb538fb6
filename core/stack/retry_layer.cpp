// Pauses and repetitions.
#include "core/stack/retry_layer.hpp"

#include <algorithm>
#include <bit>

#include "core/stack/reactor.hpp"
#include "core/stack/retry_class.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;
using resilience::retry_step;

/// What a frame keeps of the attempts so far.
struct RetryLayer::memory {
    std::uint32_t waits = 0;
    bool free_used = false;
    bool once_used = false;
    bool maybe_ran = false;  // an attempt ended without anybody knowing whether it ran
    bool paid = false;       // the pause under way leads to an attempt that is paid for
    std::int64_t previous_ns = 0;
};

void RetryLayer::completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept {
    if (!op.failed()) {
        budget_.deposit();
        return op.complete();
    }
    auto m = std::bit_cast<memory>(kept);
    const auto& why = op.failure();
    m.maybe_ran |= why.fate() == fate::unknown;
    const auto failure = read_failure(why, op.command->flags(), op.idempotent);
    if (failure.kind == resilience::retry_class::never) return give_up(op, m);
    const auto now = op.reactor->now_ns();
    act(op, m, failure, decide(op, failure, m, now), now);
}

resilience::retry_decision RetryLayer::decide(const Operation& op, const resilience::retry_failure& failure,
                                              const memory& m, std::int64_t now_ns) noexcept {
    auto policy = policy_;
    if (op.attempts_max != 0) policy.attempts_max = op.attempts_max;
    const resilience::retry_progress so_far{.attempts = std::max<std::uint32_t>(op.attempts, 1),
                                            .waits = m.waits,
                                            .previous = std::chrono::nanoseconds(m.previous_ns),
                                            .free_used = m.free_used,
                                            .once_used = m.once_used};
    const lock_guard hold(lock_);
    if (closed_) return {};
    return resilience::decide(policy, failure, so_far, now_ns, op.deadline_ns, engine_);
}

void RetryLayer::act(Operation& op, memory m, const resilience::retry_failure& failure, resilience::retry_decision d,
                     std::int64_t now_ns) noexcept {
    switch (d.step) {
        case retry_step::give_up: return give_up(op, m);
        case retry_step::at_once: m.free_used = true; return repeat(op, m);
        case retry_step::wait:
            ++m.waits;
            m.paid = false;
            return pause(op, m, later_ns(now_ns, d.pause.count()));
        case retry_step::repeat: break;
    }
    if (!budget_.withdraw(now_ns)) {
        budget_refused_.fetch_add(1, std::memory_order_relaxed);
        op.failure().with_budget_exhausted();
        return give_up(op, m);
    }
    m.once_used |= failure.kind == resilience::retry_class::any_once;
    m.paid = true;
    m.previous_ns = d.pause.count();
    pause(op, m, later_ns(now_ns, d.pause.count()));
}

// The free repetition: nothing has left, so it does not count as an attempt.
void RetryLayer::repeat(Operation& op, const memory& m) noexcept {
    free_retries_.fetch_add(1, std::memory_order_relaxed);
    if (op.attempts != 0) --op.attempts;
    op.let_in = true;
    op.started_ns = op.reactor->now_ns();
    enter(op, std::bit_cast<std::array<std::uint64_t, 2>>(m));
}

// Once it stands in the line the operation may go on, end, and be gone.
void RetryLayer::pause(Operation& op, const memory& m, std::int64_t until_ns) noexcept {
    leave_frame(op, std::bit_cast<std::array<std::uint64_t, 2>>(m));
    op.pause_until(until_ns);
    {
        const lock_guard hold(lock_);
        if (!closed_) {
            pausing_.fetch_add(1, std::memory_order_relaxed);
            line_.push_back(op);
            op.holder.store(this, std::memory_order_release);
            return;
        }
    }
    end(op, errc::closed);
}

bool RetryLayer::cancel(Operation& op, errc reason) noexcept {
    {
        const lock_guard hold(lock_);
        if (op.holder.load(std::memory_order_relaxed) != this) return false;
        // Meant for the attempt before: its time ran out while its failure was on the way here.
        if (reason == errc::attempt_timeout &&
            op.reactor->now_ns() < op.attempt_deadline_ns.load(std::memory_order_relaxed)) {
            return false;
        }
        line_.erase(op);
        op.holder.store(nullptr, std::memory_order_release);
    }
    reason == errc::attempt_timeout ? go_on(op) : end(op, reason);
    pausing_.fetch_sub(1, std::memory_order_release);  // only now: meanwhile nobody else knows of it
    return true;
}

void RetryLayer::go_on(Operation& op) noexcept {
    const auto m = std::bit_cast<memory>(take_frame(op));
    op.end_pause();
    op.let_in = true;
    op.started_ns = op.reactor->now_ns();
    if (m.paid) {
        retries_.fetch_add(1, std::memory_order_relaxed);
    } else if (op.attempts != 0) {
        --op.attempts;  // it was refused only until the server is ready: the next one stands in for it
    }
    leave_frame(op, std::bit_cast<std::array<std::uint64_t, 2>>(m));
    op.proceed(next());
}

void RetryLayer::end(Operation& op, errc reason) noexcept {
    const auto m = std::bit_cast<memory>(take_frame(op));
    if (m.paid) budget_.refund();
    op.attempt_deadline_ns.store(never_ns, std::memory_order_relaxed);
    auto& last = op.failure();
    if (reason == errc::deadline_exceeded) {
        last.with_phase(phase::backoff);
    } else {
        error why(reason, last.fate(), phase::backoff);
        why.with_details_of(last).with_read_only(has(op.command->flags(), command_flag::read_only));
        last = std::move(why);
    }
    give_up(op, m);
}

void RetryLayer::give_up(Operation& op, const memory& m) noexcept {
    auto& why = op.failure();
    if (m.maybe_ran) {
        const bool read_only = has(op.command->flags(), command_flag::read_only);
        if (why.fate() == fate::not_applied) why.with_fate(fate::unknown).with_read_only(read_only);
        if (why.fate() == fate::answered && !read_only) why.with_partial(true);
    }
    why.with_attempts(op.attempts);
    op.complete();
}

void RetryLayer::close() noexcept {
    for (;;) {
        Operation* op = nullptr;
        {
            const lock_guard hold(lock_);
            closed_ = true;
            op = line_.pop_front();
            if (op == nullptr) return;
            op->holder.store(nullptr, std::memory_order_release);
        }
        end(*op, errc::closed);
        pausing_.fetch_sub(1, std::memory_order_release);
    }
}

retry_stats RetryLayer::snapshot(std::int64_t now_ns) const noexcept {
    return {.retries = retries_.load(std::memory_order_relaxed),
            .free_retries = free_retries_.load(std::memory_order_relaxed),
            .budget_refused = budget_refused_.load(std::memory_order_relaxed),
            .tokens = budget_.tokens(now_ns)};
}

std::string RetryLayer::describe() const {
    return "retry(" + std::to_string(policy_.attempts_max) + ") > " + next().describe();
}

}  // namespace redoubt::core
