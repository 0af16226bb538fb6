// The table of options. Names and ranges here, meaning and reasons in <redoubt/options.hpp>.
#include <algorithm>
#include <array>

#include "core/options/fields.hpp"
#include "core/options/words.hpp"

namespace redoubt::core {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
constexpr std::int64_t gib = 1024 * mib;

std::int64_t number_of(std::chrono::nanoseconds d) noexcept { return d.count(); }
std::int64_t number_of(std::int32_t n) noexcept { return n; }
std::int64_t number_of(std::uint32_t n) noexcept { return n; }
std::int64_t number_of(std::size_t n) noexcept {
    return static_cast<std::int64_t>(std::min(n, static_cast<std::size_t>(int64_max)));
}

void set_number(std::chrono::nanoseconds& d, std::int64_t value) noexcept { d = std::chrono::nanoseconds(value); }
template <std::integral T> void set_number(T& n, std::int64_t value) noexcept { n = static_cast<T>(value); }

// The accessors follow a path of members: read_at<&options::pool, &pool_options::idle_min>.
template <auto... Path> std::optional<std::int64_t> read_at(const options& o) { return number_of((o.*....*Path)); }
template <auto... Path> void write_at(options& o, std::int64_t value) { set_number((o.*....*Path), value); }

// The same for a layer that can be left out: read_in<&options::limiter, &limiter_options::limit>.
template <auto Layer, auto Member> std::optional<std::int64_t> read_in(const options& o) {
    return o.*Layer ? std::optional(number_of((*(o.*Layer)).*Member)) : std::nullopt;
}
template <auto Layer, auto Member> void write_in(options& o, std::int64_t value) {
    if (!(o.*Layer)) (o.*Layer).emplace();
    set_number((*(o.*Layer)).*Member, value);
}
template <auto Layer> void leave_out(options& o) { (o.*Layer).reset(); }

struct names {
    std::string_view path;
    std::string_view parameter{};
    std::string_view variable{};
};

template <auto... Path> constexpr field count(names n, std::int64_t min, std::int64_t max, std::string_view zero = {}) {
    return {n.path, n.parameter, n.variable,
            number_rule{number_rule::unit::count, min, max, 1, zero, read_at<Path...>, write_at<Path...>, nullptr}};
}

template <auto... Path>
constexpr field duration(names n, std::chrono::nanoseconds min, std::chrono::nanoseconds max,
                         std::string_view zero = {}, std::chrono::nanoseconds step = 1ns) {
    return {n.path, n.parameter, n.variable,
            number_rule{number_rule::unit::duration, min.count(), max.count(), step.count(), zero, read_at<Path...>,
                        write_at<Path...>, nullptr}};
}

// `none`: what the value "none" does; null where another field of the layer has it.
template <auto Layer, auto Member>
constexpr field layer_count(names n, std::int64_t min, std::int64_t max, std::string_view zero = {},
                            void (*none)(options&) = nullptr) {
    return {n.path, n.parameter, n.variable,
            number_rule{number_rule::unit::count, min, max, 1, zero, read_in<Layer, Member>, write_in<Layer, Member>,
                        none}};
}

template <auto Layer, auto Member>
constexpr field layer_duration(names n, std::chrono::nanoseconds min, std::chrono::nanoseconds max) {
    return {n.path, n.parameter, n.variable,
            number_rule{number_rule::unit::duration,
                        min.count(),
                        max.count(),
                        1,
                        {},
                        read_in<Layer, Member>,
                        write_in<Layer, Member>,
                        nullptr}};
}

constexpr auto connect = &options::connect;
constexpr auto pool = &options::pool;
constexpr auto limiter = &options::limiter;
constexpr auto retry = &options::retry;
constexpr auto breaker = &options::breaker;
constexpr auto health = &options::health;
constexpr auto reconnect = &options::reconnect;
constexpr auto replies = &options::replies;

constexpr std::array table{
    field{"endpoints", "", "", word_rule{"exactly one endpoint", print_endpoints, check_endpoints, nullptr}},
    field{"user", "", "REDOUBT_USER",
          word_rule{"at most 16384 bytes, no white space", print_user, check_user, parse_user}},
    field{"password", "", "REDOUBT_PASSWORD",
          word_rule{"at most 16384 bytes", print_password, check_password, parse_password}},
    count<&options::database>({"database", "db", "REDOUBT_DATABASE"}, 0, 2147483647),
    field{"app", "app", "REDOUBT_APP", word_rule{"[A-Za-z0-9_.-], at most 64 bytes", print_app, check_app, parse_app}},
    duration<&options::deadline>({"deadline", "deadline", "REDOUBT_DEADLINE"}, 1ms, 24h, "none"),
    duration<&options::attempt_timeout>({"attempt_timeout", "attempt_timeout", "REDOUBT_ATTEMPT_TIMEOUT"}, 1ms, 24h,
                                        "none"),
    duration<connect, &connect_options::timeout>({"connect.timeout", "connect_timeout", "REDOUBT_CONNECT_TIMEOUT"}, 1ms,
                                                 5min),
    duration<connect, &connect_options::keepalive_idle>({"connect.keepalive_idle"}, 1s, 9h, "no keepalive", 1s),
    duration<connect, &connect_options::keepalive_interval>({"connect.keepalive_interval"}, 1s, 1h, "", 1s),
    count<connect, &connect_options::keepalive_probes>({"connect.keepalive_probes"}, 1, 127),
    duration<connect, &connect_options::tcp_user_timeout>({"connect.tcp_user_timeout"}, 1s, 1h, "the kernel's own",
                                                          1ms),
    count<pool, &pool_options::connections_max>({"pool.connections_max", "connections_max", "REDOUBT_CONNECTIONS_MAX"},
                                                1, 100'000, "no limit"),
    duration<pool, &pool_options::lease_idle_max>({"pool.lease_idle_max"}, 1s, 24h, "never closed"),
    duration<pool, &pool_options::lifetime_max>({"pool.lifetime_max"}, 1s, 7 * 24h, "never replaced"),
    count<pool, &pool_options::idle_min>({"pool.idle_min"}, 0, 100'000),
    layer_count<limiter, &limiter_options::limit>({"limiter.limit", "limit", "REDOUBT_LIMIT"}, 1, 1'000'000, "",
                                                  leave_out<limiter>),
    layer_count<limiter, &limiter_options::queue_max>({"limiter.queue_max", "queue_max", "REDOUBT_QUEUE_MAX"}, 0,
                                                      10'000'000, "nobody waits"),
    layer_count<retry, &retry_options::attempts_max>({"retry.attempts_max", "attempts_max", "REDOUBT_ATTEMPTS_MAX"}, 1,
                                                     100, "", leave_out<retry>),
    layer_duration<retry, &retry_options::base>({"retry.base"}, 1ms, 1min),
    layer_duration<retry, &retry_options::cap>({"retry.cap"}, 1ms, 1h),
    layer_count<retry, &retry_options::budget_max>({"retry.budget_max"}, 1, 1'000'000, "no budget"),
    layer_count<retry, &retry_options::budget_per_success_thousandths>({"retry.budget_per_success_thousandths"}, 0,
                                                                       100'000, "nothing"),
    layer_count<retry, &retry_options::budget_per_second>({"retry.budget_per_second"}, 0, 1'000'000, "nothing"),
    layer_count<breaker, &breaker_options::calls_min>(
        {"breaker.calls_min", "breaker_calls_min", "REDOUBT_BREAKER_CALLS_MIN"}, 1, 1'000'000, "", leave_out<breaker>),
    layer_count<breaker, &breaker_options::failure_percent>({"breaker.failure_percent"}, 1, 100, "no share opens it"),
    layer_count<breaker, &breaker_options::dials_max>({"breaker.dials_max"}, 1, 1'000'000, "no number opens it"),
    layer_duration<breaker, &breaker_options::open_base>({"breaker.open_base"}, 1ms, 1h),
    layer_duration<breaker, &breaker_options::open_max>({"breaker.open_max"}, 1ms, 1h),
    duration<health, &health_options::interval>({"health.interval"}, 100ms, 1h),
    duration<health, &health_options::timeout>({"health.timeout"}, 1ms, 1min),
    count<health, &health_options::fall>({"health.fall"}, 1, 100),
    count<health, &health_options::rise>({"health.rise"}, 1, 100),
    count<&options::node_limit>({"node_limit", "node_limit", "REDOUBT_NODE_LIMIT"}, 1, 1'000'000),
    duration<reconnect, &reconnect_options::base>({"reconnect.base"}, 1ms, 1min),
    duration<reconnect, &reconnect_options::cap>({"reconnect.cap"}, 1ms, 1h),
    count<reconnect, &reconnect_options::factor>({"reconnect.factor"}, 1, 10),
    count<reconnect, &reconnect_options::attempts_max>({"reconnect.attempts_max"}, 1, 1'000'000, "for ever"),
    field{"when_disconnected", "when_disconnected", "REDOUBT_WHEN_DISCONNECTED",
          word_rule{"wait or fail", print_when_disconnected, check_when_disconnected, parse_when_disconnected}},
    count<replies, &reply_limits::bulk_bytes_max>({"replies.bulk_bytes_max"}, 1, gib),
    count<replies, &reply_limits::line_bytes_max>({"replies.line_bytes_max"}, 64, 16 * mib),
    count<replies, &reply_limits::nodes_max>({"replies.nodes_max"}, 1, 1 << 28),
    count<replies, &reply_limits::depth_max>({"replies.depth_max"}, 1, 8),
    count<replies, &reply_limits::text_bytes_max>({"replies.text_bytes_max"}, 1, 3 * gib),
    count<&options::output_bytes_max>({"output_bytes_max"}, 4 * kib, gib),
    count<&options::queue_bytes_max>({"queue_bytes_max", "queue_bytes_max", "REDOUBT_QUEUE_BYTES_MAX"}, 64 * kib,
                                     1024 * gib, "no ceiling"),
    count<&options::io_stack_bytes>({"io_stack_bytes"}, 128 * kib, gib, "the system's default"),
    field{"read_by", "read_by", "REDOUBT_READ_BY",
          word_rule{"caller or io_thread", print_read_by, check_read_by, parse_read_by}},
    duration<&options::spin>({"spin", "spin", "REDOUBT_SPIN"}, 1us, 100us, "never"),
};

}  // namespace

std::span<const field> fields() { return table; }

}  // namespace redoubt::core
