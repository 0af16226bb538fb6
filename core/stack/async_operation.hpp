// A call whose outcome is delivered to a completion handler that lives in the same block of memory.
#pragma once

#include <cstddef>
#include <memory>

#include <redoubt/detail/async_call.hpp>
#include "core/stack/operation.hpp"

namespace redoubt::core {

class AsyncOperation;
class ClientCore;

/// Shared by an operation and the cancellation slot of its handler: a late signal finds that the operation is over.
struct cancel_link {
    AsyncOperation* operation;  // I/O thread only; null: over
    std::weak_ptr<ClientCore> core;
};

class AsyncOperation final : public Operation {
public:
    /// A block with an operation and `extra` bytes behind it, from a cache of this thread.
    static AsyncOperation& create(Reactor& home, std::size_t extra);
    /// Ends the operation and returns its block to a cache.
    void destroy() noexcept;

    void* extra() noexcept { return reinterpret_cast<std::byte*>(this) + extra_offset; }

    /// Begins at `first`. I/O thread. The handler is never called from within this call.
    void launch(Layer& layer) noexcept;

    /// Ends before it began; the handler is called later, on the I/O thread. Any thread.
    void fail_later(error why) noexcept;
    /// The same on a thread of Asio's system executor, for when there is no I/O thread any more. `client` is what the
    /// handler's executor belongs to: it stays until the handler has returned, whoever lets go of its last handle.
    void fail_elsewhere(error why, std::shared_ptr<const void> client) noexcept;

    detail::deliver_function deliver = nullptr;
    std::shared_ptr<cancel_link> link;

private:
    static const std::size_t extra_offset;

    AsyncOperation(Reactor& home, std::size_t block) noexcept : Operation(home, origin::asynchronous), block_(block) {}
    ~AsyncOperation() override = default;
    void finished() noexcept override;

    std::size_t block_;
    bool initiating_ = false;  // within launch()
    bool deferred_ = false;    // ended within launch()
};

}  // namespace redoubt::core
