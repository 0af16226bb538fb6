// A payload has the size asked for, and is recognised whole or not at all.
#include "tools/support/marked_payload.hpp"

#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

class MarkedPayload : public testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(sizes, MarkedPayload, testing::Values(0, 1, 2, 8, 20, 21, 22, 64, 1000, 1U << 20U));

class MarkedPayloadOfSomeLength : public MarkedPayload {};  // fewer bytes may be equal by chance
INSTANTIATE_TEST_SUITE_P(sizes, MarkedPayloadOfSomeLength, testing::Values(8, 20, 21, 22, 64, 1000, 1U << 20U));

TEST_P(MarkedPayload, has_its_size_and_is_the_same_each_time) {
    const auto one = marked_payload({3, 14, 159}, GetParam());
    EXPECT_EQ(one.size(), GetParam());
    EXPECT_EQ(one, marked_payload({3, 14, 159}, GetParam()));
}

TEST_P(MarkedPayloadOfSomeLength, differs_by_client_caller_and_number) {
    const auto one = marked_payload({3, 14, 159}, GetParam());
    EXPECT_NE(one, marked_payload({4, 14, 159}, GetParam()));
    EXPECT_NE(one, marked_payload({3, 15, 159}, GetParam()));
    EXPECT_NE(one, marked_payload({3, 14, 160}, GetParam()));
}

TEST(Mark, is_read_back) {
    EXPECT_EQ(mark_of(marked_payload({3, 14, 159}, 64)), (payload_mark{3, 14, 159}));
    EXPECT_EQ(mark_of(marked_payload({0, 0, 18446744073709551615U}, 4096)),
              (payload_mark{0, 0, 18446744073709551615U}));
}

TEST(Mark, is_missing_when_any_byte_differs_is_lost_or_is_added) {
    const auto whole = marked_payload({3, 14, 159}, 64);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        auto damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_EQ(mark_of(damaged), std::nullopt) << i;
        EXPECT_EQ(mark_of(whole.substr(0, i)), std::nullopt) << i;
    }
    EXPECT_EQ(mark_of(whole + 'x'), std::nullopt);
}

TEST(Mark, is_missing_in_short_payloads) { EXPECT_EQ(mark_of(marked_payload({3, 14, 159}, 12)), std::nullopt); }

}  // namespace
}  // namespace redoubt::lab
