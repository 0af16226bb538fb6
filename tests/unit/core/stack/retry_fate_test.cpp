// An attempt that may have run is never forgotten, whatever ends the operation later.
#include "core/stack/breaker_layer.hpp"
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

TEST_P(RetryFateTest, ABreakerThatRejectsALaterAttemptTellsWhatTheOneBeforeMet) {
    resilience::CircuitBreaker breaker("redis://a:1", {.calls_min = 1, .failure_percent = 1});
    BreakerLayer guarded(attempt_, breaker);
    RetryLayer layer(guarded, settings(), 11, start_);
    struct {
        error before;
        redoubt::fate expected;
    } const table[] = {
        {error(errc::connection_lost, fate::unknown, phase::sent,
               {.node = "redis://a:1", .cause = std::make_error_code(std::errc::connection_reset)}),
         fate::unknown},
        {error(errc::read_only, fate::not_applied, phase::reply, {.text = "READONLY You can't write"}),
         fate::not_applied},
    };
    for (const auto& row : table) {
        breaker.reset(now_);
        const auto op = operation(command("SET", "k", "v"));
        op->idempotent = true;
        expect_starts(1, row.before);
        layer.start(*op);
        breaker.trip(now_, "it hangs");
        at(end_of_pause(*op) + (op->asynchronous() ? tick_late_ns : 0), *op);
        ASSERT_TRUE(op->over());
        const auto& why = op->failure();
        EXPECT_EQ(why, errc::breaker_open);
        EXPECT_EQ(why.fate(), row.expected);
        EXPECT_EQ(why.safe_to_retry(), row.expected == fate::not_applied);
        EXPECT_EQ(why.attempts(), 1U);
        EXPECT_EQ(why.node(), "redis://a:1");
        EXPECT_GT(why.retry_after().count(), 0);
        EXPECT_EQ(why.cause(), row.before.cause());
        for (const auto& words : {std::string("is open for another"), std::string("it hangs"),
                                  make_error_code(row.before.kind()).message(), std::string(row.before.text())}) {
            EXPECT_NE(why.text().find(words), std::string::npos) << words << " in: " << why.text();
        }
    }
}

TEST_P(RetryFateTest, ABreakerThatRejectsTheFirstAttemptSpeaksForItself) {
    resilience::CircuitBreaker breaker("redis://a:1");
    BreakerLayer guarded(attempt_, breaker);
    RetryLayer layer(guarded, settings(), 11, start_);
    breaker.trip(now_, "it hangs");
    const auto op = operation();
    layer.start(*op);
    ASSERT_TRUE(op->over());
    EXPECT_EQ(op->failure().fate(), fate::not_applied);
    EXPECT_EQ(op->failure().text().find("attempt before"), std::string::npos);
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
