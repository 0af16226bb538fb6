// What the reader finds when he was too slow, or the connection was away.
#include "pubsub/event_buffer.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace redoubt::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using strings = std::vector<std::string>;
using std::chrono::steady_clock;

std::string text(const event& e) {
    return std::visit(match{[](const message& m) { return m.payload; },
                            [](const gap& g) {
                                return "gap " + std::to_string(g.since.time_since_epoch().count()) + ' ' +
                                       std::string(g.reason.text());
                            },
                            [](const dropped& d) { return "dropped " + std::to_string(d.n); },
                            [](const subscribed& s) { return "subscribed " + s.name; },
                            [](const unsubscribed& u) { return "unsubscribed " + u.name; },
                            [](const closed& c) { return "closed " + c.reason.code().message(); }},
                      e);
}

message say(std::string payload) { return {.channel = "c", .pattern = {}, .payload = std::move(payload)}; }
gap lost_at(int ns, std::string why = "") {
    return {.since = steady_clock::time_point(std::chrono::nanoseconds(ns)),
            .since_wall = {},
            .reason = error(errc::connection_lost, fate::unknown, phase::sent, {.text = std::move(why)})};
}

strings drain(EventBuffer& b) {
    strings all;
    while (b.ready()) all.push_back(text(b.pop()));
    return all;
}

using admission = EventBuffer::admission;

TEST(EventBuffer, KeepsOrder) {
    EventBuffer b(10, 1000, overflow::drop_oldest);
    EXPECT_FALSE(b.ready());
    EXPECT_EQ(b.push(subscribed{"c"}), admission::kept);
    EXPECT_EQ(b.push(say("1")), admission::kept);
    EXPECT_EQ(b.push(unsubscribed{"c", {}, {}}), admission::kept);
    EXPECT_EQ(b.size(), 3U);
    EXPECT_EQ(b.bytes(), 4U) << "c, c1, c";
    EXPECT_THAT(drain(b), ElementsAre("subscribed c", "1", "unsubscribed c"));
    EXPECT_EQ(b.size(), 0U);
    EXPECT_EQ(b.bytes(), 0U);
}

TEST(EventBuffer, CountsEveryPartOfAMessage) {
    EventBuffer b(10, 1000, overflow::drop_oldest);
    b.push(message{"ab", "a*", "xyz"});
    EXPECT_EQ(b.bytes(), 7U);
}

TEST(EventBuffer, DropOldestMarksThePlaceOfTheLoss) {
    EventBuffer b(2, 1000, overflow::drop_oldest);
    b.push(say("1"));
    b.push(say("2"));
    EXPECT_EQ(b.push(say("3")), admission::made_room);
    EXPECT_EQ(b.push(say("4")), admission::made_room);
    EXPECT_EQ(b.size(), 2U);
    EXPECT_EQ(b.dropped_total(), 2U);
    EXPECT_THAT(drain(b), ElementsAre("dropped 2", "3", "4"));
}

TEST(EventBuffer, DropNewestMarksThePlaceOfTheLoss) {
    EventBuffer b(2, 1000, overflow::drop_newest);
    b.push(say("1"));
    b.push(say("2"));
    EXPECT_EQ(b.push(say("3")), admission::refused);
    EXPECT_EQ(b.push(say("4")), admission::refused);
    EXPECT_EQ(text(b.pop()), "1");
    EXPECT_EQ(b.push(say("5")), admission::kept);
    EXPECT_THAT(drain(b), ElementsAre("2", "dropped 2", "5"));
    EXPECT_EQ(b.dropped_total(), 2U);
}

TEST(EventBuffer, CloseSaysSo) {
    EventBuffer b(1, 1000, overflow::close);
    b.push(say("1"));
    EXPECT_EQ(b.push(say("2")), admission::overflown);
    b.push_last(closed{errc::reply_limit});
    EXPECT_THAT(drain(b), ElementsAre("1", "dropped 1", "closed " + make_error_code(errc::reply_limit).message()));
}

TEST(EventBuffer, BytesAreALimitToo) {
    EventBuffer b(100, 10, overflow::drop_oldest);
    EXPECT_EQ(b.push(say("1234")), admission::kept);
    EXPECT_EQ(b.push(say("5678")), admission::kept) << "exactly full";
    EXPECT_EQ(b.push(say("9")), admission::made_room);
    EXPECT_EQ(b.bytes(), 7U);
    EXPECT_EQ(b.push(say("123456789")), admission::made_room) << "two had to go";
    EXPECT_THAT(drain(b), ElementsAre("dropped 3", "123456789"));
}

TEST(EventBuffer, OneThatIsTooLargeByItselfPassesAlone) {
    for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::close}) {
        EventBuffer b(100, 10, policy);
        EXPECT_EQ(b.push(say("longer than ten bytes")), admission::kept);
        EXPECT_NE(b.push(say("x")), admission::kept) << "nothing fits beside it";
    }
    EventBuffer b(100, 10, overflow::drop_oldest);
    b.push(say("1"));
    EXPECT_EQ(b.push(say("longer than ten bytes")), admission::made_room);
    EXPECT_THAT(drain(b), ElementsAre("dropped 1", "longer than ten bytes"));
}

TEST(EventBuffer, NothingBehindAnOpenGapCanBeTaken) {
    EventBuffer b(10, 1000, overflow::drop_oldest);
    b.push(say("1"));
    b.open_gap(lost_at(5, "x"));
    b.push(say("2"));
    EXPECT_THAT(drain(b), ElementsAre("1"));
    EXPECT_TRUE(b.gap_open());
    b.tell_gap();
    EXPECT_FALSE(b.gap_open());
    EXPECT_THAT(drain(b), ElementsAre("gap 5 x", "2"));
}

TEST(EventBuffer, AToldGapBeforeAnOpenOneCanBeTaken) {
    EventBuffer b(10, 1000, overflow::drop_oldest);
    b.open_gap(lost_at(1));
    b.tell_gap();
    b.push(say("1"));
    b.open_gap(lost_at(2));
    b.push(say("2"));
    EXPECT_THAT(drain(b), ElementsAre("gap 1 ", "1"));
    b.tell_gap();
    EXPECT_THAT(drain(b), ElementsAre("gap 2 ", "2"));
}

TEST(EventBuffer, GapsThatMeetBecomeOne) {
    EventBuffer b(10, 1000, overflow::drop_oldest);
    b.open_gap(lost_at(1, "first"));
    b.tell_gap();
    b.open_gap(lost_at(2, "second"));
    EXPECT_FALSE(b.ready()) << "open again";
    b.tell_gap();
    EXPECT_THAT(drain(b), ElementsAre("gap 1 second"));
}

TEST(EventBuffer, MarksThatMeetByADropBecomeOne) {
    EventBuffer b(2, 1000, overflow::drop_oldest);
    b.open_gap(lost_at(1));
    b.tell_gap();
    b.push(say("1"));
    b.open_gap(lost_at(2));
    b.push(say("2"));
    b.push(say("3"));
    EXPECT_FALSE(b.ready()) << "the gaps are one now, and it is open";
    b.tell_gap();
    EXPECT_THAT(drain(b), ElementsAre("gap 1 ", "dropped 1", "2", "3"));
}

TEST(EventBuffer, WithoutAReaderMarksAreBoundedToo) {
    for (const auto policy : {overflow::drop_oldest, overflow::drop_newest}) {
        EventBuffer b(3, 1000, policy);
        for (int i = 0; i < 100; ++i) {
            b.open_gap(lost_at(i));
            b.tell_gap();
            b.push(say("x"));
        }
        EXPECT_LE(drain(b).size(), 3U + 2U * 4U);
    }
}

TEST(EventBuffer, TheLastEventComesWhateverTheLimitsAndAfterAnOpenGap) {
    EventBuffer b(1, 1024, overflow::drop_newest);
    b.push(say("1"));
    b.open_gap(lost_at(7));
    b.push_last(closed{errc::closed});
    EXPECT_THAT(drain(b), ElementsAre("1", "gap 7 ", "closed " + make_error_code(errc::closed).message()));
}

}  // namespace
}  // namespace redoubt::pubsub
