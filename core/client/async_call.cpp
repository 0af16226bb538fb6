// The compiled side of asynchronous calls.
#include <exception>
#include <new>
#include <redoubt/detail/async_call.hpp>
#include <redoubt/detail/async_client.hpp>

#include "core/client/client_handle.hpp"
#include "core/log.hpp"

namespace redoubt::detail {

core::ClientCore* core_of(client_handle* handle) noexcept { return handle != nullptr ? &handle->core() : nullptr; }

boost::asio::io_context& context_of(core::ClientCore& core) noexcept { return core.reactor().context(); }

prepared_call prepare_call(core::ClientCore& core, std::size_t storage_size) {
    auto& op = core::AsyncOperation::create(core.reactor(), storage_size);
    return {&op, op.extra()};
}

void launch_call(client_handle& handle, prepared_call call, const command_base& command, const call_options& options,
                 deliver_function deliver, const std::shared_ptr<core::cancel_link>& link) noexcept {
    call.op->command = &command;
    call.op->deliver = deliver;
    call.op->link = link;
    handle.core().launch(*call.op, options, handle.line());
}

std::shared_ptr<core::cancel_link> make_cancel_link(core::ClientCore& core, prepared_call call) {
    return std::make_shared<core::cancel_link>(core::cancel_link{call.op, core.weak_from_this()});
}

void request_cancel(const std::shared_ptr<core::cancel_link>& link) noexcept {
    const auto core = link->core.lock();
    if (!core) return;
    try {
        core->reactor().post([link] {
            // In nobody's hands only while it is handed on: once more.
            if (link->operation != nullptr && !link->operation->cancel(errc::cancelled)) request_cancel(link);
        });
    } catch (const std::bad_alloc&) {
        // No memory to ask: the operation ends as if nobody had.
    }
}

void handler_threw(core::ClientCore& core) noexcept {
    core.count_handler_exception();
    try {
        throw;
    } catch (const std::exception& e) {
        core::log_state(log_level::error, {"handler"}, std::string("a completion handler threw: ") + e.what());
    } catch (...) {
        core::log_state(log_level::error, {"handler"}, "a completion handler threw");
    }
}

}  // namespace redoubt::detail
