// Bounds how many operations are under way at once; the others wait in line.
#pragma once

#include <string_view>

#include "core/stack/layer.hpp"
#include "core/stack/queued_bytes.hpp"
#include "resilience/limiter.hpp"

namespace redoubt::core {

/// What it is called.
struct limiter_label {
    std::string_view name = "limiter";  // in describe()
    phase waiting = phase::limiter;     // in errors
};

/// Waiting costs only the caller's time: a waiting operation holds no connection and no thread of ours. Whoever gives a
/// permit back starts the operation at the head of the line in its stead, so a waiting caller sleeps until its reply.
///
/// Used twice: for the operations of a client, and for the attempts on one node.
class LimiterLayer final : public Decorator {
public:
    /// `bytes`, if any: counts what waits here, in one sum with the other lines of the client. An operation that would
    /// have to wait and finds no room there is rejected, unless it was under way before (a repeated attempt).
    LimiterLayer(Layer& next, std::uint32_t limit, std::uint32_t queue_max, const limiter_label& label = {},
                 QueuedBytes* bytes = nullptr) noexcept
        : Decorator(next), limiter_(limit, queue_max), bytes_(bytes), label_(label) {}

    void start(Operation& op) noexcept override;
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override;
    bool cancel(Operation& op, errc reason) noexcept override;
    std::string describe() const override;

    const resilience::Limiter& limiter() const noexcept { return limiter_; }
    /// Nobody waits any more: those in line fail with `closed`, and so do those that come later.
    void close() noexcept;

private:
    bool count(Operation& op) noexcept;
    void left(Operation& op) noexcept;
    void go_on(Operation& op) noexcept;
    void pass_permits(Reactor& home, std::size_t count) noexcept;

    resilience::Limiter limiter_;
    QueuedBytes* const bytes_;
    const limiter_label label_;
};

}  // namespace redoubt::core
