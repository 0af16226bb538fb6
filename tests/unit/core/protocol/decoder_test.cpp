// The decoder against well-formed streams, however they are cut, and its limits and memory.
#include "core/protocol/decoder.hpp"

#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/core/protocol/allocation_count.hpp"

namespace redoubt::core {
namespace {

using step = Decoder::step;
using testing::AllocationCount;
using ::testing::HasSubstr;

std::string bulk(std::string_view s) { return "$" + std::to_string(s.size()) + "\r\n" + std::string{s} + "\r\n"; }

// Feeds `stream` in windows of the sizes that `next_size` gives; describes every reply.
template <class NextSize> std::vector<std::string> decode(Decoder& d, std::string_view stream, NextSize next_size) {
    std::vector<std::string> seen;
    reply out;
    while (!stream.empty()) {
        const auto n = std::min<std::size_t>(next_size(), stream.size());
        const std::string window{stream.substr(0, n)};  // a copy, so that borrowing too long is found by a sanitizer
        stream.remove_prefix(n);
        d.supply(window);
        step s;
        while ((s = d.next(out)) == step::reply) seen.push_back(out.describe(100));
        if (s == step::failed) {
            seen.push_back("failed: " + std::string{d.error()});
            return seen;
        }
        EXPECT_TRUE(out.is_nil());
    }
    return seen;
}

std::vector<std::string> decode_whole(std::string_view stream, const reply_limits& limits = {}) {
    Decoder d{limits};
    return decode(d, stream, [] { return std::size_t{1} << 40; });
}

TEST(Decoder, ReadsEachType) {
    EXPECT_THAT(
        decode_whole("+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\tb\r\n\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n+\r\n"),
        ::testing::ElementsAre("OK", "(error) ERR no", "-42", R"("a\x09b\r\n")", "(nil)", "(nil)", "[]", R"("")", ""));
}

// std::string_view of a literal with a NUL inside.
template <std::size_t N> std::string_view lit(const char (&s)[N]) { return {s, N - 1}; }

TEST(Decoder, KeepsNulBytesAndLineEndsInsideBulkStrings) {
    Decoder d;
    d.supply(lit("$6\r\na\0b\r\nc\r\n"));
    reply out;
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.text(), lit("a\0b\r\nc"));
    EXPECT_EQ(out.type(), reply_type::string);
    EXPECT_EQ(d.next(out), step::need_more);
}

TEST(Decoder, ReadsNestedArrays) {
    EXPECT_THAT(decode_whole("*3\r\n*2\r\n:1\r\n*0\r\n$1\r\nx\r\n*1\r\n*1\r\n*1\r\n+deep\r\n:7\r\n"),
                ::testing::ElementsAre(R"([[1, []], "x", [[[deep]]]])", "7"));
}

TEST(Decoder, ClosesNestedArraysAtTheirEnds) {
    Decoder d;
    d.supply("*3\r\n*2\r\n*1\r\n:1\r\n*0\r\n:2\r\n*2\r\n$-1\r\n*1\r\n:3\r\n");
    reply out;
    ASSERT_EQ(d.next(out), step::reply);
    ASSERT_EQ(out.size(), 3u);
    EXPECT_EQ(out[0].size(), 2u);
    EXPECT_EQ(out[0][0][0].integer(), 1);
    EXPECT_EQ(out[0][1].type(), reply_type::array);
    EXPECT_EQ(out[1].integer(), 2);
    EXPECT_EQ(out[2][1][0].integer(), 3);
    EXPECT_EQ(std::distance(out.view().begin(), out.view().end()), 3);
}

TEST(Decoder, ReadsIntegersAtTheirBounds) {
    EXPECT_THAT(decode_whole(":9223372036854775807\r\n:-9223372036854775808\r\n:0\r\n"),
                ::testing::ElementsAre("9223372036854775807", "-9223372036854775808", "0"));
}

TEST(Decoder, GivesTheSameRepliesHoweverTheStreamIsCut) {
    std::mt19937 random{20240611};
    std::string stream;
    for (int i = 0; i != 300; ++i) {
        switch (random() % 7) {
            case 0: stream += "+OK\r\n"; break;
            case 1: stream += ":" + std::to_string(static_cast<int>(random())) + "\r\n"; break;
            case 2: stream += bulk(std::string(random() % 300, 'a')); break;
            case 3: stream += bulk(std::string(random() % 20000, '\r')); break;
            case 4: stream += "$-1\r\n"; break;
            case 5: stream += "*3\r\n*2\r\n" + bulk("k") + "*0\r\n:5\r\n-ERR x\r\n"; break;
            case 6: stream += "+" + std::string(random() % 5000, '\r') + "\r\n"; break;
        }
    }
    const auto expected = decode_whole(stream);
    ASSERT_EQ(expected.size(), 300u);
    {
        Decoder d;
        EXPECT_EQ(decode(d, stream, [] { return std::size_t{1}; }), expected);
        EXPECT_FALSE(d.partial());
    }
    for (const std::size_t widest : {3u, 17u, 100u, 2048u, 2049u, 9000u, 65536u}) {
        Decoder d;
        EXPECT_EQ(decode(d, stream, [&] { return 1 + random() % widest; }), expected) << widest;
    }
}

TEST(Decoder, KnowsWhetherAReplyIsUnfinished) {
    Decoder d;
    reply out;
    EXPECT_FALSE(d.partial());
    EXPECT_EQ(d.next(out), step::need_more);
    const std::string_view stream = "*2\r\n$1\r\na\r\n:1\r\n";
    for (std::size_t i = 0; i + 1 != stream.size(); ++i) {
        d.supply(stream.substr(i, 1));
        ASSERT_EQ(d.next(out), step::need_more);
        EXPECT_TRUE(d.partial()) << i;
    }
    d.supply(stream.substr(stream.size() - 1));
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_FALSE(d.partial());
    EXPECT_EQ(out.describe(), R"(["a", 1])");
}

TEST(Decoder, TakesAWindowBeforeThePreviousOneIsConsumed) {
    Decoder d;
    reply out;
    const std::string first = ":1\r\n" + bulk(std::string(5000, 'x')) + "$3\r\nab";
    d.supply(first);
    ASSERT_EQ(d.next(out), step::reply);
    d.supply("c\r\n:2\r\n");
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.size(), 5000u);
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.text(), "abc");
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.integer(), 2);
    EXPECT_EQ(d.next(out), step::need_more);
}

TEST(Decoder, SmallRepliesCostNoAllocation) {
    if (!AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    std::string stream;
    for (int i = 0; i != 1000; ++i) stream += bulk(std::string(64, 'v')) + ":5\r\n*2\r\n$1\r\na\r\n:1\r\n+OK\r\n";
    Decoder d;
    reply out;
    d.supply(stream);
    for (int i = 0; i != 100; ++i) ASSERT_EQ(d.next(out), step::reply);
    const AllocationCount heap;
    for (int i = 0; i != 3900; ++i) ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(heap.so_far().allocations, 0u);
}

TEST(Decoder, ALargeArrayHeaderCostsNoMemory) {
    if (!AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    for (const char* header : {"*16777215\r\n", "*2147483647\r\n", "$536870912\r\n"}) {
        const AllocationCount heap;
        Decoder d;
        reply out;
        d.supply(header);
        const auto s = d.next(out);
        EXPECT_EQ(s == step::failed, std::string_view{header}.starts_with("*2147")) << header;
        EXPECT_LE(heap.so_far().bytes, 4096u) << header;
        EXPECT_LE(d.held_bytes(), 64u);
    }
}

TEST(Decoder, GivesMemoryBack) {
    if (!AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    Decoder d;
    reply out;
    const std::string large = bulk(std::string(1 << 20, 'x'));
    d.supply(large);
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.size(), 1u << 20);
    EXPECT_EQ(d.held_bytes(), 0u);
    {
        // The large buffer is gone: a new reader is made.
        const AllocationCount heap;
        d.supply(":1\r\n");
        ASSERT_EQ(d.next(out), step::reply);
        EXPECT_EQ(out.heap_bytes(), 0u);
        EXPECT_GE(heap.so_far().allocations, 1u);
        EXPECT_LE(heap.so_far().bytes, 4096u);
    }
}

TEST(Decoder, ThoseOfAThreadShareOneReader) {
    if (!AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    std::vector<std::unique_ptr<Decoder>> idle;
    for (int i = 0; i != 100; ++i) idle.push_back(std::make_unique<Decoder>());
    reply out;
    const auto use = [&](Decoder& d) {
        d.supply("+OK\r\n");
        ASSERT_EQ(d.next(out), step::reply);
        ASSERT_EQ(d.next(out), step::need_more);
        EXPECT_FALSE(d.partial());
    };
    for (int i = 0; i != 500; ++i) use(*idle[0]);  // until its buffer has grown to what it needs
    const AllocationCount heap;
    for (auto& d : idle) use(*d);
    EXPECT_EQ(heap.so_far().allocations, 0u);
}

// Two replies that are both cut: their decoders cannot have the same reader.
TEST(Decoder, AnUnfinishedReplyKeepsItsReaderFromOthers) {
    Decoder a;
    Decoder b;
    reply out;
    for (auto* const d : {&a, &b}) {
        d->supply("+first\r\n*2\r\n$3\r\na");
        ASSERT_EQ(d->next(out), step::reply);
        ASSERT_EQ(d->next(out), step::need_more);
        EXPECT_TRUE(d->partial());
    }
    a.supply("aa\r\n:1\r\n");
    ASSERT_EQ(a.next(out), step::reply);
    EXPECT_EQ(out.describe(), R"(["aaa", 1])");
    ASSERT_EQ(a.next(out), step::need_more);
    b.supply("bb\r\n:2\r\n");
    ASSERT_EQ(b.next(out), step::reply);
    EXPECT_EQ(out.describe(), R"(["abb", 2])");
}

TEST(Decoder, AnotherThreadGoesOnWhereOneHasStopped) {
    Decoder d;
    std::thread([&] {
        reply out;
        d.supply(":1\r\n*2\r\n:2\r\n");
        ASSERT_EQ(d.next(out), step::reply);
        ASSERT_EQ(d.next(out), step::need_more);
    }).join();
    reply out;
    d.supply(":3\r\n");
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.describe(), "[2, 3]");
    EXPECT_EQ(d.next(out), step::need_more);
    d.supply(":4\r\n");
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.integer(), 4);
}

TEST(Decoder, AFailureLeavesNothingForTheOthers) {
    Decoder a;
    reply out;
    a.supply("*1\r\n!oops\r\n");
    ASSERT_EQ(a.next(out), step::failed);
    Decoder b;
    b.supply(":1\r\n");
    ASSERT_EQ(b.next(out), step::reply);
    EXPECT_EQ(out.integer(), 1);
    EXPECT_EQ(b.next(out), step::need_more);
}

TEST(Decoder, TrimKeepsAnUnfinishedReply) {
    Decoder d;
    reply out;
    d.supply("*2\r\n:1\r\n$3\r\na");
    ASSERT_EQ(d.next(out), step::need_more);
    d.trim();
    d.supply("bc\r\n");
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.describe(), R"([1, "abc"])");
}

TEST(Decoder, CountsWhatItHolds) {
    Decoder d;
    reply out;
    const std::string window = "$1000\r\n" + std::string(500, 'x');
    d.supply(window);
    ASSERT_EQ(d.next(out), step::need_more);
    EXPECT_EQ(d.held_bytes(), 506u);  // all but the type byte
    d.reset();
    EXPECT_EQ(d.held_bytes(), 0u);
    EXPECT_FALSE(d.partial());
    d.supply(":1\r\n");
    EXPECT_EQ(d.next(out), step::reply);
}

TEST(Decoder, AFailureStaysUntilReset) {
    Decoder d;
    reply out;
    d.supply(":1\r\n?\r\n:2\r\n");
    ASSERT_EQ(d.next(out), step::reply);
    ASSERT_EQ(d.next(out), step::failed);
    EXPECT_TRUE(out.is_nil());
    const std::string text{d.error()};
    EXPECT_THAT(text, HasSubstr("\"?\""));
    EXPECT_FALSE(d.partial());
    d.supply(":3\r\n");
    EXPECT_EQ(d.next(out), step::failed);
    EXPECT_EQ(d.error(), text);
    d.reset();
    EXPECT_EQ(d.error(), "");
    d.supply(":4\r\n");
    ASSERT_EQ(d.next(out), step::reply);
    EXPECT_EQ(out.integer(), 4);
}

TEST(DecoderLimits, BulkStringIsRefusedAtItsHeader) {
    const reply_limits limits{.bulk_bytes_max = 10};
    EXPECT_EQ(decode_whole(bulk("0123456789"), limits).front(), R"("0123456789")");
    const auto seen = decode_whole("$11\r\n", limits);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0], "failed: bulk string of 11 exceeds the limit of 10 (reply_limits::bulk_bytes_max)");
    EXPECT_EQ(decode_whole(bulk("01234567890"), limits), seen);
}

TEST(DecoderLimits, ValuesAreRefusedAtTheArrayHeader) {
    const reply_limits limits{.nodes_max = 4};
    EXPECT_EQ(decode_whole("*3\r\n:1\r\n:2\r\n:3\r\n", limits).front(), "[1, 2, 3]");
    EXPECT_EQ(decode_whole("*1\r\n*2\r\n:1\r\n:2\r\n:3\r\n", limits).front(), "[[1, 2]]");
    const std::string refused = "failed: number of values of 5 exceeds the limit of 4 (reply_limits::nodes_max)";
    EXPECT_THAT(decode_whole("*4\r\n", limits), ::testing::ElementsAre(refused));
    EXPECT_THAT(decode_whole("*1\r\n*3\r\n", limits), ::testing::ElementsAre(refused));
    // Counted for each reply anew.
    EXPECT_EQ(decode_whole("*3\r\n:1\r\n:2\r\n:3\r\n*3\r\n:1\r\n:2\r\n:3\r\n:1\r\n", limits).size(), 3u);
}

TEST(DecoderLimits, DepthIsOursOrTheParsers) {
    std::string eight, nine;
    for (int i = 0; i != 8; ++i) eight += "*1\r\n";
    nine = eight + "*1\r\n:1\r\n";
    eight += ":1\r\n";
    EXPECT_EQ(decode_whole(eight).front(), "[[[[[[[[1]]]]]]]]");
    EXPECT_EQ(decode_whole(nine).front(), "failed: nesting of 9 exceeds the limit of 8 (reply_limits::depth_max)");
    EXPECT_EQ(decode_whole("*1\r\n*1\r\n*1\r\n:1\r\n", {.depth_max = 2}).front(),
              "failed: nesting of 3 exceeds the limit of 2 (reply_limits::depth_max)");
}

TEST(DecoderLimits, LinesEndOrFail) {
    const reply_limits limits{.line_bytes_max = 100};
    const std::string line(100, 'x');
    EXPECT_EQ(decode_whole("+" + line + "\r\n", limits).front(), line);
    const std::string refused = "failed: line of more than 100 bytes exceeds the limit (reply_limits::line_bytes_max)";
    for (const char type : {'+', '-'}) {
        EXPECT_THAT(decode_whole(type + line + "x\r\n", limits), ::testing::ElementsAre(refused));
        EXPECT_THAT(decode_whole(type + line + line + line, limits), ::testing::ElementsAre(refused));
        Decoder d{limits};
        EXPECT_THAT(decode(d, type + line + "x\r\n", [] { return 1u; }), ::testing::ElementsAre(refused));
    }
    for (const char type : {':', '*', '$'}) {
        EXPECT_THAT(decode_whole(type + std::string(5000, '1'), limits), ::testing::ElementsAre(refused));
    }
}

TEST(DecoderLimits, TextOfAllValuesTogether) {
    const reply_limits limits{.text_bytes_max = 10};
    EXPECT_EQ(decode_whole("*2\r\n$5\r\n01234\r\n$5\r\n56789\r\n", limits).front(), R"(["01234", "56789"])");
    EXPECT_EQ(decode_whole("*2\r\n$5\r\n01234\r\n+567890\r\n", limits).front(),
              "failed: text bytes of 11 exceeds the limit of 10 (reply_limits::text_bytes_max)");
}

TEST(DecoderLimits, AreBroughtIntoTheirRanges) {
    const Decoder d{{.bulk_bytes_max = 0, .line_bytes_max = 0, .nodes_max = 0, .depth_max = 0, .text_bytes_max = 0}};
    EXPECT_EQ(d.limits().bulk_bytes_max, 1u);
    EXPECT_EQ(d.limits().line_bytes_max, 64u);
    EXPECT_EQ(d.limits().nodes_max, 1u);
    EXPECT_EQ(d.limits().depth_max, 1u);
    EXPECT_EQ(d.limits().text_bytes_max, 1u);
    const Decoder e{{.bulk_bytes_max = ~std::size_t{0},
                     .line_bytes_max = ~std::size_t{0},
                     .nodes_max = ~0u,
                     .depth_max = 99,
                     .text_bytes_max = ~std::size_t{0}}};
    EXPECT_EQ(e.limits().bulk_bytes_max, std::size_t{1} << 30);
    EXPECT_EQ(e.limits().line_bytes_max, std::size_t{16} << 20);
    EXPECT_EQ(e.limits().nodes_max, 1u << 28);
    EXPECT_EQ(e.limits().depth_max, 8u);
    EXPECT_EQ(e.limits().text_bytes_max, std::size_t{3} << 30);
}

}  // namespace
}  // namespace redoubt::core
