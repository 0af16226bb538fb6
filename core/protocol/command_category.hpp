// What this client must know of commands and the server's own table does not say: kept by hand.
#pragma once

#include <cstdint>
#include <string_view>

namespace redoubt::core {

enum class category : std::uint8_t {
    none = 0,
    connection_state = 1,  // changes what its connection is or expects: not on a shared connection
    refused = 2,           // turns the connection into something that is no longer request and reply: never
    blocking = 4,          // the server may hold the reply back
    blocking_option = 8,   // the same, when it is given the option BLOCK
    script = 16,           // may have changed something although it answers an error
    harmless = 32,         // changes nothing although the server does not flag it as read-only
};

constexpr category operator|(category a, category b) noexcept {
    return static_cast<category>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(category set, category one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct category_row {
    std::string_view command;
    std::string_view subcommand;  // empty: the command whatever follows
    category kind;
};

// In lower case; the rows of one command stand together.
inline constexpr category_row category_rows[] = {
    // Subscriptions: replies come unasked from then on.
    {"subscribe", "", category::connection_state},
    {"unsubscribe", "", category::connection_state},
    {"psubscribe", "", category::connection_state},
    {"punsubscribe", "", category::connection_state},
    {"ssubscribe", "", category::connection_state},
    {"sunsubscribe", "", category::connection_state},

    // Transactions: what follows on the connection is queued, or depends on what was watched.
    {"multi", "", category::connection_state},
    {"exec", "", category::connection_state | category::script},
    {"discard", "", category::connection_state},
    {"watch", "", category::connection_state},
    {"unwatch", "", category::connection_state},

    // Identity and mode of the connection.
    {"select", "", category::connection_state},
    {"auth", "", category::connection_state},
    {"hello", "", category::connection_state},
    {"reset", "", category::connection_state},
    {"quit", "", category::connection_state},
    {"readonly", "", category::connection_state},
    {"readwrite", "", category::connection_state},
    {"asking", "", category::connection_state},
    {"client", "tracking", category::connection_state},
    {"client", "no-evict", category::connection_state},
    {"client", "no-touch", category::connection_state},
    {"client", "setname", category::connection_state},
    {"client", "caching", category::connection_state},
    {"client", "reply", category::connection_state | category::refused},
    {"client", "id", category::harmless},
    {"client", "info", category::harmless},
    {"client", "list", category::harmless},
    {"client", "getname", category::harmless},
    {"client", "getredir", category::harmless},
    {"client", "trackinginfo", category::harmless},

    // The connection stops being request and reply.
    {"monitor", "", category::connection_state | category::refused},
    {"sync", "", category::connection_state | category::refused},
    {"psync", "", category::connection_state | category::refused},

    // The server may hold the reply back.
    {"blpop", "", category::blocking},
    {"brpop", "", category::blocking},
    {"brpoplpush", "", category::blocking},
    {"blmove", "", category::blocking},
    {"blmpop", "", category::blocking},
    {"bzpopmin", "", category::blocking},
    {"bzpopmax", "", category::blocking},
    {"bzmpop", "", category::blocking},
    {"wait", "", category::blocking},
    {"waitaof", "", category::blocking},
    {"xread", "", category::blocking_option},
    {"xreadgroup", "", category::blocking_option},

    // Several effects in one command.
    {"eval", "", category::script},
    {"evalsha", "", category::script},
    {"eval_ro", "", category::script},
    {"evalsha_ro", "", category::script},
    {"fcall", "", category::script},
    {"fcall_ro", "", category::script},
    {"migrate", "", category::script},

    // Questions.
    {"ping", "", category::harmless},
    {"echo", "", category::harmless},
    {"time", "", category::harmless},
    {"info", "", category::harmless},
    {"role", "", category::harmless},
    {"lastsave", "", category::harmless},
    {"command", "", category::harmless},
    {"pubsub", "", category::harmless},
    {"acl", "cat", category::harmless},
    {"acl", "dryrun", category::harmless},
    {"acl", "getuser", category::harmless},
    {"acl", "list", category::harmless},
    {"acl", "users", category::harmless},
    {"acl", "whoami", category::harmless},
    {"cluster", "count-failure-reports", category::harmless},
    {"cluster", "countkeysinslot", category::harmless},
    {"cluster", "getkeysinslot", category::harmless},
    {"cluster", "info", category::harmless},
    {"cluster", "keyslot", category::harmless},
    {"cluster", "links", category::harmless},
    {"cluster", "myid", category::harmless},
    {"cluster", "nodes", category::harmless},
    {"cluster", "replicas", category::harmless},
    {"cluster", "shards", category::harmless},
    {"cluster", "slots", category::harmless},
    {"config", "get", category::harmless},
    {"function", "dump", category::harmless},
    {"function", "list", category::harmless},
    {"function", "stats", category::harmless},
    {"latency", "doctor", category::harmless},
    {"latency", "histogram", category::harmless},
    {"latency", "history", category::harmless},
    {"latency", "latest", category::harmless},
    {"memory", "doctor", category::harmless},
    {"memory", "stats", category::harmless},
    {"module", "list", category::harmless},
    {"script", "exists", category::harmless},
    {"slowlog", "get", category::harmless},
    {"slowlog", "len", category::harmless},
};

}  // namespace redoubt::core
