// FLUSHDB, FLUSHALL and TIME.
#include <redoubt/commands/server.hpp>

#include <charconv>

namespace redoubt::detail {

namespace {

bool read_number(std::string_view text, std::int64_t& number) noexcept {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    return ec == std::errc() && end == text.data() + text.size();
}

}  // namespace

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
    std::int64_t seconds = 0;
    std::int64_t microseconds = 0;
    if (r.size() != 2 || !read_number(r[0].text(), seconds) || !read_number(r[1].text(), microseconds)) {
        return wrong_reply_type();
    }
    return std::chrono::system_clock::time_point(std::chrono::seconds(seconds) +
                                                 std::chrono::microseconds(microseconds));
}

}  // namespace redoubt::detail
