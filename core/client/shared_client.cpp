// One client for each target in a process.
#include <map>
#include <mutex>
#include <redoubt/client.hpp>

#include "core/per_process.hpp"

namespace redoubt {

namespace {

struct Registry {
    std::mutex lock;
    std::map<std::string, Client> clients;
};

bool closed(const Client& c) { return c.stats().closed; }

}  // namespace

result<Client> shared_client(const options& o) {
    BOOST_OUTCOME_TRYV(validate(o));
    auto& all = core::per_process<Registry>();
    const std::lock_guard<std::mutex> hold(all.lock);
    auto& place = all.clients[target_key(o)];
    if (closed(place)) {
        BOOST_OUTCOME_TRY(place, Client::open(o));
    }
    return place;
}

result<Client> shared_client() {
    options o;
    BOOST_OUTCOME_TRYV(o.overlay_env());
    return shared_client(o);
}

}  // namespace redoubt
