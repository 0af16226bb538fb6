// How an operation moves: onwards through the layers, and back through the frames they left.
#include "core/stack/operation.hpp"

#include "core/stack/layer.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

void Operation::proceed(Layer& layer) noexcept {
    if (asynchronous() && !reactor->on_thread()) {
        resume_at_ = &layer;
        reactor->resume(*this);
        return;
    }
    layer.start(*this);
}

void Operation::complete() noexcept {
    if (asynchronous() && !reactor->on_thread()) {
        resume_at_ = nullptr;
        reactor->resume(*this);
        return;
    }
    if (depth_ == 0) {
        finished();
        return;
    }
    const frame top = frames_[--depth_];
    top.layer->completed(*this, top.kept);
}

void Operation::watch_again() noexcept {
    if (asynchronous()) reactor->watch(*this);
}

bool Operation::cancel(errc reason) noexcept {
    auto* const layer = holder.load(std::memory_order_acquire);
    return layer != nullptr && layer->cancel(*this, reason);
}

bool Operation::expire(std::int64_t now_ns) noexcept {
    if (now_ns >= deadline_ns) return cancel(errc::deadline_exceeded);
    if (now_ns >= attempt_deadline_ns.load(std::memory_order_relaxed)) return cancel(errc::attempt_timeout);
    return false;
}

}  // namespace redoubt::core
