// The promises of outage, hang and full at and beyond their limits.
#include "tools/support/fault_figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace redoubt::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

tally_figures some_calls() {
    tally_figures calls;
    calls.answered = 1'000;
    calls.errors = {.not_applied = 20, .unknown = 3, .answered = 0};
    calls.over_deadline_ns_max = 250'000'000;
    calls.clear = 1;
    return calls;
}

outage_figures outage() {
    return {.calls = some_calls(), .ledger = {}, .first_success_ms = 1'000, .dials = 23, .away_s = 3, .log_lines = 19};
}
hang_figures hang() { return {.calls = some_calls(), .first_success_ms = 1'000}; }
full_figures full() { return {.calls = some_calls(), .first_success_ms = 1'000, .dials = 18, .full_s = 2}; }

TEST(FaultFigures, the_limits_themselves_hold) {
    EXPECT_THAT(outage().promises_broken(), ElementsAre());
    EXPECT_THAT(hang().promises_broken(), ElementsAre());
    EXPECT_THAT(full().promises_broken(), ElementsAre());
}

/// One figure made worse, and the sentence that it costs.
template <class Figures> struct violation {
    void (*seed)(Figures&);
    const char* sentence;
};

template <class Figures> void expect_each_caught(Figures good, const std::vector<violation<Figures>>& all) {
    for (const auto& v : all) {
        auto figures = good;
        v.seed(figures);
        EXPECT_THAT(figures.promises_broken(), ElementsAre(HasSubstr(v.sentence)));
    }
}

TEST(FaultFigures, each_promise_of_the_outage_is_judged_alone) {
    expect_each_caught<outage_figures>(
        outage(),
        {{[](auto& f) { f.first_success_ms = 1'000.6; }, "the first success came 1001 ms after the server accepted"},
         {[](auto& f) { f.first_success_ms = std::numeric_limits<double>::quiet_NaN(); }, "the first success came"},
         {[](auto& f) { f.first_success_ms.reset(); }, "no call succeeded after the server accepted connections again"},
         {[](auto& f) { f.dials = 24; }, "24 dials in 3 s"},
         {[](auto& f) { f.ledger.executed_twice = 1; }, "1 commands were executed twice"},
         {[](auto& f) { f.ledger.acknowledged_missing = 2; }, "2 acknowledged writes are missing"},
         {[](auto& f) { f.ledger.fates_wrong = 1; }, "1 writes ran though their error said that they had not"},
         {[](auto& f) { f.calls.late = 1; }, "1 calls ended more than 250 ms after their deadline"},
         {[](auto& f) { f.calls.wrong_replies = 1; }, "1 replies cannot be those of their own calls"},
         {[](auto& f) { f.log_lines = 20; }, "20 lines in the log"}});
}

TEST(FaultFigures, each_promise_of_the_hang_is_judged_alone) {
    expect_each_caught<hang_figures>(
        hang(), {{[](auto& f) { f.first_success_ms = 1'001; }, "1001 ms after the server went on"},
                 {[](auto& f) { f.first_success_ms.reset(); }, "no call succeeded after the server went on"},
                 {[](auto& f) { f.calls.late = 2; }, "2 calls ended more than 250 ms after their deadline"},
                 {[](auto& f) { f.calls.wrong_replies = 1; }, "1 replies cannot be"}});
}

TEST(FaultFigures, each_promise_of_the_full_server_is_judged_alone) {
    expect_each_caught<full_figures>(
        full(), {{[](auto& f) { f.calls.unclear = 1; }, "1 errors do not say"},
                 {[](auto& f) { f.calls.clear = 0; }, "no error says that the server has reached its maximum"},
                 {[](auto& f) { f.dials = 19; }, "19 dials in 2 s"},
                 {[](auto& f) { f.first_success_ms = 1'001; }, "after the others left"},
                 {[](auto& f) { f.calls.late = 1; }, "1 calls ended more than 250 ms"},
                 {[](auto& f) { f.calls.wrong_replies = 1; }, "1 replies cannot be"}});
}

TEST(FaultFigures, json_has_every_field) {
    EXPECT_EQ(one_line(outage().json()),
              R"({"operations":1023,"errors":{"not_applied":20,"unknown":3},"first_success_ms":1000,"dials":23,)"
              R"("executed_twice":0,"acknowledged_missing":0,"fates_wrong":0,"late":0,"max_over_deadline_ms":250,)"
              R"("wrong_replies":0,"log_lines":19})");
    EXPECT_EQ(one_line(hang().json()),
              R"({"operations":1023,"errors":{"not_applied":20,"unknown":3},"late":0,"max_over_deadline_ms":250,)"
              R"("wrong_replies":0,"first_success_ms":1000})");
    EXPECT_EQ(one_line(full().json()),
              R"({"operations":1023,"errors":{"not_applied":20,"unknown":3},"dials":18,"first_success_ms":1000,)"
              R"("unclear_errors":0,"late":0,"wrong_replies":0})");
}

TEST(FaultFigures, a_success_that_never_came_is_null) {
    auto figures = hang();
    figures.first_success_ms.reset();
    EXPECT_THAT(one_line(figures.json()), HasSubstr(R"("first_success_ms":null)"));
}

}  // namespace
}  // namespace redoubt::lab
