// Replies: building, looking, copying, moving, and where their memory is.
#include <gmock/gmock.h>

#include <iterator>
#include <redoubt/reply.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/unit/core/protocol/allocation_count.hpp"

namespace redoubt {
namespace {

using testing::AllocationCount;

static_assert(sizeof(reply) <= 192);
static_assert(sizeof(reply_view) == 16);
static_assert(std::is_nothrow_move_constructible_v<reply> && std::is_nothrow_move_assignable_v<reply>);
static_assert(std::forward_iterator<reply_view::iterator>);

reply sample() {
    return reply::array({reply::string("a"), reply::nil(),
                         reply::array({reply::integer(-3), reply::array({}), reply::status("OK")}),
                         reply::error("ERR x")});
}

TEST(Reply, IsNilByDefault) {
    const reply r;
    EXPECT_TRUE(r.is_nil());
    EXPECT_EQ(r.size(), 0u);
    EXPECT_EQ(r.describe(), "(nil)");
    EXPECT_EQ(r, reply::nil());
    EXPECT_EQ(reply_view{}, r.view());
}

TEST(Reply, HoldsEachType) {
    EXPECT_EQ(reply::string(std::string_view{"a\0b", 3}).text(), (std::string_view{"a\0b", 3}));
    EXPECT_EQ(reply::status("OK").type(), reply_type::status);
    EXPECT_TRUE(reply::error("ERR").is_error());
    EXPECT_EQ(reply::integer(-7).integer(), -7);
    EXPECT_EQ(reply::real(1.5).real(), 1.5);
    EXPECT_EQ(reply::boolean(true).integer(), 1);
    EXPECT_EQ(sample().size(), 4u);
}

TEST(Reply, AnswersNeutralValuesForTheWrongType) {
    const reply text = reply::string("12");
    EXPECT_EQ(text.integer(), 0);
    EXPECT_EQ(text.real(), 0.0);
    EXPECT_TRUE(text[0].is_nil());
    EXPECT_EQ(text.view().begin(), text.view().end());
    const reply number = reply::integer(5);
    EXPECT_EQ(number.text(), "");
    EXPECT_EQ(number.size(), 0u);
    const reply list = sample();
    EXPECT_EQ(list.text(), "");
    EXPECT_EQ(list.integer(), 0);
    EXPECT_TRUE(list[4].is_nil());
    EXPECT_TRUE(list[4][0][7].is_nil());
    EXPECT_EQ(reply_view{}.text(), "");
    EXPECT_TRUE(reply_view{}[3].is_nil());
}

TEST(Reply, VisitsChildrenAndSkipsSubtrees) {
    const reply r = sample();
    std::vector<reply_type> types;
    for (const reply_view child : r.view()) types.push_back(child.type());
    EXPECT_THAT(types,
                ::testing::ElementsAre(reply_type::string, reply_type::nil, reply_type::array, reply_type::error));
    EXPECT_EQ(r[0].text(), "a");
    EXPECT_EQ(r[2].size(), 3u);
    EXPECT_EQ(r[2][0].integer(), -3);
    EXPECT_EQ(r[2][1].size(), 0u);
    EXPECT_EQ(r[2][2].text(), "OK");
    EXPECT_EQ(r[3].text(), "ERR x");
}

TEST(Reply, DescribesItself) {
    EXPECT_EQ(sample().describe(), R"(["a", (nil), [-3, [], OK], (error) ERR x])");
    EXPECT_EQ(reply::string(std::string_view{"\r\n\0\"\\\x80", 6}).describe(), R"("\r\n\x00\"\\\x80")");
    EXPECT_EQ(reply::real(0.5).describe(), "0.5");
    EXPECT_EQ(reply::boolean(false).describe(), "(false)");
}

TEST(Reply, DescriptionsAreBounded) {
    const reply long_text = reply::string(std::string(1000000, 'x'));
    EXPECT_EQ(long_text.describe(5), "\"xxxx…");
    EXPECT_LE(long_text.describe().size(), 256u + 3);
    const reply many = reply::array(std::vector<reply>(100000, reply::integer(1)).data(), 100000);
    EXPECT_LE(many.describe().size(), 256u + 3);
    EXPECT_THAT(many.describe(7), ::testing::EndsWith("…"));
}

TEST(Reply, ComparesDeeply) {
    EXPECT_EQ(sample(), sample());
    EXPECT_NE(reply::string("a"), reply::status("a"));
    EXPECT_NE(reply::string("a"), reply::string("b"));
    EXPECT_NE(reply::integer(1), reply::integer(2));
    EXPECT_NE(reply::array({reply::integer(1)}), reply::array({reply::integer(1), reply::integer(2)}));
    EXPECT_EQ(sample()[2], sample()[2]);
    EXPECT_NE(sample()[2], sample().view());
}

TEST(Reply, CopiesDeeplyAndMovesToNil) {
    for (const std::size_t size : {0u, 5u, 112u, 113u, 5000u}) {
        reply a = reply::array({reply::string(std::string(size, 'v')), reply::integer(1)});
        reply b = a;
        EXPECT_EQ(a, b);
        reply c = std::move(a);
        EXPECT_EQ(c, b);
        EXPECT_TRUE(a.is_nil());
        a = c;
        EXPECT_EQ(a, b);
        b = std::move(c);
        EXPECT_EQ(a, b);
        EXPECT_TRUE(c.is_nil());
        auto& self = a;
        a = self;
        EXPECT_EQ(a, b);
    }
}

TEST(Reply, CopiesAPart) {
    const reply r = sample();
    const reply part{r[2]};
    EXPECT_EQ(part.describe(), "[-3, [], OK]");
    EXPECT_EQ(reply{r[0]}.text(), "a");
    EXPECT_TRUE(reply{r[9]}.is_nil());
    reply self = sample();
    self = reply{self[2]};
    EXPECT_EQ(self, part);
}

TEST(Reply, MovesBetweenInlineAndKeptBlocks) {
    reply kept = reply::string(std::string(500, 'x'));
    ASSERT_GT(kept.heap_bytes(), 0u);
    kept.clear();
    EXPECT_GT(kept.heap_bytes(), 0u);  // small enough to be kept
    kept = reply::string("inline");
    EXPECT_EQ(kept.text(), "inline");
    reply other = std::move(kept);
    EXPECT_EQ(other.text(), "inline");
    EXPECT_TRUE(kept.is_nil());
}

TEST(Reply, ClearKeepsNoLargeBlock) {
    reply r = reply::string(std::string(100000, 'x'));
    EXPECT_GE(r.heap_bytes(), 100000u);
    r.clear();
    EXPECT_EQ(r.heap_bytes(), 0u);
    EXPECT_TRUE(r.is_nil());
}

TEST(Reply, AllocatesNothingForSmallAndOnceForLargeTexts) {
    if (!AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    const std::string small(112, 's'), large(100000, 'l');
    {
        const AllocationCount heap;
        reply r = reply::string(small);
        const reply moved = std::move(r);
        const reply copy = moved;
        EXPECT_EQ(copy.size(), 112u);
        EXPECT_EQ(heap.so_far().allocations, 0u);
    }
    const AllocationCount heap;
    reply r = reply::string(large);
    const reply moved = std::move(r);
    EXPECT_EQ(heap.so_far().allocations, 1u);
    EXPECT_LE(heap.so_far().bytes, large.size() + 32);
    const reply copy = moved;
    EXPECT_EQ(heap.so_far().allocations, 2u);
}

TEST(Reply, NamesItsTypes) {
    EXPECT_EQ(to_string(reply_type::nil), "nil");
    EXPECT_EQ(to_string(reply_type::array), "array");
    EXPECT_EQ(to_string(static_cast<reply_type>(99)), "unknown");
}

}  // namespace
}  // namespace redoubt
