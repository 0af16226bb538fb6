// Appends commands in RESP to any buffer that can make room at its end; sizes are exact, so nothing is copied twice.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>

namespace redoubt::core {

/// extend(n) makes the buffer n bytes longer and returns where they are.
template <class B>
concept byte_buffer = requires(B& b, std::size_t n) {
    { b.extend(n) } -> std::same_as<char*>;
};

namespace detail {

inline constexpr auto powers_of_ten = [] {
    std::array<std::uint64_t, 20> p{1};
    for (std::size_t i = 1; i != p.size(); ++i) p[i] = p[i - 1] * 10;
    return p;
}();

inline constexpr auto digit_pairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i != 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}();

}  // namespace detail

/// Digits of n in decimal: 1 to 20.
constexpr std::size_t decimal_size(std::uint64_t n) noexcept {
    if (n < 10) return 1;
    if (n < 100) return 2;
    // log10(2) is about 1233 / 4096; the table corrects the estimate.
    const auto guess = (static_cast<std::size_t>(std::bit_width(n)) * 1233) >> 12;
    return guess + (n >= detail::powers_of_ten[guess] ? 1 : 0);
}

/// Writes n in exactly `size` = decimal_size(n) digits; returns the end.
inline char* write_decimal(char* to, std::uint64_t n, std::size_t size) noexcept {
    char* const end = to + size;
    char* at = end;
    while (n >= 100) {
        at -= 2;
        std::memcpy(at, &detail::digit_pairs[2 * (n % 100)], 2);
        n /= 100;
    }
    if (n >= 10) {
        std::memcpy(to, &detail::digit_pairs[2 * n], 2);
    } else {
        *to = static_cast<char>('0' + n);
    }
    return end;
}

/// "*3\r\n", "$5\r\n"
constexpr std::size_t header_size(std::uint64_t n) noexcept { return decimal_size(n) + 3; }

inline char* write_header(char* to, char type, std::uint64_t n) noexcept {
    *to = type;
    to = write_decimal(to + 1, n, decimal_size(n));
    std::memcpy(to, "\r\n", 2);
    return to + 2;
}

/// A bulk string of that many bytes, with its header and terminator.
constexpr std::size_t bulk_size(std::size_t bytes) noexcept { return header_size(bytes) + bytes + 2; }

inline char* write_bulk(char* to, std::string_view bytes) noexcept {
    to = write_header(to, '$', bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
    std::memcpy(to, "\r\n", 2);
    return to + 2;
}

/// A whole command: what append_command() will append.
constexpr std::size_t encoded_size(std::span<const std::string_view> argv) noexcept {
    std::size_t size = header_size(argv.size());
    for (const auto& argument : argv) size += bulk_size(argument.size());
    return size;
}

template <byte_buffer B> void append_command(B& out, std::span<const std::string_view> argv) {
    char* to = write_header(out.extend(encoded_size(argv)), '*', argv.size());
    for (const auto& argument : argv) to = write_bulk(to, argument);
}

/// The same piece by piece: a header with the number of arguments, then each of them.
template <byte_buffer B> void append_header(B& out, std::size_t arguments) {
    write_header(out.extend(header_size(arguments)), '*', arguments);
}

template <byte_buffer B> void append_bulk(B& out, std::string_view bytes) {
    write_bulk(out.extend(bulk_size(bytes.size())), bytes);
}

template <byte_buffer B> void append_bulk(B& out, std::uint64_t n, bool negative = false) {
    const std::size_t digits = decimal_size(n);
    const std::size_t size = digits + (negative ? 1 : 0);
    char* to = write_header(out.extend(bulk_size(size)), '$', size);
    if (negative) *to++ = '-';
    to = write_decimal(to, n, digits);
    std::memcpy(to, "\r\n", 2);
}

template <byte_buffer B> void append_bulk(B& out, std::int64_t n) {
    const bool negative = n < 0;
    // Negated as an unsigned number: the smallest integer has no positive twin.
    append_bulk(out, negative ? std::uint64_t{0} - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n),
                negative);
}

/// Longest text of a double written by write_real().
inline constexpr std::size_t real_size_max = 32;

/// The shortest text that reads back as the same number; "inf", "-inf" and "nan" as the server writes them.
/// Returns the length.
std::size_t write_real(char (&to)[real_size_max], double) noexcept;
std::size_t write_real(char (&to)[real_size_max], float) noexcept;

template <byte_buffer B> void append_bulk(B& out, double n) {
    char text[real_size_max];
    append_bulk(out, std::string_view{text, write_real(text, n)});
}

}  // namespace redoubt::core
