// What each failure of a command permits: a row for each event that one server can cause.
#include "core/stack/retry_class.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;
using enum resilience::retry_class;
using resilience::retry_class;
using std::chrono::nanoseconds;

enum class free_repetition : bool { no, yes };

struct event {
    const char* name;
    errc code;
    redoubt::fate fate;
    redoubt::phase phase;
    retry_class expected;
    free_repetition free = free_repetition::no;
    nanoseconds pause_min = 0ns;
    nanoseconds pause_max = 0ns;
};
void PrintTo(const event& e, std::ostream* out) { *out << e.name; }

class EventTable : public ::testing::TestWithParam<event> {};

TEST_P(EventTable, PermitsWhatTheRowSays) {
    const auto& row = GetParam();
    const auto f = read_failure(error(row.code, row.fate, row.phase), command_flag::none, false);
    EXPECT_EQ(f.kind, row.expected);
    EXPECT_EQ(f.unsent, row.free == free_repetition::yes);
    EXPECT_EQ(f.pause_min, row.pause_min);
    EXPECT_EQ(f.pause_max, row.pause_max);
    EXPECT_FALSE(f.repeatable) << "a command without flags writes";
}

constexpr auto no = fate::not_applied;
constexpr auto perhaps = fate::unknown;
constexpr auto yes = fate::answered;
constexpr auto free_of_charge = free_repetition::yes;
constexpr auto paid = free_repetition::no;

INSTANTIATE_TEST_SUITE_P(
    Connections, EventTable,
    ::testing::Values(event{"connection refused", errc::connect_failed, no, phase::dial, any},
                      event{"DNS failure", errc::resolve_failed, no, phase::dial, any},
                      event{"connect timeout", errc::connect_timeout, no, phase::dial, any},
                      event{"max number of clients", errc::max_clients, no, phase::dial, any},
                      event{"max number of clients, on a connection", errc::max_clients, no, phase::reply, any},
                      event{"greeting refused", errc::handshake_failed, no, phase::dial, never},
                      event{"write error, frame incomplete", errc::write_failed, no, phase::queue, any, free_of_charge},
                      event{"write error, frame whole", errc::write_failed, perhaps, phase::sent, idempotent},
                      event{"EOF before it was sent", errc::connection_lost, no, phase::queue, any, free_of_charge},
                      event{"EOF with commands in flight", errc::connection_lost, perhaps, phase::sent, idempotent},
                      event{"attempt timeout in the queue", errc::attempt_timeout, no, phase::queue, any},
                      event{"attempt timeout after send", errc::attempt_timeout, perhaps, phase::sent, idempotent},
                      event{"protocol error, not sent", errc::protocol_error, no, phase::queue, any, free_of_charge},
                      event{"protocol error, in flight", errc::protocol_error, perhaps, phase::sent, idempotent},
                      event{"reply limit", errc::reply_limit, perhaps, phase::sent, never},
                      event{"reply limit, not sent", errc::reply_limit, no, phase::queue, never},
                      event{"not connected, not to wait", errc::not_connected, no, phase::dial, never},
                      event{"output buffer full", errc::connection_full, no, phase::queue, never},
                      event{"series of dials exhausted", errc::reconnect_exhausted, no, phase::dial, never}));

INSTANTIATE_TEST_SUITE_P(
    States, EventTable,
    ::testing::Values(event{"TRYAGAIN", errc::try_again, no, phase::reply, wait_state, paid, 50ms, 100ms},
                      event{"CLUSTERDOWN", errc::cluster_down, no, phase::reply, wait_state, paid, 100ms, 1s},
                      event{"LOADING", errc::loading, no, phase::reply, wait_state, paid, 100ms, 1s},
                      event{"MASTERDOWN", errc::master_down, no, phase::reply, wait_state, paid, 100ms, 1s},
                      event{"READONLY", errc::read_only, no, phase::reply, any},
                      event{"BUSY", errc::busy, no, phase::reply, any_once, paid, 100ms},
                      event{"NOREPLICAS", errc::no_replicas, no, phase::reply, any_once},
                      event{"NOAUTH on a live connection", errc::no_auth, no, phase::reply, any_once},
                      event{"NOAUTH of a dial", errc::no_auth, no, phase::dial, never},
                      event{"OOM", errc::out_of_memory, no, phase::reply, never},
                      event{"MISCONF", errc::misconf, no, phase::reply, never},
                      event{"WRONGPASS", errc::wrong_pass, no, phase::reply, never},
                      event{"NOPERM", errc::no_perm, no, phase::reply, never},
                      event{"NOSCRIPT", errc::no_script, no, phase::reply, never},
                      event{"UNBLOCKED", errc::unblocked, no, phase::reply, never},
                      event{"DENIED", errc::denied, no, phase::reply, never},
                      event{"IOERR", errc::io_error, no, phase::reply, never},
                      event{"WRONGTYPE", errc::wrong_type, yes, phase::reply, never},
                      event{"ERR", errc::server_error, yes, phase::reply, never},
                      event{"EXECABORT", errc::exec_abort, no, phase::reply, never},
                      event{"MOVED", errc::moved, no, phase::reply, never},
                      event{"ASK", errc::ask, no, phase::reply, never}));

// A script can answer any text: what it says of the server proves nothing.
INSTANTIATE_TEST_SUITE_P(
    StatesFromScripts, EventTable,
    ::testing::Values(event{"TRYAGAIN", errc::try_again, perhaps, phase::reply, never, paid, 50ms, 100ms},
                      event{"CLUSTERDOWN", errc::cluster_down, perhaps, phase::reply, never, paid, 100ms, 1s},
                      event{"LOADING", errc::loading, perhaps, phase::reply, never, paid, 100ms, 1s},
                      event{"MASTERDOWN", errc::master_down, perhaps, phase::reply, never, paid, 100ms, 1s},
                      event{"READONLY", errc::read_only, perhaps, phase::reply, never},
                      event{"BUSY", errc::busy, perhaps, phase::reply, never, paid, 100ms},
                      event{"NOREPLICAS", errc::no_replicas, perhaps, phase::reply, never},
                      event{"NOAUTH", errc::no_auth, perhaps, phase::reply, never},
                      event{"OOM", errc::out_of_memory, perhaps, phase::reply, never}));

INSTANTIATE_TEST_SUITE_P(
    Decisions, EventTable,
    ::testing::Values(event{"limiter full", errc::limiter_full, no, phase::limiter, never},
                      event{"deadline while queued", errc::deadline_exceeded, no, phase::queue, never},
                      event{"deadline after send", errc::deadline_exceeded, perhaps, phase::sent, never},
                      event{"breaker open", errc::breaker_open, no, phase::none, never},
                      event{"cancelled before send", errc::cancelled, no, phase::queue, never},
                      event{"cancelled after send", errc::cancelled, perhaps, phase::sent, never},
                      event{"closed", errc::closed, no, phase::queue, never},
                      event{"closed after send", errc::closed, perhaps, phase::sent, never},
                      event{"forked", errc::forked, no, phase::none, never},
                      event{"would deadlock", errc::would_deadlock, no, phase::none, never},
                      event{"needs a dedicated connection", errc::needs_dedicated, no, phase::none, never},
                      event{"refused command", errc::refused_command, no, phase::none, never},
                      event{"malformed command", errc::invalid_command, no, phase::none, never},
                      event{"wrong option", errc::invalid_option, no, phase::none, never},
                      event{"no resources", errc::no_resources, no, phase::none, never},
                      event{"reply of another type", errc::reply_type, yes, phase::reply, never},
                      event{"reply out of range", errc::reply_range, yes, phase::reply, never}));

// -- which commands may run twice --

struct kind_of_command {
    const char* name;
    Command<reply> command;
    bool by_itself;
    bool when_the_caller_says_so;
};

TEST(Repeatable, DependsOnTheCommandAndOnWhatTheCallerSays) {
    const kind_of_command table[] = {
        {"reads", command("GET", "k"), true, true},
        {"asks", command("PING"), true, true},
        {"writes", command("SET", "k", "v"), false, true},
        {"counts", command("INCR", "k"), false, true},
        {"tells others", command("PUBLISH", "c", "m"), false, true},
        {"runs a script", command("EVAL", "return 1", 0), false, true},
        {"runs a script that reads", command("EVAL_RO", "return 1", 0), true, true},
        {"is not known", command("MODULE.DO", "k"), false, true},
        {"waits on the server", command("BLPOP", "k", 0), false, false},
        {"reads, and waits", command("XREAD", "BLOCK", 0, "STREAMS", "s", "$"), false, false},
        {"changes its connection", command("SELECT", 1), false, false},
        {"watches", command("WATCH", "k"), false, false},
        {"ends a transaction", command("EXEC"), false, false},
    };
    const error lost(errc::connection_lost, fate::unknown, phase::sent);
    for (const auto& row : table) {
        EXPECT_EQ(read_failure(lost, row.command.flags(), false).repeatable, row.by_itself) << row.name;
        EXPECT_EQ(read_failure(lost, row.command.flags(), true).repeatable, row.when_the_caller_says_so) << row.name;
    }
}

TEST(Repeatable, DoesNotMakeARefusalOrAScriptsWordsRepeatable) {
    const auto reads = command("EVAL_RO", "return redis.error_reply('LOADING')", 0).flags();
    EXPECT_EQ(read_failure(error(errc::loading, fate::unknown, phase::reply), reads, true).kind, never);
    EXPECT_EQ(read_failure(error(errc::wrong_type, fate::answered, phase::reply), reads, true).kind, never);
}

}  // namespace
}  // namespace redoubt::core
