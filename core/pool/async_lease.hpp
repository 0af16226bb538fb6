// Waiting for an exclusive connection without holding a thread.
#pragma once

#include <functional>
#include <memory>
#include <redoubt/result.hpp>

#include "core/pool/lease_line.hpp"

namespace redoubt::core {

class Pool;

/// A place in the pool's line. Everything here is for the I/O thread.
///
/// The request ends once: by `taken` being called with a connection or an error, later than the call of request(), or
/// by cancel(), after which `taken` is not called. A connection is given back with Pool::release_lease().
class AsyncLease final : public lease_request, public std::enable_shared_from_this<AsyncLease> {
public:
    using taker = std::function<void(result<Connection*>)>;

    /// Joins the line. The wait has no limit of its own.
    static std::shared_ptr<AsyncLease> request(Pool& pool, taker taken);

    AsyncLease(Pool& pool, taker taken) : pool_(pool), taken_(std::move(taken)) {}  // for request()

    void cancel() noexcept;

private:
    void wake() noexcept override;
    void deliver() noexcept;

    Pool& pool_;
    taker taken_;  // empty: over
};

}  // namespace redoubt::core
