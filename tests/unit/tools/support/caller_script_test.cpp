// A caller's choices follow its seed, its keys are its own, and it knows a foreign reply.
#include "tools/support/caller_script.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace redoubt::lab {
namespace {

constexpr call_mix everything{.get = 20, .set = 20, .push = 20, .incr = 20, .echo = 20};
using nothing = std::optional<std::string>;

planned_call next_of(CallerScript& script, call_kind kind) {
    for (;;) {
        auto call = script.next();
        if (call.kind == kind) return call;
    }
}

std::vector<std::string> first_calls(unsigned caller, std::uint64_t seed) {
    CallerScript script(caller, seed, everything);
    std::vector<std::string> calls;
    for (int i = 0; i < 50; ++i) {
        const auto call = script.next();
        calls.push_back(std::to_string(static_cast<int>(call.kind)) + call.key + ' ' + call.value);
        calls.push_back(std::to_string(script.pause(i % 2 == 0).count()));
    }
    return calls;
}

TEST(CallerScript, the_same_seed_gives_the_same_calls) {
    EXPECT_EQ(first_calls(1, 7), first_calls(1, 7));
    EXPECT_NE(first_calls(1, 7), first_calls(1, 8));
    EXPECT_NE(first_calls(1, 7), first_calls(2, 7));
}

TEST(CallerScript, kinds_come_as_the_mix_says) {
    CallerScript script(1, 1, {.get = 50, .set = 0, .push = 30, .incr = 20, .echo = 0});
    std::map<call_kind, int> count;
    for (int i = 0; i < 10'000; ++i) ++count[script.next().kind];
    EXPECT_NEAR(count[call_kind::get], 5'000, 300);
    EXPECT_NEAR(count[call_kind::push], 3'000, 300);
    EXPECT_NEAR(count[call_kind::incr], 2'000, 300);
    EXPECT_EQ(count.size(), 3U);
}

TEST(CallerScript, values_are_found_nowhere_else) {
    std::set<std::string> values;
    for (const unsigned caller : {1U, 11U}) {
        CallerScript script(caller, 1, everything);
        for (int i = 0; i < 200; ++i) EXPECT_TRUE(values.insert(script.next().value).second);
    }
}

TEST(CallerScript, a_get_answers_what_was_set_last) {
    CallerScript script(1, 1, everything);
    EXPECT_TRUE(script.is_own(next_of(script, call_kind::get), nothing())) << "nothing has been set";
    EXPECT_FALSE(script.is_own(next_of(script, call_kind::get), nothing("1:0")));
    const auto set = next_of(script, call_kind::set);
    script.note(set, ending::acknowledged);
    const auto get = next_of(script, call_kind::get);
    EXPECT_EQ(get.key, set.key);
    EXPECT_TRUE(script.is_own(get, nothing(set.value)));
    EXPECT_FALSE(script.is_own(get, nothing("2:1")));
    EXPECT_FALSE(script.is_own(get, nothing())) << "it was acknowledged";
}

TEST(CallerScript, after_a_set_of_unknown_fate_both_answers_can_be) {
    CallerScript script(1, 1, everything);
    const auto set = next_of(script, call_kind::set);
    script.note(set, ending::unknown);
    const auto get = next_of(script, call_kind::get);
    EXPECT_TRUE(script.is_own(get, nothing()));
    EXPECT_TRUE(script.is_own(get, nothing(set.value)));
    EXPECT_FALSE(script.is_own(get, nothing("1:0")));
}

TEST(CallerScript, an_echo_answers_what_was_said) {
    CallerScript script(1, 1, everything);
    const auto echo = next_of(script, call_kind::echo);
    EXPECT_TRUE(script.is_own(echo, echo.value));
    EXPECT_FALSE(script.is_own(echo, std::string("2:1")));
}

TEST(CallerScript, lengths_and_counters_grow_each_by_itself) {
    CallerScript script(1, 1, everything);
    const auto push = next_of(script, call_kind::push);
    const auto incr = next_of(script, call_kind::incr);
    EXPECT_TRUE(script.is_own(push, 5));
    EXPECT_TRUE(script.is_own(incr, 1));
    EXPECT_FALSE(script.is_own(push, 5));
    EXPECT_TRUE(script.is_own(push, 7)) << "a push of unknown fate ran";
    EXPECT_TRUE(script.is_own(incr, 2));
}

TEST(CallerScript, writes_are_noted_and_nothing_else) {
    CallerScript script(4, 1, everything);
    for (const auto kind : {call_kind::get, call_kind::echo, call_kind::push, call_kind::incr, call_kind::set})
        script.note(next_of(script, kind), ending::unknown);
    ASSERT_EQ(script.notes().size(), 3U);
    EXPECT_EQ(script.notes()[0].kind, write_kind::push);
    EXPECT_EQ(script.notes()[1].kind, write_kind::incr);
    EXPECT_EQ(script.notes()[2].kind, write_kind::set);
    EXPECT_EQ(script.notes()[2].caller, 4U);
    EXPECT_EQ(script.notes()[2].how, ending::unknown);
    EXPECT_GT(script.notes()[2].number, script.notes()[1].number);
}

TEST(CallerScript, it_pauses_longer_after_a_failure) {
    CallerScript script(1, 1, everything);
    for (int i = 0; i < 200; ++i) {
        EXPECT_LE(script.pause(false).count(), 8);
        const auto after_failure = script.pause(true).count();
        EXPECT_GE(after_failure, 10);
        EXPECT_LE(after_failure, 50);
    }
}

}  // namespace
}  // namespace redoubt::lab
