// What the public handles share: its destruction means that the user is done with the client.
#pragma once

#include <memory>

#include "core/client/client_core.hpp"

namespace redoubt::detail {

/// Of a client, or of a dedicated one: that has a line of its own, and keeps the handle of the client it came from.
class client_handle {
public:
    explicit client_handle(std::shared_ptr<core::ClientCore> core) noexcept : core_(std::move(core)) {}
    client_handle(std::shared_ptr<client_handle> origin, std::shared_ptr<core::DedicatedLine> line) noexcept
        : core_(origin->core_), origin_(std::move(origin)), line_(std::move(line)) {}
    client_handle(const client_handle&) = delete;
    client_handle& operator=(const client_handle&) = delete;
    ~client_handle();

    core::ClientCore& core() const noexcept { return *core_; }
    /// Null: its calls run on the shared connection.
    core::DedicatedLine* line() const noexcept { return line_.get(); }
    /// Of the client that this one is, or came from.
    static const std::shared_ptr<client_handle>& origin_of(const std::shared_ptr<client_handle>& h) noexcept {
        return h->origin_ ? h->origin_ : h;
    }

private:
    std::shared_ptr<core::ClientCore> core_;
    std::shared_ptr<client_handle> origin_;
    std::shared_ptr<core::DedicatedLine> line_;
};

}  // namespace redoubt::detail
