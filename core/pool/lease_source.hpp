// Where a dedicated line gets its connections from.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <redoubt/result.hpp>
#include <string>

#include "core/pool/async_lease.hpp"

namespace redoubt::core {

class Connection;
class Pool;

/// What a dedicated line needs of a pool; a test has another one.
class LeaseSource {
public:
    virtual ~LeaseSource() = default;

    virtual const std::string& node() const noexcept = 0;
    /// Why no connection can even be waited for; nullopt: it can. Any thread.
    virtual std::optional<error> refusal() const noexcept = 0;
    /// What somebody is told who has waited too long. Any thread.
    virtual error too_late(errc code) const noexcept = 0;
    /// Joins the line; `taken` is called once, later, on the I/O thread, unless cancel_request() comes before. One at a
    /// time. I/O thread.
    virtual void request(AsyncLease::taker taken) = 0;
    /// I/O thread; no effect when there is none.
    virtual void cancel_request() noexcept = 0;
    /// From now on until it is given back, `told` is called on the I/O thread when a connection that has refused a
    /// command, since its buffer was full, has room again. I/O thread.
    virtual void when_room(Connection& connection, std::function<void()> told) = 0;
    /// Any thread.
    virtual void give_back(Connection& connection, bool used_up) noexcept = 0;
    /// For CLIENT SETNAME. I/O thread.
    virtual std::string next_name() = 0;
};

class PoolLeases final : public LeaseSource {
public:
    explicit PoolLeases(Pool& pool) noexcept : pool_(pool) {}

    const std::string& node() const noexcept override;
    std::optional<error> refusal() const noexcept override;
    error too_late(errc code) const noexcept override;
    void request(AsyncLease::taker taken) override;
    void cancel_request() noexcept override;
    void when_room(Connection& connection, std::function<void()> told) override;
    void give_back(Connection& connection, bool used_up) noexcept override;
    std::string next_name() override;

private:
    Pool& pool_;
    std::shared_ptr<AsyncLease> request_;  // I/O thread
};

}  // namespace redoubt::core
