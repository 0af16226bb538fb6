// Each end of an operation, and what it says about the node.
#include "core/stack/breaker_outcome.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/protocol/server_error.hpp"

namespace redoubt::core {
namespace {

using enum resilience::call_outcome;

struct row {
    errc code;
    fate applied;
    resilience::call_outcome outcome;
};
void PrintTo(const row& r, std::ostream* out) {
    *out << make_error_code(r.code).message() << ", " << to_string(r.applied);
}

class BreakerOutcomeTest : public ::testing::TestWithParam<row> {};

TEST_P(BreakerOutcomeTest, IsAsTheTableSays) {
    const auto& [code, applied, outcome] = GetParam();
    EXPECT_EQ(breaker_outcome(error(code, applied, phase::none), command_flag::none), outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BreakerOutcomeTest,
    ::testing::Values(
        // what counts against the node
        row{errc::loading, fate::not_applied, failure}, row{errc::master_down, fate::not_applied, failure},
        row{errc::busy, fate::not_applied, failure}, row{errc::attempt_timeout, fate::unknown, failure},
        row{errc::attempt_timeout, fate::not_applied, failure}, row{errc::deadline_exceeded, fate::unknown, failure},
        // answers, whatever they say
        row{errc::server_error, fate::answered, success}, row{errc::wrong_type, fate::answered, success},
        row{errc::reply_type, fate::answered, success}, row{errc::reply_range, fate::answered, success},
        // roles, slots, rights, resources
        row{errc::moved, fate::not_applied, ignored}, row{errc::ask, fate::not_applied, ignored},
        row{errc::try_again, fate::not_applied, ignored}, row{errc::cluster_down, fate::not_applied, ignored},
        row{errc::read_only, fate::not_applied, ignored}, row{errc::out_of_memory, fate::not_applied, ignored},
        row{errc::misconf, fate::not_applied, ignored}, row{errc::no_replicas, fate::not_applied, ignored},
        row{errc::no_auth, fate::not_applied, ignored}, row{errc::wrong_pass, fate::not_applied, ignored},
        row{errc::no_perm, fate::not_applied, ignored}, row{errc::no_script, fate::not_applied, ignored},
        row{errc::unblocked, fate::not_applied, ignored}, row{errc::denied, fate::not_applied, ignored},
        row{errc::io_error, fate::not_applied, ignored}, row{errc::exec_abort, fate::not_applied, ignored},
        // events of a connection
        row{errc::max_clients, fate::not_applied, ignored}, row{errc::not_connected, fate::not_applied, ignored},
        row{errc::resolve_failed, fate::not_applied, ignored}, row{errc::connect_failed, fate::not_applied, ignored},
        row{errc::connect_timeout, fate::not_applied, ignored}, row{errc::handshake_failed, fate::not_applied, ignored},
        row{errc::reconnect_exhausted, fate::not_applied, ignored}, row{errc::connection_lost, fate::unknown, ignored},
        row{errc::connection_lost, fate::not_applied, ignored}, row{errc::write_failed, fate::unknown, ignored},
        row{errc::write_failed, fate::not_applied, ignored}, row{errc::protocol_error, fate::unknown, ignored},
        row{errc::reply_limit, fate::unknown, ignored},
        // ours
        row{errc::deadline_exceeded, fate::not_applied, ignored}, row{errc::closed, fate::unknown, ignored},
        row{errc::forked, fate::not_applied, ignored}, row{errc::would_deadlock, fate::not_applied, ignored},
        row{errc::cancelled, fate::unknown, ignored}, row{errc::cancelled, fate::not_applied, ignored},
        row{errc::limiter_full, fate::not_applied, ignored}, row{errc::connection_full, fate::not_applied, ignored},
        row{errc::breaker_open, fate::not_applied, ignored}, row{errc::invalid_option, fate::not_applied, ignored},
        row{errc::needs_dedicated, fate::not_applied, ignored}, row{errc::refused_command, fate::not_applied, ignored},
        row{errc::invalid_command, fate::not_applied, ignored}, row{errc::no_resources, fate::not_applied, ignored}));

// The words of a server, as the connection makes errors of them.
error from(std::string_view words, command_flag flags) {
    const auto meaning = read_server_error(words, flags);
    return error(meaning.code, meaning.fate, phase::reply).with_partial(meaning.partial);
}

TEST(BreakerOutcomeWordsTest, TheWholeFirstWordCounts) {
    EXPECT_EQ(breaker_outcome(from("BUSY Redis is busy running a script", {}), {}), failure);
    EXPECT_EQ(breaker_outcome(from("BUSYGROUP Consumer Group name already exists", {}), {}), success);
    EXPECT_EQ(breaker_outcome(from("BUSYKEY Target key name already exists.", {}), {}), success);
    EXPECT_EQ(breaker_outcome(from("ERR unknown command", {}), {}), success);
    EXPECT_EQ(breaker_outcome(from("NEVERHEARD of it", {}), {}), success);
}

TEST(BreakerOutcomeWordsTest, AScriptProvesNothing) {
    for (const char* words : {"LOADING forged", "MASTERDOWN forged", "BUSY forged"}) {
        EXPECT_EQ(breaker_outcome(from(words, command_flag::script), command_flag::script), ignored) << words;
        EXPECT_EQ(breaker_outcome(from(words, {}), {}), failure) << words;
    }
    EXPECT_EQ(breaker_outcome(from("ERR of a script", command_flag::script), command_flag::script), success);
}

TEST(BreakerOutcomeWordsTest, ACommandThatWaitsOnTheServerMayOutlastItsDeadline) {
    const error late(errc::deadline_exceeded, fate::unknown, phase::sent);
    EXPECT_EQ(breaker_outcome(late, command_flag::blocking), ignored);
    EXPECT_EQ(breaker_outcome(late, {}), failure);
}

TEST(BreakerOutcomeWordsTest, Stalls) {
    EXPECT_TRUE(is_stall(errc::attempt_timeout));
    EXPECT_TRUE(is_stall(errc::deadline_exceeded));
    EXPECT_FALSE(is_stall(errc::loading));
}

}  // namespace
}  // namespace redoubt::core
