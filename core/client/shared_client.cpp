// One client for each target in a process.
#include <atomic>
#include <map>
#include <mutex>
#include <redoubt/client.hpp>

#include "core/fork_number.hpp"

namespace redoubt {

namespace {

struct Registry {
    const std::uint32_t forks;
    std::mutex lock;
    std::map<std::string, Client> clients;
};

// Never destroyed: other static objects may still use their client while the process ends.
// A child of fork() begins with an empty one: its parent's clients are not its own, nor is the lock they were under.
Registry& registry() {
    static std::atomic<Registry*> current{new Registry{core::fork_number(), {}, {}}};
    auto* known = current.load();
    while (known->forks != core::fork_number()) {
        auto* const fresh = new Registry{core::fork_number(), {}, {}};
        if (current.compare_exchange_strong(known, fresh)) return *fresh;
        delete fresh;
    }
    return *known;
}

bool closed(const Client& c) { return c.stats().closed; }

}  // namespace

result<Client> shared_client(const options& o) {
    BOOST_OUTCOME_TRYV(validate(o));
    auto& all = registry();
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
