// SipHash-2-4 against the vectors that its authors published.
#include "core/options/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace redoubt::core {
namespace {

TEST(KeyedHash, AgreesWithThePublishedVectors) {
    constexpr hash_key key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    const std::pair<std::size_t, std::uint64_t> cases[] = {
        {0, 0x726fdb47dd0e0e31U}, {1, 0x74f839c593dc67fdU}, {8, 0x93f5f5799a932462U}, {15, 0xa129ca6149be45e5U}};
    for (const auto& [length, hash] : cases) {
        std::string text;
        for (std::size_t i = 0; i < length; ++i) text += static_cast<char>(i);
        EXPECT_EQ(keyed_hash(key, text), hash) << length;
    }
}

}  // namespace
}  // namespace redoubt::core
