// One attempt: its number, its limit.
#include "core/stack/attempt_timeout.hpp"

#include "core/stack/duration_text.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

void AttemptTimeoutLayer::start(Operation& op) noexcept {
    ++op.attempts;
    if (timeout_.count() > 0 && !has(op.command->flags(), command_flag::blocking)) {
        op.attempt_deadline_ns.store(later_ns(op.started_ns, timeout_.count()), std::memory_order_relaxed);
        if (op.asynchronous()) op.reactor->watch(op);
    }
    enter(op);
}

void AttemptTimeoutLayer::completed(Operation& op, std::array<std::uint64_t, 2>) noexcept {
    op.attempt_deadline_ns.store(never_ns, std::memory_order_relaxed);
    if (op.failed()) op.failure().with_attempts(op.attempts);
    op.complete();
}

std::string AttemptTimeoutLayer::describe() const {
    return "attempt(" + duration_text(timeout_) + ") > " + next().describe();
}

}  // namespace redoubt::core
