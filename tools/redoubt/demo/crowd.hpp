// Other clients of a server, which take its places and drive a client out.
#pragma once

#include <string>
#include <vector>

#include "tools/support/raw_redis.hpp"

namespace redoubt::lab {

/// Plain connections that do nothing but exist, and one, the first, that looks at the server.
class Crowd {
public:
    explicit Crowd(server_address address) : address_(std::move(address)), watcher_(address_) {}

    /// Opens connections until the server refuses one.
    void fill();
    /// Kills all connections whose name begins like this and takes their places, again and again until none of them is
    /// left: the owner dials anew, and sometimes it is the first. Throws std::runtime_error when that does not end.
    void drive_out(const std::string& name_prefix);
    /// Goes. The one that looks stays.
    void leave() { members_.clear(); }

    std::size_t size() const { return members_.size(); }

private:
    bool add();
    std::vector<std::string> ids_of(const std::string& name_prefix);

    server_address address_;
    RawRedis watcher_;
    std::vector<RawRedis> members_;
};

}  // namespace redoubt::lab
