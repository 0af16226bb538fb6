// A connection of raw hiredis, and one of its commands as words.
#pragma once

#include <hiredis/hiredis.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tools/support/raw_redis.hpp"

namespace redoubt::bench {

struct context_deleter {
    void operator()(redisContext* context) const { ::redisFree(context); }
};
using context_owner = std::unique_ptr<redisContext, context_deleter>;

inline context_owner connect_hiredis(const lab::server_address& address) {
    context_owner context(address.path.empty() ? ::redisConnect(address.host.c_str(), address.port)
                                               : ::redisConnectUnix(address.path.c_str()));
    if (context == nullptr || context->err != 0)
        throw std::runtime_error(std::string("hiredis: ") + (context ? context->errstr : "out of memory"));
    return context;
}

/// SET key value, or GET key.
struct hiredis_words {
    hiredis_words(bool set, std::string_view key, std::string_view value)
        : count(set ? 3 : 2), argv{set ? "SET" : "GET", key.data(), value.data()}, sizes{3, key.size(), value.size()} {}

    int count;
    std::array<const char*, 3> argv;
    std::array<std::size_t, 3> sizes;
};

/// Takes the reply; false for none and for an error.
inline bool is_good(void* reply) {
    if (reply == nullptr) return false;
    const bool ok = static_cast<redisReply*>(reply)->type != REDIS_REPLY_ERROR;
    ::freeReplyObject(reply);
    return ok;
}

}  // namespace redoubt::bench
