// Filling a server.
#include "tools/redoubt/demo/crowd.hpp"

#include <stdexcept>

namespace redoubt::lab {

/// A server that is full accepts, says so, and closes: only the answer tells.
bool Crowd::add() try {
    RawRedis member(address_);
    if (member.command({"PING"}).is_error()) return false;
    members_.push_back(std::move(member));
    return true;
} catch (const std::runtime_error&) {
    return false;  // closed before it could ask
}

void Crowd::fill() {
    while (add()) {
    }
}

std::vector<std::string> Crowd::ids_of(const std::string& name_prefix) {
    std::vector<std::string> ids;
    for (const auto& client : watcher_.client_list())
        if (client.at("name").starts_with(name_prefix)) ids.push_back(client.at("id"));
    return ids;
}

void Crowd::drive_out(const std::string& name_prefix) {
    constexpr int rounds_max = 200;
    for (int round = 0; round < rounds_max; ++round) {
        const auto ids = ids_of(name_prefix);
        if (ids.empty()) return;
        for (const auto& id : ids) (void)watcher_.command({"CLIENT", "KILL", "ID", id});
        fill();
    }
    throw std::runtime_error("the places of the client could not be taken");
}

}  // namespace redoubt::lab
