// Commands on hashes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <redoubt/commands/scan.hpp>
#include <redoubt/commands/strings.hpp>
#include <string>
#include <utility>
#include <vector>

namespace redoubt {

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`. A key that does not exist reads as an
/// empty hash.
template <class Self, template <class> class Out> class hash_commands {
public:
    /// The value of a field; nil when the field or the key does not exist.
    template <class T = std::string> Out<std::optional<T>> hget(const arg& key, const arg& field) const {
        return self().make(Command<std::optional<T>>(detail::build("HGET", command_flag::read_only, {key, field})));
    }

    /// Sets fields: `hset("k", {{"name", "Ann"}, {"age", 7}})`, or from a map; how many of them are new.
    Out<std::int64_t> hset(const arg& key, const arg_pairs& fields_and_values) const {
        return self().make(Command<std::int64_t>(detail::build_pairs("HSET", {key}, fields_and_values)));
    }

    /// Sets one field; true when it is new.
    Out<bool> hset(const arg& key, const arg& field, const arg& value) const {
        return self().make(Command<bool>(detail::build("HSET", command_flag::none, {key, field, value})));
    }

    /// Sets a field unless it exists (false).
    Out<bool> hsetnx(const arg& key, const arg& field, const arg& value) const {
        return self().make(Command<bool>(detail::build("HSETNX", command_flag::none, {key, field, value})));
    }

    /// The values of several fields in their order; nil for each that does not exist.
    template <class T = std::string>
    Out<std::vector<std::optional<T>>> hmget(const arg& key, const args& fields) const {
        return self().make(
            Command<std::vector<std::optional<T>>>(detail::build("HMGET", command_flag::read_only, {key}, fields)));
    }

    /// All fields and values.
    template <class T = std::string> Out<std::map<std::string, T>> hgetall(const arg& key) const {
        return self().make(Command<std::map<std::string, T>>(detail::build("HGETALL", command_flag::read_only, {key})));
    }

    /// Deletes fields; how many existed.
    Out<std::int64_t> hdel(const arg& key, const args& fields) const {
        return self().make(Command<std::int64_t>(detail::build("HDEL", command_flag::none, {key}, fields)));
    }

    Out<bool> hexists(const arg& key, const arg& field) const {
        return self().make(Command<bool>(detail::build("HEXISTS", command_flag::read_only, {key, field})));
    }

    /// The names of all fields.
    Out<std::vector<std::string>> hkeys(const arg& key) const {
        return self().make(Command<std::vector<std::string>>(detail::build("HKEYS", command_flag::read_only, {key})));
    }

    /// The values of all fields.
    template <class T = std::string> Out<std::vector<T>> hvals(const arg& key) const {
        return self().make(Command<std::vector<T>>(detail::build("HVALS", command_flag::read_only, {key})));
    }

    /// The number of fields.
    Out<std::int64_t> hlen(const arg& key) const {
        return self().make(Command<std::int64_t>(detail::build("HLEN", command_flag::read_only, {key})));
    }

    /// The length of a field's value in bytes; 0 when it does not exist.
    Out<std::int64_t> hstrlen(const arg& key, const arg& field) const {
        return self().make(Command<std::int64_t>(detail::build("HSTRLEN", command_flag::read_only, {key, field})));
    }

    /// Adds a number to a field; the new value.
    Out<std::int64_t> hincrby(const arg& key, const arg& field, std::int64_t by) const {
        return self().make(Command<std::int64_t>(detail::build("HINCRBY", command_flag::none, {key, field, by})));
    }

    /// Adds a real number to a field; the new value.
    Out<double> hincrbyfloat(const arg& key, const arg& field, double by) const {
        return self().make(Command<double>(detail::build("HINCRBYFLOAT", command_flag::none, {key, field, by})));
    }

    /// The name of any field; nil when there is none.
    Out<std::optional<std::string>> hrandfield(const arg& key) const {
        return self().make(
            Command<std::optional<std::string>>(detail::build("HRANDFIELD", command_flag::read_only, {key})));
    }

    /// The names of up to `count` different fields; of exactly -count, perhaps repeated, when it is negative.
    Out<std::vector<std::string>> hrandfield(const arg& key, std::int64_t count) const {
        return self().make(
            Command<std::vector<std::string>>(detail::build("HRANDFIELD", command_flag::read_only, {key, count})));
    }

    /// The same with their values.
    template <class T = std::string>
    Out<std::vector<std::pair<std::string, T>>> hrandfield_with_values(const arg& key, std::int64_t count) const {
        return self().make(Command<std::vector<std::pair<std::string, T>>>(
            detail::build("HRANDFIELD", command_flag::read_only, {key, count, "WITHVALUES"})));
    }

    /// One page of fields and values. Begin with cursor 0 and go on with the one of each page until `page.last()`.
    template <class T = std::string>
    Out<scan_page<std::pair<std::string, T>>> hscan(const arg& key, std::uint64_t cursor,
                                                    const scan_options& options = {}) const {
        return self().make(
            Command<scan_page<std::pair<std::string, T>>>(detail::build_scan("HSCAN", &key, cursor, options)));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
