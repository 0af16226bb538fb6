// Calls are counted by fate, late ones are caught, and the first success after a point is found.
#include "tools/support/call_tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using testing::HasSubstr;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t deadline = 300 * ms;

call_times ending_at(std::int64_t ended_ns) { return {.started_ns = 0, .ended_ns = ended_ns, .deadline_ns = deadline}; }

const error refused{errc::deadline_exceeded, fate::not_applied, phase::dial, {.text = "ERR max number of clients"}};
const error lost{errc::connection_lost, fate::unknown, phase::sent};
const error broken{errc::wrong_type, fate::answered, phase::reply};

TEST(CallTally, counts_answers_and_errors_by_fate) {
    CallTally tally;
    tally.add(ending_at(1), nullptr, true);
    tally.add(ending_at(1), nullptr, true);
    tally.add(ending_at(1), &refused, true);
    tally.add(ending_at(1), &lost, true);
    tally.add(ending_at(1), &lost, true);
    tally.add(ending_at(1), &broken, true);
    const auto figures = tally.figures();
    EXPECT_EQ(figures.answered, 2U);
    EXPECT_EQ(tally.answered(), 2U);
    EXPECT_EQ(figures.operations(), 6U);
    EXPECT_EQ(one_line(figures.errors.json()), R"({"not_applied":1,"unknown":2,"answered":1})");
    EXPECT_EQ(figures.errors.text(), "1 not_applied, 2 unknown, 1 answered");
    EXPECT_EQ(figures.kinds.at(errc::connection_lost).count, 2U);
    EXPECT_THAT(figures.kinds.at(errc::deadline_exceeded).first, HasSubstr("max number of clients"));
    EXPECT_EQ(figures.wrong_replies, 0U);
}

TEST(CallTally, fates_that_did_not_occur_are_not_named) {
    EXPECT_EQ(one_line(fate_counts{.not_applied = 0, .unknown = 3, .answered = 0}.json()), R"({"unknown":3})");
    EXPECT_EQ(fate_counts{}.text(), "none");
}

TEST(CallTally, a_call_is_late_above_250_ms_whether_it_succeeded_or_not) {
    CallTally tally;
    tally.add(ending_at(deadline + 250 * ms), nullptr, true);
    EXPECT_EQ(tally.figures().late, 0U);
    EXPECT_EQ(tally.figures().over_deadline_ns_max, 250 * ms);
    tally.add(ending_at(deadline + 250 * ms + 1), nullptr, true);
    tally.add(ending_at(deadline + 400 * ms), &lost, true);
    tally.add(ending_at(deadline - 1), &lost, true);
    EXPECT_EQ(tally.figures().late, 2U);
    EXPECT_EQ(tally.figures().over_deadline_ns_max, 400 * ms);
}

TEST(CallTally, a_call_within_its_deadline_is_not_over_it) {
    CallTally tally;
    tally.add(ending_at(5), nullptr, true);
    EXPECT_EQ(tally.figures().over_deadline_ns_max, 0);
}

TEST(CallTally, a_reply_of_another_call_is_counted) {
    CallTally tally;
    tally.add(ending_at(1), nullptr, false);
    EXPECT_EQ(tally.figures().wrong_replies, 1U);
}

TEST(CallTally, the_first_success_is_the_earliest_after_the_point) {
    CallTally tally;
    tally.add(ending_at(90), nullptr, true);
    EXPECT_FALSE(tally.success_seen()) << "nobody asked yet";
    tally.await_success(100);
    tally.add(ending_at(99), nullptr, true);
    tally.add(ending_at(120), &lost, true);
    EXPECT_FALSE(tally.success_seen());
    tally.add(ending_at(140), nullptr, true);
    tally.add(ending_at(130), nullptr, true);  // threads report in any order
    tally.add(ending_at(150), nullptr, true);
    EXPECT_TRUE(tally.success_seen());
    EXPECT_EQ(tally.figures().first_success_ns, 130);
    tally.await_success(200);
    EXPECT_FALSE(tally.success_seen());
}

TEST(CallTally, errors_are_clear_when_they_have_the_words) {
    CallTally tally;
    const error rejected{errc::breaker_open};
    tally.add(ending_at(1), &lost, true);
    tally.expect_words("max number of clients", 100);
    const call_times before{.started_ns = 99, .ended_ns = 150, .deadline_ns = deadline};
    const call_times after{.started_ns = 100, .ended_ns = 150, .deadline_ns = deadline};
    tally.add(before, &lost, true);     // begun before anybody could know
    tally.add(before, &refused, true);  // knows all the same
    tally.add(after, &rejected, true);  // never sent, says who and why in its own words
    EXPECT_EQ(tally.figures().clear, 1U);
    EXPECT_EQ(tally.figures().unclear, 0U);
    tally.add(after, &lost, true);
    tally.add(after, &refused, true);
    EXPECT_EQ(tally.figures().clear, 2U);
    EXPECT_EQ(tally.figures().unclear, 1U);
    tally.expect_no_words();
    tally.add(after, &lost, true);
    EXPECT_EQ(tally.figures().unclear, 1U);
}

TEST(CallTally, endings_are_those_of_the_fates) {
    EXPECT_EQ(ending_of(nullptr), ending::acknowledged);
    EXPECT_EQ(ending_of(&refused), ending::not_applied);
    EXPECT_EQ(ending_of(&lost), ending::unknown);
    EXPECT_EQ(ending_of(&broken), ending::answered);
}

}  // namespace
}  // namespace redoubt::lab
