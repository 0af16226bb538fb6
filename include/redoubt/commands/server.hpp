// Commands on the server and on the connection, not on keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <string>

namespace redoubt {

/// How a flush frees the memory; by_server: as the server is configured (lazyfree-lazy-user-flush).
enum class flush_mode : std::uint8_t { by_server, sync, async };

namespace detail {
command_base build_flush(std::string_view name, flush_mode mode);
result<std::chrono::system_clock::time_point> read_time(reply&& r);
}  // namespace detail

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`.
template <class Self, template <class> class Out> class server_commands {
public:
    /// "PONG".
    Out<std::string> ping() const {
        return self().make(Command<std::string>(detail::build("PING", command_flag::read_only, {})));
    }

    /// The same text back.
    Out<std::string> echo(const arg& text) const {
        return self().make(Command<std::string>(detail::build("ECHO", command_flag::read_only, {text})));
    }

    /// The server's report: lines "name:value" in sections that begin with '#'.
    Out<std::string> info() const {
        return self().make(Command<std::string>(detail::build("INFO", command_flag::read_only, {})));
    }

    /// One section of the report, such as "memory", or "everything".
    Out<std::string> info(const arg& section) const {
        return self().make(Command<std::string>(detail::build("INFO", command_flag::read_only, {section})));
    }

    /// The number of keys.
    Out<std::int64_t> dbsize() const {
        return self().make(Command<std::int64_t>(detail::build("DBSIZE", command_flag::read_only, {})));
    }

    /// The server's clock, to the microsecond.
    Out<std::chrono::system_clock::time_point> time() const {
        return self().make(Command<std::chrono::system_clock::time_point>(
            detail::build("TIME", command_flag::read_only, {}), &detail::read_time));
    }

    /// Deletes all keys of the database.
    Out<void> flushdb(flush_mode mode = flush_mode::by_server) const {
        return self().make(Command<void>(detail::build_flush("FLUSHDB", mode)));
    }

    /// Deletes all keys of all databases.
    Out<void> flushall(flush_mode mode = flush_mode::by_server) const {
        return self().make(Command<void>(detail::build_flush("FLUSHALL", mode)));
    }

    /// How the server keeps a value, such as "listpack"; nil when the key does not exist.
    Out<std::optional<std::string>> object_encoding(const arg& key) const {
        return self().make(
            Command<std::optional<std::string>>(detail::build("OBJECT ENCODING", command_flag::read_only, {key})));
    }

    /// The bytes that a key and its value take, estimated from samples of large values; nil when it does not exist.
    Out<std::optional<std::int64_t>> memory_usage(const arg& key) const {
        return self().make(
            Command<std::optional<std::int64_t>>(detail::build("MEMORY USAGE", command_flag::read_only, {key})));
    }

    /// The server's number for the connection that the command happens to take.
    Out<std::int64_t> client_id() const {
        return self().make(Command<std::int64_t>(detail::build("CLIENT ID", command_flag::read_only, {})));
    }

    /// All connections of the server, one a line.
    Out<std::string> client_list() const {
        return self().make(Command<std::string>(detail::build("CLIENT LIST", command_flag::read_only, {})));
    }

    /// The name of the connection that the command happens to take; nil when it has none.
    Out<std::optional<std::string>> client_getname() const {
        return self().make(
            Command<std::optional<std::string>>(detail::build("CLIENT GETNAME", command_flag::read_only, {})));
    }

    /// The settings whose names match a pattern.
    Out<std::map<std::string, std::string>> config_get(const arg& pattern) const {
        return self().make(Command<std::map<std::string, std::string>>(
            detail::build("CONFIG GET", command_flag::read_only, {pattern})));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
