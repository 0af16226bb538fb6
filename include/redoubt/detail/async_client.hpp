// What async.hpp asks the compiled client for.
#pragma once

#include <redoubt/detail/async_call.hpp>

namespace boost::asio {
class io_context;
}

namespace redoubt::detail {

class client_handle;

/// Null for a handle without a client.
core::ClientCore* core_of(client_handle* handle) noexcept;
boost::asio::io_context& context_of(core::ClientCore& core) noexcept;

}  // namespace redoubt::detail
