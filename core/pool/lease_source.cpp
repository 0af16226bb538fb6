// The pool as a source of connections.
#include "core/pool/lease_source.hpp"

#include <utility>

#include "core/pool/pool.hpp"

namespace redoubt::core {

const std::string& PoolLeases::node() const noexcept { return pool_.node(); }

std::optional<error> PoolLeases::refusal() const noexcept { return pool_.lease_refusal(); }

error PoolLeases::too_late(errc code) const noexcept { return pool_.late_for_lease(code); }

void PoolLeases::request(AsyncLease::taker taken) { request_ = AsyncLease::request(pool_, std::move(taken)); }

void PoolLeases::cancel_request() noexcept {
    if (const auto mine = std::exchange(request_, nullptr)) mine->cancel();
}

void PoolLeases::when_room(Connection& connection, std::function<void()> told) {
    pool_.when_lease_has_room(connection, std::move(told));
}

void PoolLeases::give_back(Connection& connection, bool used_up) noexcept {
    using state = Pool::give_back;
    pool_.release_lease(connection, used_up ? state::used_up : state::reusable);
}

std::string PoolLeases::next_name() { return pool_.next_client_name("dedicated"); }

}  // namespace redoubt::core
