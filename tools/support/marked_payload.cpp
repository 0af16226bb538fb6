// "mark client caller number|", filler, eight bytes of checksum.
#include "tools/support/marked_payload.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace redoubt::lab {
namespace {

constexpr std::size_t sum_bytes = 8;
constexpr std::string_view beginning = "mark ";

std::uint64_t hash_of(std::string_view bytes) {
    std::uint64_t hash = 1469598103934665603U;  // FNV-1a
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash;
}

std::uint64_t next_random(std::uint64_t& state) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return state;
}

std::array<char, sum_bytes> bytes_of(std::uint64_t hash) {
    std::array<char, sum_bytes> bytes{};
    for (std::size_t i = 0; i < sum_bytes; ++i) bytes[i] = static_cast<char>(hash >> (8 * i) & 0xffU);
    return bytes;
}

template <class N> bool take_number(std::string_view& text, N& number, char end) {
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto used = static_cast<std::size_t>(stop - text.data());
    if (ec != std::errc() || used >= text.size() || text[used] != end) return false;
    text.remove_prefix(used + 1);
    return true;
}

}  // namespace

std::string marked_payload(const payload_mark& mark, std::size_t bytes) {
    auto text = std::string(beginning) + std::to_string(mark.client) + ' ' + std::to_string(mark.caller) + ' ' +
                std::to_string(mark.number) + '|';
    auto state = hash_of(text) | 1U;
    const bool whole = text.size() + sum_bytes <= bytes;
    const auto filler_end = whole ? bytes - sum_bytes : bytes;
    if (!whole) text.clear();
    text.reserve(bytes);
    while (text.size() < filler_end) {
        const auto eight = bytes_of(next_random(state));
        text.append(eight.data(), std::min(eight.size(), filler_end - text.size()));
    }
    if (!whole) return text;
    const auto sum = bytes_of(hash_of(text));
    return text.append(sum.data(), sum.size());
}

std::optional<payload_mark> mark_of(std::string_view payload) {
    if (payload.size() < beginning.size() + sum_bytes || !payload.starts_with(beginning)) return std::nullopt;
    const auto body = payload.substr(0, payload.size() - sum_bytes);
    const auto sum = bytes_of(hash_of(body));
    if (payload.substr(body.size()) != std::string_view(sum.data(), sum.size())) return std::nullopt;
    auto rest = body.substr(beginning.size());
    payload_mark mark;
    if (!take_number(rest, mark.client, ' ') || !take_number(rest, mark.caller, ' ') ||
        !take_number(rest, mark.number, '|'))
        return std::nullopt;
    return mark;
}

}  // namespace redoubt::lab
