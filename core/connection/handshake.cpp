// The greeting of a new connection.
#include "core/connection/handshake.hpp"

#include "core/options/keyed_hash.hpp"
#include "core/protocol/server_error.hpp"

namespace redoubt::core {

namespace {

// What a server answers for a state of its own, whatever it was asked: here not the answer to a name.
bool refuses_connection(errc code) noexcept {
    return code == errc::max_clients || code == errc::no_auth || code == errc::loading || code == errc::denied;
}

std::string request_of(const command_base& c) { return std::string(c.bytes()); }

}  // namespace

// Word by word, so that no copy of the password is made on the way.
std::uint64_t greeting_key(const Handshake::settings& s) noexcept {
    auto key = process_secret();
    key[0] ^= keyed_hash(process_secret(), s.user);
    key[1] ^= keyed_hash(key, s.password);
    return keyed_hash(key, std::to_string(s.database));
}

Handshake::action Handshake::enter(step s) {
    step_ = s;
    switch (s) {
        case step::authenticate:
            if (settings_.user.empty() && settings_.password.empty()) return enter(step::select);
            request_ = settings_.user.empty() ? request_of(command("AUTH", settings_.password))
                                              : request_of(command("AUTH", settings_.user, settings_.password));
            return action::send;
        case step::select:
            if (settings_.database == 0) return enter(step::set_name);
            request_ = request_of(command("SELECT", settings_.database));
            return action::send;
        case step::set_name:
            request_ = request_of(command("CLIENT SETNAME", settings_.client_name));
            return action::send;
        case step::ready: return action::done;
    }
    return action::done;
}

Handshake::action Handshake::on_reply(const reply& answer) {
    if (!answer.is_error()) {
        if (answer.type() != reply_type::status) {
            return fail(errc::protocol_error,
                        "unexpected answer to " + std::string(step_name()) + ": " + answer.describe(80));
        }
        return enter(static_cast<step>(static_cast<int>(step_) + 1));
    }
    const auto meaning = read_server_error(answer.text(), command_flag::none);
    if (step_ == step::set_name && !refuses_connection(meaning.code)) {
        name_refused_ = answer.text();
        return enter(step::ready);
    }
    return refused(meaning.code, answer.text());
}

Handshake::action Handshake::on_end(const reply* last_words, std::error_code cause) {
    details_.cause = cause;
    if (last_words != nullptr && last_words->is_error()) {
        return refused(read_server_error(last_words->text(), command_flag::none).code, last_words->text());
    }
    return fail(errc::connection_lost, "during the greeting, at " + std::string(step_name()));
}

Handshake::action Handshake::refused(errc code, std::string_view words) {
    const bool plain = code == errc::server_error || code == errc::no_perm;
    return fail(plain ? errc::handshake_failed : code, std::string(step_name()) + ": " + std::string(words));
}

Handshake::action Handshake::fail(errc code, std::string_view text) {
    code_ = code;
    details_.text = text;
    return action::failed;
}

std::string_view Handshake::step_name() const noexcept {
    switch (step_) {
        case step::authenticate: return "AUTH";
        case step::select: return "SELECT";
        case step::set_name: return "CLIENT SETNAME";
        case step::ready: break;
    }
    return "ready";
}

}  // namespace redoubt::core
