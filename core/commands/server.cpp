// FLUSHDB, FLUSHALL and TIME.
#include <redoubt/commands/server.hpp>

namespace redoubt::detail {

command_base build_flush(std::string_view name, flush_mode mode) {
    switch (mode) {
        case flush_mode::sync: return build(name, command_flag::none, {"SYNC"});
        case flush_mode::async: return build(name, command_flag::none, {"ASYNC"});
        case flush_mode::by_server: break;
    }
    return build(name, command_flag::none, {});
}

// Two strings: seconds since 1970, and microseconds.
result<std::chrono::system_clock::time_point> read_time(reply&& r) {
    const auto both = codec<std::pair<std::int64_t, std::int64_t>>::decode(r);
    if (!both) return both.assume_error();
    return std::chrono::system_clock::time_point(std::chrono::seconds(both->first) +
                                                 std::chrono::microseconds(both->second));
}

}  // namespace redoubt::detail
