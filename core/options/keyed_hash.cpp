// SipHash-2-4 (Aumasson and Bernstein, 2012).
#include "core/options/keyed_hash.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstddef>

namespace redoubt::core {

namespace {

struct sip_state {
    std::uint64_t a, b, c, d;

    void round() noexcept {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }

    void absorb(std::uint64_t word) noexcept {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

std::uint64_t little_endian(std::string_view bytes) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return word;
}

hash_key new_secret() noexcept {
    hash_key key{};
    if (::getentropy(key.data(), sizeof key) == 0) return key;
    // Without a source of randomness (a strict sandbox) keys stay distinct; they are only easier to guess from.
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return {now, static_cast<std::uint64_t>(::getpid())};
}

}  // namespace

const hash_key& process_secret() noexcept {
    static const hash_key secret = new_secret();
    return secret;
}

std::uint64_t keyed_hash(const hash_key& key, std::string_view text) noexcept {
    sip_state s{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
                key[1] ^ 0x7465646279746573U};
    const auto length = static_cast<std::uint64_t>(text.size());
    for (; text.size() >= 8; text.remove_prefix(8)) s.absorb(little_endian(text.substr(0, 8)));
    s.absorb(little_endian(text) | length << 56U);
    s.c ^= 0xffU;
    for (int i = 0; i < 4; ++i) s.round();
    return s.a ^ s.b ^ s.c ^ s.d;
}

}  // namespace redoubt::core
