// What the public handles share: its destruction means that the user is done with the client.
#pragma once

#include <memory>

#include "core/client/client_core.hpp"

namespace redoubt::detail {

class client_handle {
public:
    explicit client_handle(std::shared_ptr<core::ClientCore> core) noexcept : core_(std::move(core)) {}
    client_handle(const client_handle&) = delete;
    client_handle& operator=(const client_handle&) = delete;
    ~client_handle() { core_->abandon(); }

    core::ClientCore& core() const noexcept { return *core_; }

private:
    std::shared_ptr<core::ClientCore> core_;
};

}  // namespace redoubt::detail
