// The limiter in the stack.
#include "core/stack/limiter_layer.hpp"

#include <new>

#include "core/stack/reactor.hpp"

namespace redoubt::core {

void LimiterLayer::start(Operation& op) noexcept {
    if (limiter_.try_acquire()) return enter(op);
    if (!count(op)) return op.fail(bytes_->rejection(label_.waiting));
    // Before the line is joined: from then on another thread may hand a permit over and take the operation along.
    op.holder.store(this, std::memory_order_release);
    const auto answer = limiter_.acquire(op);
    if (answer == resilience::admission::queued) return;
    left(op);
    if (answer == resilience::admission::granted) return enter(op);
    const auto why = answer == resilience::admission::full ? errc::limiter_full : errc::closed;
    op.fail(error(why, fate::not_applied, label_.waiting));
}

// Before it joins the line, where others see it leave. False: no room.
bool LimiterLayer::count(Operation& op) noexcept {
    if (bytes_ == nullptr) return true;
    op.weight = op.command->bytes().size();
    if (op.attempts == 0 && !op.let_in) return bytes_->try_add(op.weight);
    bytes_->add(op.weight);
    return true;
}

// It is in nobody's hands any more.
void LimiterLayer::left(Operation& op) noexcept {
    if (bytes_ != nullptr) bytes_->remove(op.weight);
    op.holder.store(nullptr, std::memory_order_release);
}

void LimiterLayer::completed(Operation& op, std::array<std::uint64_t, 2>) noexcept {
    pass_permits(*op.reactor, 1);
    op.complete();
}

// An operation that starts may fail at once and give its permit back inside this very call: a loop, not a recursion
// as deep as the line is long. And it may join the line again from its handler: after some rounds it is the turn of the
// I/O thread's other work, of its clock above all, or of what the calling thread came for.
void LimiterLayer::pass_permits(Reactor& home, std::size_t count) noexcept {
    constexpr int rounds_max = 64;
    struct round {
        const LimiterLayer* of;
        std::size_t returned;
    };
    static thread_local round* under_way = nullptr;
    if (under_way != nullptr && under_way->of == this) {
        under_way->returned += count;
        return;
    }
    round mine{this, count};
    for (;;) {
        auto* const outer = std::exchange(under_way, &mine);
        for (int i = 0; mine.returned != 0 && i < rounds_max; ++i, --mine.returned) {
            if (auto* const waiter = limiter_.release()) go_on(static_cast<Operation&>(*waiter));
        }
        under_way = outer;
        if (mine.returned == 0) return;
        try {
            return home.post([this, &home, rest = mine.returned] { pass_permits(home, rest); });
        } catch (const std::bad_alloc&) {
            // No memory to put it off: then at once.
        }
    }
}

void LimiterLayer::go_on(Operation& op) noexcept {
    __builtin_prefetch(op.command);  // cold after a long wait; needed when it is sent
    __builtin_prefetch(reinterpret_cast<const char*>(op.command) + 64);
    left(op);
    op.started_ns = op.reactor->now_ns();
    leave_frame(op);
    op.proceed(next());
}

bool LimiterLayer::cancel(Operation& op, errc reason) noexcept {
    if (!limiter_.remove(op)) return false;
    left(op);
    op.fail(error(reason, fate::not_applied, label_.waiting));
    return true;
}

void LimiterLayer::close() noexcept {
    auto waiting = limiter_.close();
    while (auto* const waiter = waiting.pop()) {
        auto& op = static_cast<Operation&>(*waiter);
        left(op);
        op.fail(error(errc::closed, fate::not_applied, label_.waiting));
    }
}

std::string LimiterLayer::describe() const {
    return std::string(label_.name) + "(" + std::to_string(limiter_.snapshot().limit) + ") > " + next().describe();
}

}  // namespace redoubt::core
