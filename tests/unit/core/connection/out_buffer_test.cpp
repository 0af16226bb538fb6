// Bytes on their way out, against std::string.
#include "core/connection/out_buffer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace redoubt::core {
namespace {

TEST(OutBuffer, AppendsAndTakesFromTheFront) {
    OutBuffer b;
    EXPECT_TRUE(b.empty());
    EXPECT_EQ(b.view(), "");
    b.append("hello ");
    b.append("world");
    EXPECT_EQ(b.view(), "hello world");
    b.drop_front(6);
    EXPECT_EQ(b.view(), "world");
    b.drop_front(5);
    EXPECT_TRUE(b.empty());
}

TEST(OutBuffer, CutsAnywhere) {
    for (const auto& [at, n, left] : {std::tuple{0, 2, "23456"}, {2, 3, "0156"}, {5, 2, "01234"}, {0, 7, ""}}) {
        OutBuffer b;
        b.append("xx0123456");
        b.drop_front(2);
        b.cut(static_cast<std::size_t>(at), static_cast<std::size_t>(n));
        EXPECT_EQ(b.view(), left);
        b.append("!");
        EXPECT_EQ(b.view(), std::string(left) + '!');
    }
}

TEST(OutBuffer, SwapsWithEverythingInIt) {
    OutBuffer a;
    OutBuffer b;
    a.append("abc");
    a.drop_front(1);
    swap(a, b);
    EXPECT_TRUE(a.empty());
    EXPECT_EQ(b.view(), "bc");
    a.append("new");
    EXPECT_EQ(a.view(), "new");
    EXPECT_EQ(b.view(), "bc");
}

TEST(OutBuffer, WorksOnAfterItGaveBackTheMemoryOfAPeak) {
    OutBuffer b;
    const std::string large(1'000'000, 'x');
    b.append(large);
    EXPECT_EQ(b.view(), large);
    b.drop_front(large.size());
    b.append("small");
    EXPECT_EQ(b.view(), "small");
}

TEST(OutBuffer, TrimGivesBackOnlyWhatIsEmpty) {
    OutBuffer b;
    b.append("abc");
    b.drop_front(1);
    b.trim();
    EXPECT_EQ(b.view(), "bc");
    b.drop_front(2);
    EXPECT_LE(b.capacity(), 256U) << "a few small commands take no more";
    EXPECT_NE(b.capacity(), 0U) << "the next command costs no allocation";
    b.trim();
    EXPECT_EQ(b.capacity(), 0U);
    b.append("new");
    EXPECT_EQ(b.view(), "new");
}

TEST(OutBuffer, AgreesWithAString) {
    std::mt19937 random(11);
    OutBuffer b;
    std::string model;
    for (int step = 0; step < 20'000; ++step) {
        const auto r = random();
        const auto size = (r >> 8) % (r % 97 == 0 ? 90'000 : 300);
        switch (r % 4) {
            case 0: {
                const std::string bytes(size, static_cast<char>('a' + r % 26));
                b.append(bytes);
                model += bytes;
                break;
            }
            case 1: {
                const auto n = std::min<std::size_t>(size * 2, model.size());
                b.drop_front(n);
                model.erase(0, n);
                break;
            }
            case 2: {
                const auto at = model.empty() ? 0 : (r >> 4) % model.size();
                const auto n = std::min<std::size_t>(size, model.size() - at);
                b.cut(at, n);
                model.erase(at, n);
                break;
            }
            case 3: b.reserve(size); break;
        }
        ASSERT_EQ(b.size(), model.size());
        ASSERT_EQ(b.view(), model);
    }
}

}  // namespace
}  // namespace redoubt::core
