// What no honest server sends: the decoder fails clearly or waits, and always the same however the bytes are cut.
#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "core/protocol/decoder.hpp"
#include "tests/unit/core/protocol/allocation_count.hpp"

namespace redoubt::core {
namespace {

using step = Decoder::step;

struct hostile {
    std::string name;
    std::string bytes;
    std::string expected;  // what was decoded, "| " between replies; then "wait" (unfinished), "done" or the error
};

struct outcome {
    std::string text;
    std::size_t held_max = 0;
};

template <class NextSize> outcome run(std::string_view stream, const reply_limits& limits, NextSize next_size) {
    Decoder d{limits};
    reply out;
    outcome result;
    while (!stream.empty()) {
        const auto n = std::min<std::size_t>(next_size(), stream.size());
        const std::string window{stream.substr(0, n)};
        stream.remove_prefix(n);
        d.supply(window);
        step s;
        while ((s = d.next(out)) == step::reply) result.text += out.describe(60) + " | ";
        result.held_max = std::max(result.held_max, d.held_bytes());
        if (s == step::failed) {
            EXPECT_EQ(d.next(out), step::failed);
            EXPECT_FALSE(d.error().empty());
            result.text += d.error();
            result.text += d.error_kind() == errc::reply_limit ? " [limit]" : " [protocol]";
            return result;
        }
    }
    result.text += d.partial() ? "wait" : "done";
    return result;
}

reply_limits small() {
    return {.bulk_bytes_max = 1000, .line_bytes_max = 200, .nodes_max = 1000, .depth_max = 8, .text_bytes_max = 3000};
}

std::string times(int n, std::string_view s) {
    std::string all;
    for (int i = 0; i != n; ++i) all += s;
    return all;
}

template <std::size_t N> std::string raw(const char (&s)[N]) { return {s, N - 1}; }

const std::string bad_int = "malformed reply: Bad integer value [protocol]";
const std::string bad_bulk = "malformed reply: Bad bulk string length [protocol]";
const std::string bad_bulk_range = "malformed reply: Bulk string length out of range [protocol]";
const std::string bad_array = "malformed reply: Bad multi-bulk length [protocol]";
const std::string bad_array_range = "malformed reply: Multi-bulk length out of range [protocol]";
const std::string no_end = "malformed reply: bulk string without its terminator [protocol]";
const std::string line_limit = "line of more than 200 bytes exceeds the limit (reply_limits::line_bytes_max) [limit]";

std::string bad_type(std::string_view byte, std::string_view hint = "") {
    return "malformed reply: got \"" + std::string{byte} + "\" as reply type byte" + std::string{hint} + " [protocol]";
}
std::string bulk_limit(std::string_view n) {
    return "bulk string of " + std::string{n} + " exceeds the limit of 1000 (reply_limits::bulk_bytes_max) [limit]";
}
std::string nodes_limit(std::string_view n) {
    return "number of values of " + std::string{n} + " exceeds the limit of 1000 (reply_limits::nodes_max) [limit]";
}
const std::string depth_limit = "nesting of 9 exceeds the limit of 8 (reply_limits::depth_max) [limit]";

std::vector<hostile> table() {
    return {
        // the type byte
        {"empty line", "\r\n", bad_type("\\r")},
        {"line feed", "\n", bad_type("\\n")},
        {"empty line between replies", ":1\r\n\r\n:2\r\n", "1 | " + bad_type("\\r")},
        {"NUL", raw("\0"), bad_type("\\x00")},
        {"space", " +OK\r\n", bad_type(" ")},
        {"letter", "OK\r\n", bad_type("O")},
        {"quote", "\"", bad_type("\\\"")},
        {"high byte", "\xff", bad_type("\\xff")},
        {"web server", "HTTP/1.1 400 Bad Request\r\n", bad_type("H", " (is this a web server?)")},
        {"TLS alert", "\x15\x03\x03", bad_type("\\x15", " (does this port speak TLS?)")},
        {"TLS handshake", "\x16\x03\x01", bad_type("\\x16", " (does this port speak TLS?)")},
        {"RESP3 null", "_\r\n", bad_type("_")},
        {"RESP3 map", "%1\r\n+a\r\n+b\r\n", bad_type("%")},
        {"RESP3 boolean", "#t\r\n", bad_type("#")},
        {"RESP3 double", ",1.5\r\n", bad_type(",")},
        {"RESP3 push", ">2\r\n+a\r\n+b\r\n", bad_type(">")},
        {"bad type inside an array", "*2\r\n:1\r\n?\r\n", bad_type("?")},
        {"array shorter than announced, then another reply", "*2\r\n:1\r\n:2\r\n\r\n", "[1, 2] | " + bad_type("\\r")},
        // integers
        {"integer: empty", ":\r\n", bad_int},
        {"integer: sign only", ":-\r\n", bad_int},
        {"integer: plus", ":+1\r\n", bad_int},
        {"integer: leading zero", ":01\r\n", bad_int},
        {"integer: minus zero", ":-0\r\n", bad_int},
        {"integer: letters", ":1x\r\n", bad_int},
        {"integer: space", ": 1\r\n", bad_int},
        {"integer: trailing space", ":1 \r\n", bad_int},
        {"integer: NUL", raw(":1\0\r\n"), bad_int},
        {"integer: hexadecimal", ":0x10\r\n", bad_int},
        {"integer: fraction", ":1.5\r\n", bad_int},
        {"integer: one too large", ":9223372036854775808\r\n", bad_int},
        {"integer: one too small", ":-9223372036854775809\r\n", bad_int},
        {"integer: far too large", ":" + times(100, "9") + "\r\n", bad_int},
        {"integer: line feed alone", ":1\n:2\n", "wait"},
        {"integer: carriage return inside", ":1\r2\r\n", bad_int},
        {"integer: endless", ":" + times(5000, "1"), line_limit},
        // status and error lines
        {"status: empty", "+\r\n", " | done"},
        {"status: NUL inside", raw("+a\0b\r\n"), "a\\x00b | done"},
        {"status: line feed inside", "+a\nb\r\n", "a\\nb | done"},
        {"status: many carriage returns", "+\r\r\r\r\n", "\\r\\r\\r | done"},
        {"status: unfinished", "+OK", "wait"},
        {"status: half a line end", "+OK\r", "wait"},
        {"status: endless", "+" + times(5000, "x"), line_limit},
        {"error: endless carriage returns", "-" + times(5000, "\r"), line_limit},
        {"error: endless line feeds", "-" + times(5000, "\n"), line_limit},
        // bulk strings
        {"bulk: empty length", "$\r\n", bad_bulk},
        {"bulk: sign only", "$-\r\n", bad_bulk},
        {"bulk: letters", "$abc\r\n", bad_bulk},
        {"bulk: length with space", "$ 3\r\nabc\r\n", bad_bulk},
        {"bulk: plus", "$+3\r\nabc\r\n", bad_bulk},
        {"bulk: leading zero", "$03\r\nabc\r\n", bad_bulk},
        {"bulk: length -2", "$-2\r\n", bad_bulk_range},
        {"bulk: smallest length", "$-9223372036854775808\r\n", bad_bulk_range},
        {"bulk: length out of 64 bits", "$9223372036854775808\r\n", bad_bulk},
        {"bulk: length that overflows when line ends are added", "$9223372036854775807\r\n",
         bulk_limit("9223372036854775807")},
        {"bulk: the same, and bytes", "$9223372036854775806\r\nabcdef\r\n", bulk_limit("9223372036854775806")},
        {"bulk: 32 bits overflow", "$4294967296\r\n\r\n", bulk_limit("4294967296")},
        {"bulk: int overflow", "$2147483648\r\n\r\n", bulk_limit("2147483648")},
        {"bulk: over the limit", "$1001\r\n", bulk_limit("1001")},
        {"bulk: over the limit in an array", "*2\r\n:1\r\n$1001\r\n", bulk_limit("1001")},
        {"bulk: no terminator", "$3\r\nabcXY", no_end},
        {"bulk: terminator reversed", "$3\r\nabc\n\r", no_end},
        {"bulk: terminator half wrong", "$3\r\nabc\rX", no_end},
        {"bulk: shorter than announced", "$5\r\nabc\r\n:1\r\n", no_end},
        {"bulk: longer than announced", "$2\r\nabc\r\n", no_end},
        {"bulk: empty without terminator", "$0\r\n:1", no_end},
        {"bulk: no terminator in an array", "*2\r\n$1\r\naXY:1\r\n", no_end},
        {"bulk: nil with a body", "$-1\r\n\r\n", "(nil) | " + bad_type("\\r")},
        {"bulk: terminator missing", "$3\r\nabc", "wait"},
        {"bulk: half a terminator", "$3\r\nabc\r", "wait"},
        {"bulk: length unfinished", "$3", "wait"},
        {"bulk: endless length", "$" + times(5000, "1"), line_limit},
        // arrays
        {"array: empty length", "*\r\n", bad_array},
        {"array: sign only", "*-\r\n", bad_array},
        {"array: letters", "*x\r\n", bad_array},
        {"array: length -2", "*-2\r\n", bad_array_range},
        {"array: largest", "*2147483647\r\n", nodes_limit("2147483648")},
        {"array: beyond int", "*2147483648\r\n", bad_array_range},
        {"array: beyond 32 bits", "*4294967297\r\n:1\r\n", bad_array_range},
        {"array: beyond 64 bits", "*99999999999999999999\r\n", bad_array},
        {"array: over the limit", "*1000\r\n", nodes_limit("1001")},
        {"array: over the limit by its children", "*2\r\n*500\r\n" + times(500, ":1\r\n") + "*500\r\n",
         nodes_limit("1003")},
        {"array: at the limit", "*999\r\n" + times(999, "*0\r\n") + ":1\r\n",
         "[" + times(14, "[], ") + "[]… | 1 | done"},
        {"array: too deep", times(9, "*1\r\n"), depth_limit},
        {"array: too deep, empty", times(8, "*1\r\n") + "*0\r\n", depth_limit},
        {"array: too deep, nil", times(8, "*1\r\n") + "*-1\r\n", depth_limit},
        {"array: deep bomb", times(10000, "*1\r\n"), depth_limit},
        {"array: wide and deep bomb", times(10000, "*999\r\n"), nodes_limit("1999")},
        {"array: unfinished", "*2\r\n:1\r\n", "wait"},
        {"array: header only", "*5\r\n", "wait"},
        {"array: nil inside nil", "*2\r\n*-1\r\n$-1\r\n", "[(nil), (nil)] | done"},
        {"array: endless length", "*" + times(5000, "1"), line_limit},
        // text of one reply
        {"text: together over the limit", "*4\r\n" + times(4, "$1000\r\n" + times(1000, "x") + "\r\n"),
         "text bytes of 4000 exceeds the limit of 3000 (reply_limits::text_bytes_max) [limit]"},
        {"text: counted anew for each reply", times(4, "$1000\r\n" + times(1000, "x") + "\r\n"),
         times(4, "\"" + times(59, "x") + "… | ") + "done"},
    };
}

TEST(DecoderHostile, FailsOrWaitsTheSameHoweverTheBytesAreCut) {
    const auto inputs = table();
    ASSERT_GE(inputs.size(), 60u);
    std::mt19937 random{7};
    for (const auto& input : inputs) {
        SCOPED_TRACE(input.name);
        const auto whole = run(input.bytes, small(), [] { return std::size_t{1} << 40; });
        EXPECT_EQ(whole.text, input.expected);
        const auto single = run(input.bytes, small(), [] { return std::size_t{1}; });
        EXPECT_EQ(single.text, whole.text);
        EXPECT_LE(single.held_max, 40000u);
        for (int i = 0; i != 20; ++i) {
            const unsigned widest = i % 2 == 0 ? 8 : 3000;
            EXPECT_EQ(run(input.bytes, small(), [&] { return 1 + random() % widest; }).text, whole.text);
        }
    }
}

// The same table under the default limits, as a connection would see it: no crash, and no great memory.
TEST(DecoderHostile, CostsLittleMemoryUnderTheDefaultLimits) {
    for (const auto& input : table()) {
        SCOPED_TRACE(input.name);
        const testing::AllocationCount heap;
        run(input.bytes, {}, [] { return std::size_t{1} << 40; });
        if (testing::AllocationCount::works()) {
            EXPECT_LE(heap.so_far().largest, 64u * 1024);
        }
    }
}

// Any bytes at all; seeded, so that a failure can be repeated.
TEST(DecoderHostile, SurvivesRandomBytes) {
    std::mt19937 random{99};
    static constexpr std::string_view pieces[] = {
        "*", "$", ":",  "+",        "-",      "\r\n",          "\r",     "\n", "0",     "1", "2",
        "3", "9", "-1", "\r\n\r\n", "*2\r\n", "$3\r\nabc\r\n", ":5\r\n", "x",  "*0\r\n"};
    for (int round = 0; round != 3000; ++round) {
        std::string bytes;
        const auto length = 1 + random() % 30;
        for (std::size_t i = 0; i != length; ++i) bytes += pieces[random() % std::size(pieces)];
        const auto whole = run(bytes, small(), [] { return std::size_t{1} << 40; });
        EXPECT_EQ(run(bytes, small(), [] { return std::size_t{1}; }).text, whole.text) << bytes;
        EXPECT_EQ(run(bytes, small(), [&] { return 1 + random() % 5; }).text, whole.text) << bytes;
    }
}

}  // namespace
}  // namespace redoubt::core
