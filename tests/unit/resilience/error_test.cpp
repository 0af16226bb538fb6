// Errors: what they say, how their details are shared, and what they compare equal to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <redoubt/error.hpp>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace redoubt {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

static_assert(sizeof(error) == 16);
static_assert(std::is_nothrow_copy_constructible_v<error> && std::is_nothrow_move_constructible_v<error>);
static_assert(std::is_nothrow_copy_assignable_v<error> && std::is_nothrow_move_assignable_v<error>);
static_assert(std::is_error_code_enum_v<errc> && std::is_error_condition_enum_v<condition>);

constexpr std::array all_codes{errc::closed,
                               errc::forked,
                               errc::would_deadlock,
                               errc::cancelled,
                               errc::deadline_exceeded,
                               errc::attempt_timeout,
                               errc::limiter_full,
                               errc::connection_full,
                               errc::not_connected,
                               errc::invalid_option,
                               errc::needs_dedicated,
                               errc::refused_command,
                               errc::invalid_command,
                               errc::resolve_failed,
                               errc::connect_failed,
                               errc::connect_timeout,
                               errc::handshake_failed,
                               errc::connection_lost,
                               errc::write_failed,
                               errc::protocol_error,
                               errc::reply_limit,
                               errc::reply_type,
                               errc::reply_range,
                               errc::server_error,
                               errc::wrong_type,
                               errc::moved,
                               errc::ask,
                               errc::try_again,
                               errc::cluster_down,
                               errc::loading,
                               errc::read_only,
                               errc::master_down,
                               errc::busy,
                               errc::out_of_memory,
                               errc::misconf,
                               errc::no_replicas,
                               errc::no_auth,
                               errc::wrong_pass,
                               errc::no_perm,
                               errc::no_script,
                               errc::unblocked,
                               errc::denied,
                               errc::io_error,
                               errc::exec_abort,
                               errc::max_clients};

error lost() {
    return {errc::connection_lost, fate::unknown, phase::sent,
            error_details{.node = "redis://a:6379",
                          .text = "reset while reading",
                          .cause = std::make_error_code(std::errc::connection_reset),
                          .retry_after = 1500us}};
}

TEST(ErrorTest, DefaultIsClosedAndNotApplied) {
    const error e;
    EXPECT_EQ(e.kind(), errc::closed);
    EXPECT_EQ(e.fate(), fate::not_applied);
    EXPECT_EQ(e.phase(), phase::none);
    EXPECT_EQ(e.attempts(), 0U);
    EXPECT_TRUE(e.node().empty());
    EXPECT_TRUE(e.text().empty());
    EXPECT_FALSE(e.cause());
    EXPECT_EQ(e.retry_after(), 0ns);
}

TEST(ErrorTest, MessageTellsWhatWhereWhenAndWhatToDo) {
    const std::string message = lost().with_attempts(3).message();
    EXPECT_THAT(message, StartsWith("the connection was lost: reset while reading: "));
    EXPECT_THAT(message, HasSubstr(std::make_error_code(std::errc::connection_reset).message()));
    EXPECT_THAT(message, HasSubstr("[node redis://a:6379]"));
    EXPECT_THAT(message, HasSubstr("; phase sent"));
    EXPECT_THAT(message, HasSubstr("; attempt 3"));
    EXPECT_THAT(message, HasSubstr("the command may have been applied"));
    EXPECT_THAT(message, HasSubstr("try again in 2 ms"));  // rounded up: never too early
    EXPECT_THAT(message, HasSubstr("check whether the server restarted"));
    EXPECT_THAT(message, Not(HasSubstr("budget")));
}

TEST(ErrorTest, MessageLeavesOutWhatIsNotKnown) {
    const std::string message = error(errc::cancelled).message();
    EXPECT_EQ(message, "the operation was cancelled; the command was not applied");
}

TEST(ErrorTest, MessageNamesAnExhaustedBudgetAndPartialEffects) {
    error e(errc::server_error, fate::answered, phase::reply);
    EXPECT_THAT(e.message(), HasSubstr("the command changed nothing"));
    e.with_partial(true).with_budget_exhausted();
    EXPECT_TRUE(e.partial());
    EXPECT_TRUE(e.budget_exhausted());
    EXPECT_THAT(e.message(), AllOf(HasSubstr("it may have changed something"), HasSubstr("budget is exhausted")));
    EXPECT_FALSE(e.with_partial(false).partial());
    EXPECT_TRUE(e.budget_exhausted());
}

TEST(ErrorTest, EveryCodeHasItsOwnHeadline) {
    std::vector<std::string> seen;
    for (const errc code : all_codes) {
        const std::string text = make_error_code(code).message();
        EXPECT_THAT(text, Not(HasSubstr("unknown error"))) << static_cast<int>(code);
        EXPECT_THAT(seen, Not(::testing::Contains(text))) << static_cast<int>(code);
        EXPECT_THAT(error(code).message(), StartsWith(text));
        seen.push_back(text);
    }
    EXPECT_EQ(make_error_code(static_cast<errc>(9999)).message(), "unknown error");
}

TEST(ErrorTest, CopiesShareTheirDetails) {
    const error original = lost();
    const error copy = original;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the subject
    EXPECT_EQ(copy.node().data(), original.node().data());
    EXPECT_EQ(copy.text(), "reset while reading");
    EXPECT_EQ(copy.cause(), std::errc::connection_reset);
    EXPECT_EQ(copy.retry_after(), 1500us);
    EXPECT_EQ(copy.fate(), fate::unknown);
    EXPECT_EQ(copy.phase(), phase::sent);
}

TEST(ErrorTest, DetailsLiveAsLongAsTheLastCopy) {
    error last;
    {
        const error first = lost();
        last = first;
    }
    EXPECT_EQ(last.node(), "redis://a:6379");
    const error& same = last;
    last = same;
    EXPECT_EQ(last.node(), "redis://a:6379");
    last = error(errc::cancelled);
    EXPECT_TRUE(last.node().empty());
}

TEST(ErrorTest, MovedFromErrorKeepsItsCodeAndLosesItsDetails) {
    error from = lost();
    const error to = std::move(from);
    EXPECT_EQ(to.node(), "redis://a:6379");
    EXPECT_EQ(from, errc::connection_lost);  // NOLINT(bugprone-use-after-move): the state after a move is the subject
    EXPECT_TRUE(from.node().empty());
}

TEST(ErrorTest, TakesOverTheDetailsOfAnother) {
    const error node = lost();
    error e(errc::attempt_timeout, fate::unknown, phase::sent);
    e.with_details_of(node).with_attempts(2);
    EXPECT_EQ(e.node().data(), node.node().data());
    EXPECT_EQ(e, errc::attempt_timeout);
    EXPECT_EQ(e.with_details_of(e).node(), "redis://a:6379");
    EXPECT_TRUE(e.with_details_of(error()).node().empty());
}

TEST(ErrorTest, CopiesMayLiveInDifferentThreads) {
    const error shared = lost();
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([copy = shared]() mutable {
            for (int round = 0; round < 1000; ++round) {
                error mine = copy;
                copy = std::move(mine);
                ASSERT_EQ(copy.node(), "redis://a:6379");
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(shared.text(), "reset while reading");
}

TEST(ErrorTest, AttemptsSaturate) { EXPECT_EQ(error(errc::closed).with_attempts(1'000'000).attempts(), 65'535U); }

TEST(ErrorTest, EachCodeBelongsToExactlyOneCondition) {
    constexpr std::array kinds{condition::rejected, condition::timed_out, condition::unreachable,
                               condition::server_refused};
    for (const errc code : all_codes) {
        int belongs = 0;
        for (const condition kind : kinds) belongs += static_cast<int>(error(code) == kind);
        EXPECT_EQ(belongs, 1) << make_error_code(code).message();
    }
    EXPECT_EQ(error(errc::limiter_full), condition::rejected);
    EXPECT_EQ(error(errc::deadline_exceeded), condition::timed_out);
    EXPECT_EQ(error(errc::connect_timeout), condition::timed_out);
    EXPECT_EQ(error(errc::connect_failed), condition::unreachable);
    EXPECT_EQ(error(errc::wrong_type), condition::server_refused);
    EXPECT_EQ(error(errc::max_clients), condition::server_refused);
}

TEST(ErrorTest, ComparesWithTheConditionsOfTheStandard) {
    EXPECT_EQ(error(errc::deadline_exceeded), std::errc::timed_out);
    EXPECT_EQ(error(errc::attempt_timeout), std::errc::timed_out);
    EXPECT_EQ(error(errc::cancelled), std::errc::operation_canceled);
    EXPECT_EQ(error(errc::cancelled), condition::rejected);
    EXPECT_FALSE(error(errc::closed) == std::errc::operation_canceled);
    EXPECT_FALSE(error(errc::connect_failed) == std::errc::timed_out);
    EXPECT_TRUE(make_error_code(errc::connect_timeout) == std::errc::timed_out);
    EXPECT_TRUE(make_error_code(errc::limiter_full) == condition::rejected);
}

TEST(ErrorTest, CategoriesHaveNames) {
    EXPECT_STREQ(error_category().name(), "redoubt");
    EXPECT_STREQ(condition_category().name(), "redoubt.condition");
    EXPECT_EQ(make_error_condition(condition::unreachable).message(), "server unreachable");
    EXPECT_EQ(std::error_code(errc::closed).category(), error_category());
}

TEST(ErrorTest, RetryIsSafeOnlyWhenItCannotRunTwiceAndMayHelp) {
    EXPECT_TRUE(error(errc::connect_failed, fate::not_applied, phase::dial).safe_to_retry());
    EXPECT_TRUE(error(errc::limiter_full).safe_to_retry());
    EXPECT_FALSE(error(errc::connection_lost, fate::unknown, phase::sent).safe_to_retry());
    EXPECT_TRUE(error(errc::connection_lost, fate::unknown, phase::sent).with_read_only(true).safe_to_retry());
    EXPECT_FALSE(error(errc::server_error, fate::answered, phase::reply).with_read_only(true).safe_to_retry());
    // Nothing ran, but the same call fails the same way again.
    for (const errc code : {errc::closed, errc::invalid_option, errc::needs_dedicated, errc::invalid_command}) {
        EXPECT_FALSE(error(code).safe_to_retry()) << make_error_code(code).message();
    }
}

TEST(ErrorTest, FateAndPhaseHaveNames) {
    EXPECT_EQ(to_string(fate::not_applied), "not_applied");
    EXPECT_EQ(to_string(fate::unknown), "unknown");
    EXPECT_EQ(to_string(fate::answered), "answered");
    EXPECT_EQ(to_string(phase::none), "none");
    EXPECT_EQ(to_string(phase::limiter), "limiter");
    EXPECT_EQ(to_string(phase::reply), "reply");
}

TEST(ErrorTest, SettersChangeOnlyTheirPart) {
    error e = lost();
    e.with_fate(fate::not_applied).with_phase(phase::queue);
    EXPECT_EQ(e.fate(), fate::not_applied);
    EXPECT_EQ(e.phase(), phase::queue);
    EXPECT_EQ(e, errc::connection_lost);
    EXPECT_EQ(e.node(), "redis://a:6379");
}

TEST(ExceptionTest, CarriesTheErrorAndItsMessage) {
    const exception thrown(lost());
    EXPECT_EQ(thrown.what(), lost().message());
    EXPECT_EQ(thrown.error().node(), "redis://a:6379");
    EXPECT_EQ(thrown.code(), errc::connection_lost);
}

}  // namespace
}  // namespace redoubt
