// One attempt: its number, its limit.
#include "core/stack/attempt_timeout.hpp"

#include "core/stack/duration_text.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

void AttemptTimeoutLayer::start(Operation& op) noexcept {
    ++op.attempts;
    op.attempt_timeout_ns = has(op.command->flags(), command_flag::blocking) ? 0 : timeout_.count();
    op.begin_attempt(op.started_ns);
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
