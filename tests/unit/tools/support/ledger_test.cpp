// The judge lets through what is promised and catches every seeded violation.
#include "tools/support/ledger.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace redoubt::lab {

// GoogleTest finds it by the namespace of the type.
static void PrintTo(const judgement& j, std::ostream* out) {
    *out << j.executed_twice << " twice, " << j.acknowledged_missing << " missing, " << j.fates_wrong << " wrong";
}

namespace {

constexpr auto all_endings = {ending::acknowledged, ending::not_applied, ending::unknown, ending::answered};

/// What a server holds on which exactly these writes ran.
server_findings after(const std::vector<noted_write>& ran) {
    server_findings found;
    for (const auto& w : ran) {
        const auto tag = tag_of(w.caller, w.number);
        if (w.kind == write_kind::set) found.values[value_key(w.caller, w.number)] = tag;
        if (w.kind == write_kind::push) ++found.pushed[tag];
        if (w.kind == write_kind::incr) ++found.counters[w.caller];
    }
    return found;
}

struct row {
    write_kind kind;
    ending how;
    unsigned times_run;
    judgement expected;
};

class Ledger : public testing::TestWithParam<row> {};

TEST_P(Ledger, judges_one_write) {
    const auto [kind, how, times_run, expected] = GetParam();
    const noted_write w{.caller = 3, .number = 17, .kind = kind, .how = how};
    EXPECT_EQ(judge(std::vector{w}, after(std::vector(times_run, w))), expected);
}

constexpr judgement held{};
constexpr judgement twice{.executed_twice = 1};
constexpr judgement missing{.acknowledged_missing = 1};
constexpr judgement wrong{.fates_wrong = 1};

INSTANTIATE_TEST_SUITE_P(pushes, Ledger,
                         testing::Values(row{write_kind::push, ending::acknowledged, 1, held},
                                         row{write_kind::push, ending::unknown, 0, held},
                                         row{write_kind::push, ending::unknown, 1, held},
                                         row{write_kind::push, ending::not_applied, 0, held},
                                         row{write_kind::push, ending::answered, 0, held},
                                         // violations
                                         row{write_kind::push, ending::acknowledged, 0, missing},
                                         row{write_kind::push, ending::acknowledged, 2, twice},
                                         row{write_kind::push, ending::unknown, 2, twice},
                                         row{write_kind::push, ending::not_applied, 1, wrong},
                                         row{write_kind::push, ending::answered, 1, wrong}));

// A second SET of the same value leaves no trace.
INSTANTIATE_TEST_SUITE_P(sets, Ledger,
                         testing::Values(row{write_kind::set, ending::acknowledged, 1, held},
                                         row{write_kind::set, ending::unknown, 0, held},
                                         row{write_kind::set, ending::unknown, 1, held},
                                         row{write_kind::set, ending::not_applied, 0, held},
                                         row{write_kind::set, ending::answered, 0, held},
                                         row{write_kind::set, ending::acknowledged, 0, missing},
                                         row{write_kind::set, ending::not_applied, 1, wrong},
                                         row{write_kind::set, ending::answered, 1, wrong}));

// A counter does not tell which of its calls ran: one too many is one executed twice.
INSTANTIATE_TEST_SUITE_P(counts, Ledger,
                         testing::Values(row{write_kind::incr, ending::acknowledged, 1, held},
                                         row{write_kind::incr, ending::unknown, 0, held},
                                         row{write_kind::incr, ending::unknown, 1, held},
                                         row{write_kind::incr, ending::not_applied, 0, held},
                                         row{write_kind::incr, ending::answered, 0, held},
                                         row{write_kind::incr, ending::acknowledged, 0, missing},
                                         row{write_kind::incr, ending::acknowledged, 2, twice},
                                         row{write_kind::incr, ending::unknown, 2, twice},
                                         row{write_kind::incr, ending::not_applied, 1, twice},
                                         row{write_kind::incr, ending::answered, 1, twice}));

TEST(LedgerOfMany, every_call_of_every_caller_is_judged) {
    std::vector<noted_write> writes;
    std::vector<noted_write> ran;
    for (unsigned caller = 0; caller < 3; ++caller) {
        std::uint64_t number = 0;
        for (const auto kind : {write_kind::set, write_kind::push, write_kind::incr})
            for (const auto how : all_endings) {
                writes.push_back({caller, ++number, kind, how});
                if (how == ending::acknowledged || how == ending::unknown) ran.push_back(writes.back());
            }
    }
    EXPECT_EQ(judge(writes, after(ran)), held);
    EXPECT_EQ(judge(writes, after({})).acknowledged_missing, 9U);
    EXPECT_EQ(judge(writes, after(writes)).fates_wrong, 12U);
    EXPECT_EQ(judge(writes, after(writes)).executed_twice, 6U);
    ran.insert(ran.end(), writes.begin(), writes.end());
    EXPECT_EQ(judge(writes, after(ran)).executed_twice, 6U + 3U * 4U);
}

TEST(LedgerOfMany, a_counter_of_one_caller_does_not_make_up_for_that_of_another) {
    const std::vector<noted_write> writes{{1, 1, write_kind::incr, ending::acknowledged},
                                          {2, 1, write_kind::incr, ending::acknowledged}};
    const judgement both{.executed_twice = 1, .acknowledged_missing = 1};
    EXPECT_EQ(judge(writes, {.values = {}, .pushed = {}, .counters = {{1, 2}}}), both);
}

TEST(LedgerOfMany, a_key_with_the_value_of_another_write_is_missing) {
    const noted_write w{.caller = 3, .number = 17, .kind = write_kind::set, .how = ending::acknowledged};
    EXPECT_EQ(judge(std::vector{w}, {.values = {{value_key(3, 17), tag_of(3, 16)}}, .pushed = {}, .counters = {}}),
              missing);
}

}  // namespace
}  // namespace redoubt::lab
