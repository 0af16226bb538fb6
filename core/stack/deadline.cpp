// The deadline of an operation: set once, watched to the end.
#include "core/stack/deadline.hpp"

#include "core/stack/duration_text.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

void DeadlineLayer::start(Operation& op) noexcept {
    op.started_ns = op.reactor->now_ns();
    if (!op.deadline_set && usual_.count() > 0) op.deadline_ns = later_ns(op.started_ns, usual_.count());
    if (op.started_ns >= op.deadline_ns) {
        op.fail(error(errc::deadline_exceeded, fate::not_applied, phase::none));
        return;
    }
    if (op.asynchronous()) op.reactor->watch(op);
    enter(op);
}

void DeadlineLayer::completed(Operation& op, std::array<std::uint64_t, 2>) noexcept {
    if (op.asynchronous()) op.reactor->unwatch(op);
    op.complete();
}

std::string DeadlineLayer::describe() const { return "deadline(" + duration_text(usual_) + ") > " + next().describe(); }

}  // namespace redoubt::core
