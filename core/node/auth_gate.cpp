// The states of greetings.
#include "core/node/auth_gate.hpp"

#include <algorithm>

namespace redoubt::core {

AuthGate::answer AuthGate::ask(key who, std::int64_t now_ns) {
    if (known_.size() >= size_max && !known_.contains(who)) forget_some(now_ns);
    auto& e = known_[who];
    if (e.proven) return {.open = true, .under = e.epoch};
    // A clock that was set back must not prolong the pause.
    e.closed_until_ns = std::min(e.closed_until_ns, now_ns + e.pause.count());
    if (now_ns < e.closed_until_ns) return {.ask_again_ns = e.closed_until_ns, .refused = e.refused};
    if (e.dialling) return {.ask_again_ns = told, .refused = e.refused};
    e.dialling = true;
    return {.open = true, .under = e.epoch};
}

bool AuthGate::finished(key who, pass under, outcome how, std::int64_t now_ns, const error* why) {
    auto& e = known_[who];
    if (how == outcome::greeted) {
        const bool news = e.refused.has_value();
        e.proven = true;
        e.dialling = false;
        e.pause = {};
        e.closed_until_ns = 0;
        e.refused.reset();
        return news;
    }
    if (under != e.epoch) return false;
    e.dialling = false;
    if (how == outcome::nothing) e.refused.reset();
    if (how != outcome::refused) return false;
    ++e.epoch;
    e.proven = false;
    e.pause = std::clamp(e.pause * 2, pause_base, pause_max);
    e.closed_until_ns = now_ns + e.pause.count();
    e.refused = why != nullptr ? *why : error(errc::handshake_failed, fate::not_applied, phase::dial);
    return false;
}

void AuthGate::doubt(key who) {
    const auto k = known_.find(who);
    if (k == known_.end() || !k->second.proven) return;
    k->second.proven = false;
    ++k->second.epoch;  // the dials that were let through until now are not the one that is allowed from here on
}

bool AuthGate::retire(std::int64_t now_ns) {
    std::erase_if(known_, [now_ns](const auto& k) {
        return !k.second.refused || now_ns >= k.second.closed_until_ns + pause_max.count();
    });
    for (auto& k : known_) k.second.dialling = false;
    return known_.empty();
}

// Whoever comes with a forgotten one begins as unproven.
void AuthGate::forget_some(std::int64_t now_ns) {
    std::erase_if(known_, [now_ns](const auto& k) {
        const entry& e = k.second;
        return !e.dialling && now_ns >= e.closed_until_ns;
    });
}

}  // namespace redoubt::core
