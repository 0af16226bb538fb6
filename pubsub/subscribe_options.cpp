// The ranges of a subscriber's options.
#include <redoubt/pubsub/subscribe_options.hpp>

#include "core/options/invalid.hpp"
#include "core/options/value_text.hpp"

namespace redoubt {

namespace {

using std::chrono::nanoseconds;

result<void> in_range(const char* field, std::uint64_t value, std::uint64_t min, std::uint64_t max) {
    if (value >= min && value <= max) return ok();
    return core::invalid("subscribe." + std::string(field) + ": " + std::to_string(value) + " is outside " +
                         std::to_string(min) + ".." + std::to_string(max));
}

result<void> in_range(const char* field, nanoseconds value, const char* zero) {
    constexpr nanoseconds min = std::chrono::milliseconds(10);
    constexpr nanoseconds max = std::chrono::hours(1);
    if ((value >= min && value <= max) || (*zero != '\0' && value.count() == 0)) return ok();
    return core::invalid("subscribe." + std::string(field) + ": " + core::print_duration(value) + " is outside " +
                         core::print_duration(min) + ".." + core::print_duration(max) + zero);
}

}  // namespace

result<void> validate(const subscribe_options& o) {
    BOOST_OUTCOME_TRYV(in_range("buffer_messages", o.buffer_messages, 1, 10'000'000));
    BOOST_OUTCOME_TRYV(in_range("buffer_bytes", o.buffer_bytes, 1024, std::uint64_t{16} << 30));
    if (o.overflow > overflow::close) {
        return core::invalid("subscribe.overflow: " + std::to_string(static_cast<unsigned>(o.overflow)) +
                             " is none of drop_oldest, drop_newest, close");
    }
    BOOST_OUTCOME_TRYV(in_range("ping_after", o.ping_after, " (0: never)"));
    BOOST_OUTCOME_TRYV(in_range("pong_within", o.pong_within, ""));
    return ok();
}

}  // namespace redoubt
