// One argument of a command: text, a number, or a user's type.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>

namespace redoubt {

class writer;
template <class T> struct codec;

namespace detail {

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view> && !std::same_as<std::decay_t<T>, std::nullptr_t>;

template <class T>
concept number_like = (std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool> && !std::same_as<T, char> &&
                      !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                      !std::same_as<T, char32_t>;

template <class T>
concept encodable = !text_like<T> && !number_like<T> && requires(const T& v, writer& w) {
    codec<T>::encode(v, w);
};

template <class T> void encode_erased(const void* value, writer& w) {
    codec<T>::encode(*static_cast<const T*>(value), w);
}

}  // namespace detail

/// One argument, 24 bytes. It refers to what it was made from and never owns it: a parameter type, not one to store.
/// Texts may hold any bytes. A bare `bool`, `char` or duration does not convert: say which text or unit is meant.
class arg {
public:
    enum class type : std::uint8_t { text, integer, unsigned_integer, real, user };

    template <detail::text_like T> arg(const T& text) noexcept {
        const std::string_view view(text);
        data_ = view.data();
        size_ = view.size();
    }

    template <detail::number_like T> arg(T number) noexcept {
        if constexpr (std::floating_point<T>) {
            type_ = type::real;
            real_ = static_cast<double>(number);
        } else if constexpr (std::signed_integral<T>) {
            type_ = type::integer;
            integer_ = number;
        } else {
            type_ = type::unsigned_integer;
            unsigned_ = number;
        }
    }

    template <detail::encodable T>
    arg(const T& value) noexcept : user_(&value), encode_(&detail::encode_erased<T>), type_(type::user) {}

    arg(bool) = delete;            // write "1" and "0", or "true" and "false", as the reader of the key expects
    arg(char) = delete;            // a text of one character, or its number?
    arg(std::nullptr_t) = delete;  // there is no nil among arguments
    template <class Rep, class Period>
    requires(!detail::encodable<std::chrono::duration<Rep, Period>>) arg(std::chrono::duration<Rep, Period>)
    = delete;  // in which unit? write .count() of the one the command takes

    type kind() const noexcept { return type_; }
    std::string_view text() const noexcept { return {data_, size_}; }
    std::int64_t integer() const noexcept { return integer_; }
    std::uint64_t unsigned_integer() const noexcept { return unsigned_; }
    double real() const noexcept { return real_; }
    void encode(writer& w) const { encode_(user_, w); }

private:
    union {
        const char* data_;
        const void* user_;
        std::int64_t integer_;
        std::uint64_t unsigned_;
        double real_;
    };
    union {
        std::size_t size_ = 0;
        void (*encode_)(const void*, writer&);
    };
    type type_ = type::text;
};

/// Any number of arguments: one (`"k"`), a braced list (`{"a", 1, user}`), or any sized range. Refers, never owns.
class args {
public:
    template <class T>
    requires std::convertible_to<const T&, arg> args(const T& one)
    noexcept : next_(&next_of_one<T>), source_(&one), size_(1) {}

    args(std::initializer_list<arg> list) noexcept : next_(&next_of_list), source_(list.begin()), size_(list.size()) {}

    template <std::ranges::sized_range R>
    requires(!std::convertible_to<const R&, arg> && !std::same_as<R, args> &&
             std::convertible_to<std::ranges::range_reference_t<const R>, arg>) args(const R& range)
    noexcept : next_(&next_of_range<R>), source_(&range), size_(static_cast<std::size_t>(std::ranges::size(range))) {}

    std::size_t size() const noexcept { return size_; }

    /// Calls f(const arg&) for each, in order.
    template <class F> void for_each(F&& f) const {
        auto* const fp = std::addressof(f);
        next_(source_, size_, const_cast<void*>(static_cast<const void*>(fp)),
              [](void* user, const arg& a) { (*static_cast<std::remove_reference_t<F>*>(user))(a); });
    }

protected:
    using visit = void (*)(void* user, const arg&);

private:
    template <class T> static void next_of_one(const void* source, std::size_t, void* user, visit v) {
        v(user, arg(*static_cast<const T*>(source)));
    }
    static void next_of_list(const void* source, std::size_t n, void* user, visit v) {
        const auto* const first = static_cast<const arg*>(source);
        for (std::size_t i = 0; i < n; ++i) v(user, first[i]);
    }
    template <class R> static void next_of_range(const void* source, std::size_t, void* user, visit v) {
        for (const auto& element : *static_cast<const R*>(source)) v(user, arg(element));
    }

protected:
    using walk = void (*)(const void* source, std::size_t, void* user, visit);
    args(walk next, const void* source, std::size_t size) noexcept : next_(next), source_(source), size_(size) {}

private:
    walk next_;
    const void* source_;
    std::size_t size_;
};

namespace detail {
template <class P>
concept pair_of_args = requires(const P& p) {
    requires std::convertible_to<decltype((p.first)), arg>;
    requires std::convertible_to<decltype((p.second)), arg>;
};
}  // namespace detail

/// Any number of pairs, such as fields and values: `{{"f", 1}, {"g", user}}`, flat `{"f", 1, "g", user}`, or a map or
/// another sized range of pairs. Refers, never owns.
class arg_pairs : public args {
public:
    arg_pairs(std::initializer_list<arg> flat) noexcept : args(flat) {}

    arg_pairs(std::initializer_list<std::pair<arg, arg>> list) noexcept
        : args(&next_of_pairs, list.begin(), 2 * list.size()) {}

    template <std::ranges::sized_range R>
    requires(!std::same_as<R, arg_pairs> && detail::pair_of_args<std::ranges::range_value_t<R>>)
        arg_pairs(const R& range)
    noexcept : args(&next_of_pair_range<R>, &range, 2 * static_cast<std::size_t>(std::ranges::size(range))) {}

    /// A range of single arguments: first, second, first, second …
    template <std::ranges::sized_range R>
    requires(!std::same_as<R, arg_pairs> && !std::convertible_to<const R&, arg> &&
             std::convertible_to<std::ranges::range_reference_t<const R>, arg>) arg_pairs(const R& flat)
    noexcept : args(flat) {}

private:
    static void next_of_pairs(const void* source, std::size_t n, void* user, visit v) {
        const auto* const first = static_cast<const std::pair<arg, arg>*>(source);
        for (std::size_t i = 0; i < n / 2; ++i) {
            v(user, first[i].first);
            v(user, first[i].second);
        }
    }
    template <class R> static void next_of_pair_range(const void* source, std::size_t, void* user, visit v) {
        for (const auto& element : *static_cast<const R*>(source)) {
            v(user, arg(element.first));
            v(user, arg(element.second));
        }
    }
};

}  // namespace redoubt
