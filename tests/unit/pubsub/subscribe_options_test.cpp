// Wrong options of a subscriber are named with their range.
#include <redoubt/pubsub/subscribe_options.hpp>

#include <gtest/gtest.h>

namespace redoubt {
namespace {

using namespace std::chrono_literals;

TEST(SubscribeOptions, TheDefaultsAreValid) { EXPECT_TRUE(validate(subscribe_options{})); }

TEST(SubscribeOptions, TheEndsOfTheRangesAreValid) {
    EXPECT_TRUE(
        validate(subscribe_options{.buffer_messages = 1, .buffer_bytes = 1024, .ping_after = 0s, .pong_within = 10ms}));
    EXPECT_TRUE(validate(subscribe_options{
        .buffer_messages = 10'000'000, .buffer_bytes = std::size_t{16} << 30, .ping_after = 1h, .pong_within = 1h}));
}

struct wrong {
    subscribe_options o;
    std::string text;
};

class WrongSubscribeOption : public testing::TestWithParam<wrong> {};

TEST_P(WrongSubscribeOption, IsNamed) {
    const auto r = validate(GetParam().o);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::invalid_option);
    EXPECT_EQ(r.error().text(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    fields, WrongSubscribeOption,
    testing::Values(wrong{{.buffer_messages = 0}, "subscribe.buffer_messages: 0 is outside 1..10000000"},
                    wrong{{.buffer_messages = 10'000'001},
                          "subscribe.buffer_messages: 10000001 is outside 1..10000000"},
                    wrong{{.buffer_bytes = 1023}, "subscribe.buffer_bytes: 1023 is outside 1024..17179869184"},
                    wrong{{.overflow = static_cast<overflow>(3)},
                          "subscribe.overflow: 3 is none of drop_oldest, drop_newest, close"},
                    wrong{{.ping_after = 9ms}, "subscribe.ping_after: 9ms is outside 10ms..1h (0: never)"},
                    wrong{{.ping_after = -1s}, "subscribe.ping_after: -1s is outside 10ms..1h (0: never)"},
                    wrong{{.pong_within = 0s}, "subscribe.pong_within: 0 is outside 10ms..1h"},
                    wrong{{.pong_within = 2h}, "subscribe.pong_within: 2h is outside 10ms..1h"}));

}  // namespace
}  // namespace redoubt
