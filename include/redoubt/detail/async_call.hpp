// What stands between the templates of an asynchronous call and the compiled engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <redoubt/call_options.hpp>
#include <redoubt/command.hpp>
#include <redoubt/error.hpp>
#include <redoubt/reply.hpp>

namespace redoubt::core {
class AsyncOperation;
class ClientCore;
struct cancel_link;
}  // namespace redoubt::core

namespace redoubt::detail {

class client_handle;

/// The outcome of an asynchronous call, as the engine hands it to the user's side.
class call_outcome {
public:
    explicit call_outcome(core::AsyncOperation& op) noexcept : op_(&op) {}
    bool failed() const noexcept;
    error& failure() noexcept;
    reply& value() noexcept;
    /// Gives the block of memory back, the storage of the user's side included. Take out first what is needed.
    void release() noexcept;

private:
    core::AsyncOperation* op_;
};

/// Called once, on the I/O thread, with the storage that was filled before the launch.
using deliver_function = void (*)(void* storage, call_outcome outcome);

/// A call that is being prepared.
struct prepared_call {
    core::AsyncOperation* op;
    void* storage;
};

/// A block with room for the user's side. Throws std::bad_alloc.
prepared_call prepare_call(core::ClientCore& core, std::size_t storage_size);

/// The command lives in the storage. `link` may be null.
void launch_call(client_handle& handle, prepared_call call, const command_base& command, const call_options& options,
                 deliver_function deliver, const std::shared_ptr<core::cancel_link>& link) noexcept;

/// For a handler that can be cancelled.
std::shared_ptr<core::cancel_link> make_cancel_link(core::ClientCore& core, prepared_call call);
/// Cancels the call if it is still under way. Any thread.
void request_cancel(const std::shared_ptr<core::cancel_link>& link) noexcept;

/// A completion handler threw on the I/O thread: it is logged and counted, and the thread goes on.
void handler_threw(core::ClientCore& core) noexcept;

}  // namespace redoubt::detail
