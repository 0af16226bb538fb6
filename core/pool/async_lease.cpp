// Waiting for an exclusive connection, by callback.
#include "core/pool/async_lease.hpp"

#include <utility>

#include "core/pool/pool.hpp"

namespace redoubt::core {

std::shared_ptr<AsyncLease> AsyncLease::request(Pool& pool, taker taken) {
    auto mine = std::make_shared<AsyncLease>(pool, std::move(taken));
    pool.join_lease_line(*mine);
    return mine;
}

// Under the pool's lock, on whatever thread gave a connection back.
void AsyncLease::wake() noexcept {
    pool_.reactor().post([self = shared_from_this()] { self->deliver(); });
}

void AsyncLease::deliver() noexcept {
    const auto taken = std::exchange(taken_, nullptr);
    if (!taken) {  // cancelled after it was served
        if (connection != nullptr) pool_.release_lease(*connection, Pool::give_back::reusable);
        return;
    }
    connection != nullptr ? taken(connection) : taken(*refused);
}

void AsyncLease::cancel() noexcept {
    if (!std::exchange(taken_, nullptr)) return;
    pool_.leave_lease_line(*this);  // served already: deliver() gives the connection back
}

}  // namespace redoubt::core
