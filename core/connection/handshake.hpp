// The greeting of a new connection, step by step: AUTH, SELECT, CLIENT SETNAME. Each answer is awaited.
#pragma once

#include <cstdint>
#include <redoubt/error.hpp>
#include <redoubt/reply.hpp>
#include <string>
#include <string_view>

namespace redoubt::core {

/// Pure: says what to send next and judges what comes back. Never pipelined: behind an AUTH that fails, another command
/// would run as somebody else.
class Handshake {
public:
    struct settings {
        std::string user;
        std::string password;  // empty: no AUTH, unless there is a user
        std::int32_t database = 0;
        std::string client_name;
    };
    enum class action : std::uint8_t {
        send,    // send request(), then await one reply
        done,    // the connection is ready
        failed,  // see failure(); close it
    };

    explicit Handshake(const settings& s) noexcept : settings_(s) {}

    action begin() { return enter(step::authenticate); }
    action on_reply(const reply& answer);
    /// The connection ended, with what the server may have said before.
    action on_end(const reply* last_words, std::error_code cause);

    const std::string& request() const noexcept { return request_; }
    /// Without a node: the dialler adds it.
    const error_details& failure_details() const noexcept { return details_; }
    errc failure_code() const noexcept { return code_; }
    /// The server refused the name of the connection, which is harmless; its words.
    const std::string& name_refused() const noexcept { return name_refused_; }

private:
    enum class step : std::uint8_t { authenticate, select, set_name, ready };
    action enter(step s);
    action refused(errc code, std::string_view words);
    action fail(errc code, std::string_view text);
    std::string_view step_name() const noexcept;

    const settings& settings_;
    step step_ = step::authenticate;
    std::string request_;
    errc code_ = errc::handshake_failed;
    error_details details_;
    std::string name_refused_;
};

/// Equal for greetings that a server must answer alike: the same user, password and database. Tells nothing about them.
std::uint64_t greeting_key(const Handshake::settings& s) noexcept;

}  // namespace redoubt::core
