// Commands as bytes: every length of number, any bytes in arguments, exact sizes, no allocation.
#include "core/protocol/encode.hpp"

#include <gmock/gmock.h>

#include <charconv>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/protocol/decoder.hpp"
#include "tests/unit/core/protocol/allocation_count.hpp"

namespace redoubt::core {
namespace {

struct Text {
    char* extend(std::size_t n) {
        bytes.resize(bytes.size() + n);
        return bytes.data() + bytes.size() - n;
    }
    std::string bytes;
};

std::string encode(std::vector<std::string_view> argv) {
    Text out;
    append_command(out, argv);
    EXPECT_EQ(out.bytes.size(), encoded_size(argv));
    return out.bytes;
}

TEST(Encode, WritesCommands) {
    EXPECT_EQ(encode({"GET", "key"}), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
    const std::string nul{'\0'};
    EXPECT_EQ(encode({"SET", "", nul + "\r\n"}), "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n" + nul + "\r\n\r\n");
    EXPECT_EQ(encode({"PING"}), "*1\r\n$4\r\nPING\r\n");
}

TEST(Encode, PiecewiseIsTheSame) {
    Text out;
    append_header(out, 5);
    append_bulk(out, std::string_view{"X"});
    append_bulk(out, std::int64_t{-12});
    append_bulk(out, std::uint64_t{7});
    append_bulk(out, 0.5);
    append_bulk(out, std::string_view{});
    EXPECT_EQ(out.bytes, encode({"X", "-12", "7", "0.5", ""}));
}

TEST(Encode, CountsDigits) {
    std::uint64_t power = 1;
    for (std::size_t digits = 1; digits <= 20; ++digits) {
        EXPECT_EQ(decimal_size(power), digits);
        if (power > 1) {
            EXPECT_EQ(decimal_size(power - 1), digits - 1);
        }
        EXPECT_EQ(decimal_size(power + 1), digits);
        power *= 10;
    }
    EXPECT_EQ(decimal_size(0), 1u);
    EXPECT_EQ(decimal_size(~std::uint64_t{0}), 20u);
    for (unsigned bits = 0; bits != 64; ++bits) {
        const auto n = std::uint64_t{1} << bits;
        EXPECT_EQ(decimal_size(n), std::to_string(n).size());
        EXPECT_EQ(decimal_size(n - 1), std::to_string(n - 1).size());
    }
}

TEST(Encode, WritesIntegers) {
    std::mt19937_64 random{5};
    std::vector<std::int64_t> numbers{
        0, 9, 10, 99, 100, -1, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    for (int i = 0; i != 2000; ++i)
        numbers.push_back(static_cast<std::int64_t>(random() >> (random() % 64)) * (i % 2 ? 1 : -1));
    for (const auto n : numbers) {
        Text out;
        append_bulk(out, n);
        const auto digits = std::to_string(n);
        EXPECT_EQ(out.bytes, "$" + std::to_string(digits.size()) + "\r\n" + digits + "\r\n");
    }
    Text out;
    append_bulk(out, ~std::uint64_t{0});
    EXPECT_EQ(out.bytes, "$20\r\n18446744073709551615\r\n");
}

TEST(Encode, WritesReals) {
    const auto text = [](double n) {
        char to[real_size_max];
        return std::string{to, write_real(to, n)};
    };
    EXPECT_EQ(text(0.1), "0.1");
    EXPECT_EQ(text(3), "3");
    EXPECT_EQ(text(-INFINITY), "-inf");
    EXPECT_EQ(text(INFINITY), "inf");
    EXPECT_EQ(text(-NAN), "nan");
    for (const double n : {1e300, -2.2250738585072014e-308, 5e-324, 0.30000000000000004, -1.7976931348623157e308}) {
        double back = 0;
        const auto s = text(n);
        std::from_chars(s.data(), s.data() + s.size(), back);
        EXPECT_EQ(back, n);
    }
}

TEST(Encode, WhatIsWrittenReadsBack) {
    const std::string large(5000, 'x');
    const auto bytes = encode({"SET", "k", large});
    Decoder d;
    d.supply(bytes);
    reply out;
    ASSERT_EQ(d.next(out), Decoder::step::reply);
    EXPECT_EQ(out, reply::array({reply::string("SET"), reply::string("k"), reply::string(large)}));
}

TEST(Encode, AllocatesNothing) {
    if (!testing::AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    Text out;
    out.bytes.reserve(1000);
    const std::string_view argv[] = {"GET", "0123456789abcdef"};
    const testing::AllocationCount heap;
    append_command(out, argv);
    append_bulk(out, std::int64_t{-5});
    append_bulk(out, 1e-9);
    EXPECT_EQ(heap.so_far().allocations, 0u);
}

}  // namespace
}  // namespace redoubt::core
