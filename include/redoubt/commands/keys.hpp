// Commands on keys of any type: existence, expiry, names, scanning.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <redoubt/commands/scan.hpp>
#include <string>
#include <vector>

namespace redoubt {

/// How long a key lives: three answers that must not be mixed up.
class time_to_live {
public:
    /// From what PTTL answers: milliseconds, -1 (no expiry) or -2 (no key).
    constexpr explicit time_to_live(std::int64_t pttl) noexcept : ms_(pttl) {}

    constexpr bool key_exists() const noexcept { return ms_ != -2; }
    /// The key exists and stays until it is deleted.
    constexpr bool forever() const noexcept { return ms_ == -1; }
    /// What is left; nothing when the key has no expiry or does not exist.
    constexpr std::optional<std::chrono::milliseconds> remaining() const noexcept {
        if (ms_ < 0) return std::nullopt;
        return std::chrono::milliseconds(ms_);
    }
    friend constexpr bool operator==(time_to_live, time_to_live) noexcept = default;

private:
    std::int64_t ms_;
};

template <> struct codec<time_to_live> { static result<time_to_live> decode(reply_view pttl); };

/// When a new expiry replaces the old one (servers from 7.0 on). At most one, except xx with gt or lt.
struct expire_options {
    bool nx = false;  ///< Only if the key has no expiry.
    bool xx = false;  ///< Only if the key has one.
    bool gt = false;  ///< Only if the new one is later; no expiry counts as never.
    bool lt = false;  ///< Only if the new one is earlier.
};

struct copy_options {
    std::optional<std::int64_t> db{};  ///< The database to copy into.
    bool replace = false;              ///< Whether an existing key is overwritten.
};

struct restore_options {
    std::chrono::milliseconds ttl{0};  ///< Expires after this time; 0: never.
    bool replace = false;              ///< Whether an existing key is overwritten.
};

namespace detail {
command_base build_expire(std::string_view name, const arg& key, std::int64_t ms, const expire_options& options);
std::int64_t unix_ms(std::chrono::system_clock::time_point) noexcept;
command_base build_copy(const arg& from, const arg& to, const copy_options& options);
command_base build_restore(const arg& key, const arg& dump, const restore_options& options);
}  // namespace detail

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`.
template <class Self, template <class> class Out> class key_commands {
public:
    /// Deletes keys; how many existed. A large value may stop the server for long: see unlink.
    Out<std::int64_t> del(const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("DEL", command_flag::none, {}, keys)));
    }

    /// Deletes keys, their memory being freed in the background; how many existed.
    Out<std::int64_t> unlink(const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("UNLINK", command_flag::none, {}, keys)));
    }

    /// How many of the keys exist; a key named twice counts twice.
    Out<std::int64_t> exists(const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("EXISTS", command_flag::read_only, {}, keys)));
    }

    /// Marks keys as used just now; how many exist.
    Out<std::int64_t> touch(const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("TOUCH", command_flag::read_only, {}, keys)));
    }

    /// Lets a key expire after a time (PEXPIRE); one that is not positive deletes it. False when the key does not exist
    /// or an option kept its expiry.
    Out<bool> expire(const arg& key, std::chrono::milliseconds after, const expire_options& options = {}) const {
        return self().make(Command<bool>(detail::build_expire("PEXPIRE", key, after.count(), options)));
    }

    /// Lets a key expire at a time (PEXPIREAT, cut to milliseconds); one in the past deletes it.
    Out<bool> expireat(const arg& key, std::chrono::system_clock::time_point at,
                       const expire_options& options = {}) const {
        return self().make(Command<bool>(detail::build_expire("PEXPIREAT", key, detail::unix_ms(at), options)));
    }

    /// Removes the expiry; false when the key does not exist or has none.
    Out<bool> persist(const arg& key) const {
        return self().make(Command<bool>(detail::build("PERSIST", command_flag::none, {key})));
    }

    /// How long a key lives, in milliseconds (PTTL).
    Out<time_to_live> ttl(const arg& key) const {
        return self().make(Command<time_to_live>(detail::build("PTTL", command_flag::read_only, {key})));
    }

    /// "string", "list", "set", "zset", "hash", "stream", or "none" when the key does not exist.
    Out<std::string> type(const arg& key) const {
        return self().make(Command<std::string>(detail::build("TYPE", command_flag::read_only, {key})));
    }

    /// Renames, overwriting what had the new name; an error when the key does not exist.
    Out<void> rename(const arg& from, const arg& to) const {
        return self().make(Command<void>(detail::build("RENAME", command_flag::none, {from, to})));
    }

    /// Renames unless the new name is taken (false); an error when the key does not exist.
    Out<bool> renamenx(const arg& from, const arg& to) const {
        return self().make(Command<bool>(detail::build("RENAMENX", command_flag::none, {from, to})));
    }

    /// Copies a key; false when it does not exist, or the other one does and is not to be replaced.
    Out<bool> copy(const arg& from, const arg& to, const copy_options& options = {}) const {
        return self().make(Command<bool>(detail::build_copy(from, to, options)));
    }

    /// The name of any key; nil when the database is empty.
    Out<std::optional<std::string>> randomkey() const {
        return self().make(
            Command<std::optional<std::string>>(detail::build("RANDOMKEY", command_flag::read_only, {})));
    }

    /// The value in the server's own format, for restore; nil when the key does not exist.
    Out<std::optional<std::string>> dump(const arg& key) const {
        return self().make(Command<std::optional<std::string>>(detail::build("DUMP", command_flag::read_only, {key})));
    }

    /// Creates a key from what dump gave; an error when it exists and is not to be replaced.
    Out<void> restore(const arg& key, const arg& dumped, const restore_options& options = {}) const {
        return self().make(Command<void>(detail::build_restore(key, dumped, options)));
    }

    /// All keys that match. Stops the server while it looks at every key: see scan.
    Out<std::vector<std::string>> keys(const arg& pattern) const {
        return self().make(
            Command<std::vector<std::string>>(detail::build("KEYS", command_flag::read_only, {pattern})));
    }

    /// One page of all keys. Begin with cursor 0 and go on with the one of each page until `page.last()`.
    Out<scan_page<>> scan(std::uint64_t cursor, const scan_options& options = {}) const {
        return self().make(Command<scan_page<>>(detail::build_scan("SCAN", nullptr, cursor, options)));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
