// What exists once in each process, also in one that fork() has made.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/fork_number.hpp"

namespace redoubt::core {

/// The one T of this process, made when it is first asked for and never destroyed: clients may outlive static objects.
/// A child of fork() begins with a fresh one, since a lock within its parent's may be held for ever. Any thread.
template <class T> T& per_process() {
    struct Place {
        const std::uint32_t forks;
        T value{};
    };
    static std::atomic<Place*> current{new Place{fork_number()}};
    auto* known = current.load();
    while (known->forks != fork_number()) {
        auto* const fresh = new Place{fork_number()};
        if (current.compare_exchange_strong(known, fresh)) return fresh->value;
        delete fresh;
    }
    return known->value;
}

}  // namespace redoubt::core
