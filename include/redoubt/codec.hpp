// How a value becomes an argument and a reply becomes a value: codec<T>, the one customisation point.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <redoubt/reply.hpp>
#include <redoubt/result.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace redoubt {

/// What codec<T>::encode() writes into: the bytes of one argument. Up to 256 bytes need no allocation.
class writer {
public:
    writer() noexcept : data_(inline_) {}
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;
    ~writer() {
        if (data_ != inline_) delete[] data_;
    }

    writer& append(std::string_view bytes);
    writer& append(char c) { return *extend(1) = c, *this; }
    /// In decimal.
    writer& append(std::int64_t n);
    writer& append(std::uint64_t n);
    template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>) writer& append(T n) {
        return append(static_cast<std::conditional_t<std::signed_integral<T>, std::int64_t, std::uint64_t>>(n));
    }
    /// The shortest text that reads back as the same number.
    writer& append(double n);
    /// Makes room for n more bytes and returns where they go.
    char* extend(std::size_t n);

    /// The value cannot be written; the command is then never sent.
    void fail() noexcept { failed_ = true; }
    bool failed() const noexcept { return failed_; }

    std::string_view view() const noexcept { return {data_, size_}; }
    void clear() noexcept { size_ = 0, failed_ = false; }

private:
    char* data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = sizeof inline_;
    bool failed_ = false;
    char inline_[256];
};

/// Specialise for a type of yours:
///
///     template <> struct redoubt::codec<User> {
///         static void encode(const User&, writer&);        // to use it as an argument
///         static result<User> decode(reply_view);          // to read it from a reply
///     };
///
/// Either function may be left out. decode() returns errors, best made by reply_mismatch(). Text, numbers, bool,
/// optional, reply and void are here; vector, tuple, map and kin are in <redoubt/codec_containers.hpp>.
template <class T> struct codec;

/// A T can be read from a reply.
template <class T>
concept decodable = requires(reply_view v) {
    { codec<T>::decode(v) } -> std::same_as<result<T>>;
};

/// The error for a reply of the wrong type or form: `expected an integer, found string "abc"`.
error reply_mismatch(reply_view found, std::string_view expected);

/// The error for a number that the type asked for cannot hold.
error reply_out_of_range(reply_view found, std::string_view expected);

namespace detail {

/// Adds to an error's text where inside an array it happened: "[3]", or "[3][1]" after the second call.
error at_index(const error&, std::size_t index);

/// An integer reply, or a text that is a whole decimal number, within the bounds.
result<std::int64_t> read_integer(reply_view, std::int64_t min, std::int64_t max);
result<std::uint64_t> read_unsigned(reply_view, std::uint64_t max);
result<double> read_real(reply_view);
result<float> read_float(reply_view);

template <class T>
concept plain_integer =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

}  // namespace detail

/// Nothing but success: `OK` or any other status. Anything else is a mismatch.
template <> struct codec<void> { static result<void> decode(reply_view); };

/// Everything, untyped; a copy.
template <> struct codec<reply> {
    static result<reply> decode(reply_view v) { return reply(v); }
};

/// A bulk string or a status, any bytes.
template <> struct codec<std::string> {
    static void encode(const std::string& s, writer& w) { w.append(std::string_view(s)); }
    static result<std::string> decode(reply_view);
};

/// Only as an argument: read a std::string, which owns its bytes.
template <> struct codec<std::string_view> {
    static void encode(std::string_view s, writer& w) { w.append(s); }
};

/// Integer 0 or 1, as EXISTS, EXPIRE and SISMEMBER answer; another number is out of range.
template <> struct codec<bool> { static result<bool> decode(reply_view); };

/// True for `OK`, false for nil: how SET with NX or XX says whether it acted.
/// A function, not a codec: the type is bool all the same.
result<bool> read_ok_or_nil(reply_view);

template <detail::plain_integer T> struct codec<T> {
    static void encode(T n, writer& w) { w.append(n); }
    static result<T> decode(reply_view v) {
        if constexpr (std::signed_integral<T>) {
            auto n = detail::read_integer(v, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
            if (!n) return std::move(n).assume_error();
            return static_cast<T>(*n);
        } else {
            auto n = detail::read_unsigned(v, std::numeric_limits<T>::max());
            if (!n) return std::move(n).assume_error();
            return static_cast<T>(*n);
        }
    }
};

/// A text such as `3.5`, `1e9` or `inf`, an integer, or a RESP3 double.
template <> struct codec<double> {
    static void encode(double n, writer& w) { w.append(n); }
    static result<double> decode(reply_view v) { return detail::read_real(v); }
};
template <> struct codec<float> {
    static void encode(float n, writer& w);
    static result<float> decode(reply_view v) { return detail::read_float(v); }
};

/// nil, or a T.
template <class T> struct codec<std::optional<T>> {
    static result<std::optional<T>> decode(reply_view v) {
        if (v.is_nil()) return std::optional<T>();
        auto r = codec<T>::decode(v);
        if (!r) return std::move(r).assume_error();
        return std::optional<T>(*std::move(r));
    }
};

}  // namespace redoubt
