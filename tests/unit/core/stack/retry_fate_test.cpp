// An attempt that may have run is never forgotten, whatever ends the operation later.
#include "tests/unit/core/stack/retry_layer_harness.hpp"

namespace redoubt::core {
namespace {

using test::TestOperation;

constexpr std::int64_t ms = 1'000'000;

class RetryFateTest : public RetryHarness {};

INSTANTIATE_TEST_SUITE_P(, RetryFateTest, both_origins, origin_name);

struct later {
    const char* name;
    error why;
    redoubt::fate expected;
};

TEST_P(RetryFateTest, WhatEndsALaterAttemptDoesNotClaimThatNothingRan) {
    const later table[] = {
        {"the deadline in the queue", error(errc::deadline_exceeded, fate::not_applied, phase::queue), fate::unknown},
        {"a breaker", error(errc::breaker_open, fate::not_applied, phase::none), fate::unknown},
        {"cancellation in the queue", error(errc::cancelled, fate::not_applied, phase::queue), fate::unknown},
        {"close", error(errc::closed, fate::not_applied, phase::dial), fate::unknown},
        {"credentials", error(errc::no_perm, fate::not_applied, phase::reply), fate::unknown},
        {"the deadline after it was sent", error(errc::deadline_exceeded, fate::unknown, phase::sent), fate::unknown},
        {"an answer", error(errc::wrong_type, fate::answered, phase::reply), fate::answered},
    };
    for (const auto& row : table) {
        const auto read = operation();
        const auto write = operation(command("SET", "k", "v"));
        write->idempotent = true;
        for (auto* const op : {read.get(), write.get()}) {
            expect_starts(1, lost);
            top_.start(*op);
            expect_starts(1, row.why);
            pass(*op);
            EXPECT_EQ(op->outcome(), TestOperation::failed_text(row.why.kind(), row.expected, row.why.phase()))
                << row.name;
        }
        EXPECT_EQ(write->failure().partial(), row.expected == fate::answered) << row.name;
        EXPECT_FALSE(write->failure().safe_to_retry()) << row.name;
        EXPECT_FALSE(read->failure().partial()) << row.name;
    }
}

TEST_P(RetryFateTest, AReadStaysSafeToRepeatByTheCaller) {
    const auto op = operation();
    expect_starts(1, lost);
    top_.start(*op);
    expect_starts(1, error(errc::breaker_open, fate::not_applied, phase::none));
    pass(*op);
    EXPECT_EQ(op->failure().fate(), fate::unknown);
    EXPECT_TRUE(op->failure().safe_to_retry());
}

TEST_P(RetryFateTest, NorDoesTheEndOfALaterPause) {
    for (const auto reason : {errc::cancelled, errc::closed}) {
        const auto op = operation();
        expect_starts(1, lost);
        top_.start(*op);
        expect_starts(1, refused);
        pass(*op);
        ASSERT_TRUE(pauses(*op));
        EXPECT_TRUE(op->cancel(reason));
        EXPECT_EQ(op->outcome(), TestOperation::failed_text(reason, fate::unknown, phase::backoff));
    }
    const auto op = operation();
    expect_starts(1, lost);
    top_.start(*op);
    expect_starts(1, loading);
    pass(*op);
    ASSERT_TRUE(pauses(*op));
    at(start_ + 10'000 * ms, *op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::loading, fate::unknown, phase::backoff));
}

TEST_P(RetryFateTest, NorDoAFreeRepetitionAndTheEndOfAllAttempts) {
    const auto op = operation();
    expect_starts(1, lost);
    top_.start(*op);
    expect_starts(2, unsent);
    pass(*op);
    expect_starts(1, unsent);
    pass(*op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::connection_lost, fate::unknown, phase::queue));
    EXPECT_EQ(op->failure().attempts(), 3U);
}

}  // namespace
}  // namespace redoubt::core
