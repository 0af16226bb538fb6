// Names of keys: those that redis-benchmark uses, whatever name came before.
#include "bench/keys.hpp"

#include <gtest/gtest.h>

#include <set>

namespace redoubt::bench {
namespace {

TEST(BenchKeys, are_named_as_redis_benchmark_does) {
    EXPECT_EQ(key_name(0), "key:000000000000");
    EXPECT_EQ(key_name(42), "key:000000000042");
    EXPECT_EQ(key_name(999'999'999'999), "key:999999999999");
}

TEST(BenchKeys, a_shorter_number_leaves_nothing_of_a_longer_one) {
    KeyName name(123'456);
    name.clear();
    name.set(7);
    EXPECT_EQ(name.view(), "key:000000000007");
}

TEST(BenchKeys, all_are_picked_and_no_other) {
    KeyPicker picker(1, 10);
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) seen.emplace(picker.next());
    EXPECT_EQ(seen.size(), 10U);
    EXPECT_EQ(*seen.begin(), key_name(0));
    EXPECT_EQ(*seen.rbegin(), key_name(9));
}

TEST(BenchKeys, the_seed_decides) {
    KeyPicker one(1, 10'000), same(1, 10'000), other(2, 10'000);
    int differ = 0;
    for (int i = 0; i < 100; ++i) {
        const std::string key(one.next());
        EXPECT_EQ(same.next(), key);
        differ += other.next() != key ? 1 : 0;
    }
    EXPECT_GT(differ, 90);
}

}  // namespace
}  // namespace redoubt::bench
