// Commands on sets.
#pragma once

#include <cstdint>
#include <optional>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <redoubt/commands/scan.hpp>
#include <string>
#include <vector>

namespace redoubt {

namespace detail {
command_base build_sintercard(const args& keys, std::uint64_t limit);
}  // namespace detail

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`. A key that does not exist reads as an
/// empty set. The elements of a set come in no particular order.
template <class Self, template <class> class Out> class set_commands {
public:
    /// Adds members; how many of them are new.
    Out<std::int64_t> sadd(const arg& key, const args& members) const {
        return self().make(Command<std::int64_t>(detail::build("SADD", command_flag::none, {key}, members)));
    }

    /// Removes members; how many of them were there.
    Out<std::int64_t> srem(const arg& key, const args& members) const {
        return self().make(Command<std::int64_t>(detail::build("SREM", command_flag::none, {key}, members)));
    }

    /// All members. For large sets see sscan.
    template <class T = std::string> Out<std::vector<T>> smembers(const arg& key) const {
        return self().make(Command<std::vector<T>>(detail::build("SMEMBERS", command_flag::read_only, {key})));
    }

    Out<bool> sismember(const arg& key, const arg& member) const {
        return self().make(Command<bool>(detail::build("SISMEMBER", command_flag::read_only, {key, member})));
    }

    /// For each of several values in their order whether it is a member.
    Out<std::vector<bool>> smismember(const arg& key, const args& members) const {
        return self().make(
            Command<std::vector<bool>>(detail::build("SMISMEMBER", command_flag::read_only, {key}, members)));
    }

    /// The number of members.
    Out<std::int64_t> scard(const arg& key) const {
        return self().make(Command<std::int64_t>(detail::build("SCARD", command_flag::read_only, {key})));
    }

    /// Takes any member; nil when there is none.
    template <class T = std::string> Out<std::optional<T>> spop(const arg& key) const {
        return self().make(Command<std::optional<T>>(detail::build("SPOP", command_flag::none, {key})));
    }

    /// Takes up to `count` members.
    template <class T = std::string> Out<std::vector<T>> spop(const arg& key, std::uint64_t count) const {
        return self().make(Command<std::vector<T>>(detail::build("SPOP", command_flag::none, {key, count})));
    }

    /// Any member, which stays; nil when there is none.
    template <class T = std::string> Out<std::optional<T>> srandmember(const arg& key) const {
        return self().make(Command<std::optional<T>>(detail::build("SRANDMEMBER", command_flag::read_only, {key})));
    }

    /// Up to `count` different members; exactly -count, perhaps repeated, when it is negative.
    template <class T = std::string> Out<std::vector<T>> srandmember(const arg& key, std::int64_t count) const {
        return self().make(
            Command<std::vector<T>>(detail::build("SRANDMEMBER", command_flag::read_only, {key, count})));
    }

    /// Moves a member from one set to another in one step; false when it is not there.
    Out<bool> smove(const arg& from, const arg& to, const arg& member) const {
        return self().make(Command<bool>(detail::build("SMOVE", command_flag::none, {from, to, member})));
    }

    /// The members of any of the sets.
    template <class T = std::string> Out<std::vector<T>> sunion(const args& keys) const {
        return self().make(Command<std::vector<T>>(detail::build("SUNION", command_flag::read_only, {}, keys)));
    }

    /// The members of all of the sets.
    template <class T = std::string> Out<std::vector<T>> sinter(const args& keys) const {
        return self().make(Command<std::vector<T>>(detail::build("SINTER", command_flag::read_only, {}, keys)));
    }

    /// The members of the first set that are in none of the others.
    template <class T = std::string> Out<std::vector<T>> sdiff(const args& keys) const {
        return self().make(Command<std::vector<T>>(detail::build("SDIFF", command_flag::read_only, {}, keys)));
    }

    /// sunion, kept under a key, whatever was there before; its size.
    Out<std::int64_t> sunionstore(const arg& into, const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("SUNIONSTORE", command_flag::none, {into}, keys)));
    }

    /// sinter, kept under a key, whatever was there before; its size.
    Out<std::int64_t> sinterstore(const arg& into, const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("SINTERSTORE", command_flag::none, {into}, keys)));
    }

    /// sdiff, kept under a key, whatever was there before; its size.
    Out<std::int64_t> sdiffstore(const arg& into, const args& keys) const {
        return self().make(Command<std::int64_t>(detail::build("SDIFFSTORE", command_flag::none, {into}, keys)));
    }

    /// How many members all of the sets have in common; counting ends at `limit` unless it is 0 (servers from 7.0 on).
    Out<std::int64_t> sintercard(const args& keys, std::uint64_t limit = 0) const {
        return self().make(Command<std::int64_t>(detail::build_sintercard(keys, limit)));
    }

    /// One page of members. Begin with cursor 0 and go on with the one of each page until `page.last()`.
    template <class T = std::string>
    Out<scan_page<T>> sscan(const arg& key, std::uint64_t cursor, const scan_options& options = {}) const {
        return self().make(Command<scan_page<T>>(detail::build_scan("SSCAN", &key, cursor, options)));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
