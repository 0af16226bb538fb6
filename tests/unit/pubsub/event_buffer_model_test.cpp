// Random sequences: what comes out is what went in, in order, with every loss counted, and never more than allowed.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pubsub/event_buffer.hpp"
#include "resilience/random.hpp"

namespace redoubt::pubsub {
namespace {

struct model {
    static constexpr std::size_t count_max = 5;
    static constexpr std::size_t bytes_max = 60;

    explicit model(overflow policy, std::uint64_t seed) : buffer(count_max, bytes_max, policy), random(seed) {}

    EventBuffer buffer;
    resilience::random_engine random;
    int sent = 0;
    int received = 0;        // the number of the last message read
    std::uint64_t lost = 0;  // by `dropped` events
    int gaps_opened = 0;
    bool open = false;

    void push() {
        const auto size = random.up_to(30);
        auto number = std::to_string(++sent);
        buffer.push(message{"", number, std::string(size, 'x')});
        EXPECT_TRUE(buffer.size() == 1 || (buffer.size() <= count_max && buffer.bytes() <= bytes_max));
    }
    void read() {
        if (!buffer.ready()) return;
        const auto e = buffer.pop();
        if (const auto* const m = std::get_if<message>(&e)) {
            const int number = std::stoi(m->pattern);
            EXPECT_GT(number, received) << "in order";
            skipped += number - received - 1;
            received = number;
        } else if (const auto* const d = std::get_if<dropped>(&e)) {
            EXPECT_GT(d->n, 0U);
            lost += d->n;
        } else {
            EXPECT_TRUE(std::holds_alternative<gap>(e));
            ++gaps_read;
        }
    }
    void step() {
        switch (random.up_to(9)) {
            case 0:
                buffer.open_gap({});
                ++gaps_opened;
                open = true;
                break;
            case 1:
            case 2:
                buffer.tell_gap();
                open = false;
                break;
            case 3:
            case 4:
            case 5: read(); break;
            default: push();
        }
        EXPECT_EQ(buffer.gap_open(), open);
    }
    void finish() {
        buffer.tell_gap();
        while (buffer.ready()) read();
        skipped += sent - received;
    }
    int skipped = 0;
    int gaps_read = 0;
};

class EventBufferModel : public testing::TestWithParam<overflow> {};

TEST_P(EventBufferModel, NothingIsLostWithoutBeingCounted) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        model m(GetParam(), seed);
        for (int i = 0; i < 400; ++i) m.step();
        m.finish();
        ASSERT_EQ(m.lost, static_cast<std::uint64_t>(m.skipped)) << "seed " << seed;
        ASSERT_EQ(m.buffer.dropped_total(), m.lost) << "seed " << seed;
        ASSERT_EQ(m.buffer.size(), 0U);
        ASSERT_EQ(m.buffer.bytes(), 0U);
        ASSERT_LE(m.gaps_read, m.gaps_opened);
        ASSERT_EQ(m.gaps_read == 0, m.gaps_opened == 0) << "seed " << seed;
        ASSERT_GT(m.lost, 0U) << "the limits were met";
    }
}

INSTANTIATE_TEST_SUITE_P(policies, EventBufferModel, testing::Values(overflow::drop_oldest, overflow::drop_newest),
                         [](const auto& p) { return p.param == overflow::drop_oldest ? "oldest" : "newest"; });

}  // namespace
}  // namespace redoubt::pubsub
