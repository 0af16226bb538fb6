// The judge of single calls lets through what is promised, and names what is not.
#include "tools/support/soak_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

soak_call call_with(steady_clock::duration time_left, bool may_fail) {
    const auto now = steady_clock::now();
    return {.started = now - 1s, .deadline = now + time_left, .may_fail = may_fail};
}
const error lost(errc::connection_lost, fate::unknown, phase::sent);

TEST(SoakRecord, a_call_within_the_margin_is_no_violation) {
    SoakRecord record(10min);
    record.ended(call_with(1h, false), nullptr);
    record.ended(call_with(-1min, true), &lost);
    EXPECT_THAT(record.violations(), IsEmpty());
    const auto figures = record.take_figures();
    EXPECT_EQ(figures.answered, 1U);
    EXPECT_EQ(figures.errors.unknown, 1U);
    EXPECT_GE(figures.over_deadline_ns_max, std::chrono::nanoseconds(1min).count());
    EXPECT_GE(figures.slowest_ns, std::chrono::nanoseconds(1s).count());
    EXPECT_EQ(record.take_figures().answered, 0U);
}

TEST(SoakRecord, a_late_call_is_one) {
    SoakRecord record(1s);
    record.ended(call_with(-1min, true), nullptr);
    EXPECT_THAT(record.violations(), ElementsAre(HasSubstr("ms after its deadline")));
}

TEST(SoakRecord, a_failure_without_a_reason_is_one) {
    SoakRecord record(1s);
    record.ended(call_with(1h, false), &lost);
    EXPECT_THAT(record.violations(), ElementsAre(HasSubstr("no reason")));
}

TEST(SoakRecord, handlers_are_counted) {
    SoakRecord record(1s);
    record.handler_owed();
    record.handler_owed();
    record.handler_ran();
    EXPECT_EQ(record.handlers_missing(), 1U);
}

TEST(SoakRecord, writes_are_taken_once_and_callers_have_numbers_of_their_own) {
    SoakRecord record(1s);
    record.note({1, 2, write_kind::push, ending::unknown});
    EXPECT_EQ(record.take_writes().size(), 1U);
    EXPECT_THAT(record.take_writes(), IsEmpty());
    EXPECT_NE(record.new_caller(), record.new_caller());
}

}  // namespace
}  // namespace redoubt::lab
