// Commands on strings: GET, SET and their relatives.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <string>
#include <vector>

namespace redoubt {

/// What SET does beside setting. At most one of ex, px, exat, pxat and keepttl, at most one of nx and xx.
struct set_options {
    std::optional<std::chrono::seconds> ex{};  ///< Expires after this time; must be positive, as every time here.
    std::optional<std::chrono::milliseconds> px{};
    std::optional<std::chrono::sys_seconds> exat{};               ///< Expires at this time.
    std::optional<std::chrono::system_clock::time_point> pxat{};  ///< The same, cut to milliseconds.
    bool keepttl = false;                                         ///< Keeps the expiry that the key has.
    bool nx = false;                                              ///< Only if the key does not exist.
    bool xx = false;                                              ///< Only if the key exists.
};

/// What GETEX does beside reading. At most one.
struct getex_options {
    std::optional<std::chrono::seconds> ex{};  ///< Expires after this time; must be positive, as every time here.
    std::optional<std::chrono::milliseconds> px{};
    std::optional<std::chrono::sys_seconds> exat{};               ///< Expires at this time.
    std::optional<std::chrono::system_clock::time_point> pxat{};  ///< The same, cut to milliseconds.
    bool persist = false;                                         ///< Removes the expiry.
};

namespace detail {
command_base build_set(const arg& key, const arg& value, const set_options& options, bool get);
command_base build_getex(const arg& key, const getex_options& options);
command_base build_pairs(std::string_view name, std::initializer_list<arg> first, const arg_pairs& pairs);
result<bool> read_was_set(reply&& r);
}  // namespace detail

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`.
template <class Self, template <class> class Out> class string_commands {
public:
    /// The value of a key; nil when it does not exist.
    template <class T = std::string> Out<std::optional<T>> get(const arg& key) const {
        return self().make(Command<std::optional<T>>(detail::build("GET", command_flag::read_only, {key})));
    }

    /// Sets a key, whatever its type was, and removes its expiry unless the options say otherwise. False when nx or xx
    /// kept it from being set.
    Out<bool> set(const arg& key, const arg& value, const set_options& options = {}) const {
        return self().make(Command<bool>(detail::build_set(key, value, options, false), &detail::read_was_set));
    }

    /// SET with GET: sets the key and gives the value that it had before; nil when it did not exist. With nx, nil means
    /// that it was set (servers before 7.0 refuse nx here). An error when the old value is no string.
    template <class T = std::string>
    Out<std::optional<T>> set_get(const arg& key, const arg& value, const set_options& options = {}) const {
        return self().make(Command<std::optional<T>>(detail::build_set(key, value, options, true)));
    }

    /// The value of a key, which is deleted; nil when it does not exist.
    template <class T = std::string> Out<std::optional<T>> getdel(const arg& key) const {
        return self().make(Command<std::optional<T>>(detail::build("GETDEL", command_flag::none, {key})));
    }

    /// The value of a key, whose expiry is changed; nil when it does not exist.
    template <class T = std::string> Out<std::optional<T>> getex(const arg& key, const getex_options& options) const {
        return self().make(Command<std::optional<T>>(detail::build_getex(key, options)));
    }

    /// The bytes first to last, both included; negative ones count from the end. Empty when the key does not exist.
    Out<std::string> getrange(const arg& key, std::int64_t first, std::int64_t last) const {
        return self().make(
            Command<std::string>(detail::build("GETRANGE", command_flag::read_only, {key, first, last})));
    }

    /// Overwrites from an offset on, after filling up with zero bytes; the new length.
    Out<std::int64_t> setrange(const arg& key, std::int64_t offset, const arg& value) const {
        return self().make(Command<std::int64_t>(detail::build("SETRANGE", command_flag::none, {key, offset, value})));
    }

    /// Appends, creating the key if need be; the new length.
    Out<std::int64_t> append(const arg& key, const arg& value) const {
        return self().make(Command<std::int64_t>(detail::build("APPEND", command_flag::none, {key, value})));
    }

    /// The length in bytes; 0 when the key does not exist.
    Out<std::int64_t> strlen(const arg& key) const {
        return self().make(Command<std::int64_t>(detail::build("STRLEN", command_flag::read_only, {key})));
    }

    /// The values of several keys in their order; nil for each that does not exist or is no string.
    template <class T = std::string> Out<std::vector<std::optional<T>>> mget(const args& keys) const {
        return self().make(
            Command<std::vector<std::optional<T>>>(detail::build("MGET", command_flag::read_only, {}, keys)));
    }

    /// Sets several keys at once: `mset({{"a", 1}, {"b", 2}})`, or from a map.
    Out<void> mset(const arg_pairs& keys_and_values) const {
        return self().make(Command<void>(detail::build_pairs("MSET", {}, keys_and_values)));
    }

    /// Sets all of several keys, or none (false) when any of them exists.
    Out<bool> msetnx(const arg_pairs& keys_and_values) const {
        return self().make(Command<bool>(detail::build_pairs("MSETNX", {}, keys_and_values)));
    }

    /// The longest common subsequence of two values. Time and memory grow with the product of their lengths.
    Out<std::string> lcs(const arg& one, const arg& other) const {
        return self().make(Command<std::string>(detail::build("LCS", command_flag::read_only, {one, other})));
    }

    /// Only the length of the longest common subsequence.
    Out<std::int64_t> lcs_length(const arg& one, const arg& other) const {
        return self().make(Command<std::int64_t>(detail::build("LCS", command_flag::read_only, {one, other, "LEN"})));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
