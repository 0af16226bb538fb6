// Cuts the commands that a client sends out of its bytes, for servers of our own.
#pragma once

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::lab {

/// Bytes in, commands out: arrays of bulk strings only, as every client sends them.
class CommandReader {
public:
    void add(std::string_view bytes) { bytes_ += bytes; }
    const std::string& rest() const { return bytes_; }
    std::string take(std::size_t count) {
        auto taken = bytes_.substr(0, count);
        bytes_.erase(0, count);
        return taken;
    }

    /// The next whole command; nothing when more bytes are needed. Throws std::runtime_error for anything else.
    std::optional<std::vector<std::string>> next() {
        std::size_t at = 0;
        const auto count = header('*', at);
        if (!count) return std::nullopt;
        std::vector<std::string> command;
        for (std::size_t i = 0; i < *count; ++i) {
            const auto size = header('$', at);
            if (!size || bytes_.size() < at + *size + 2) return std::nullopt;
            command.push_back(bytes_.substr(at, *size));
            at += *size + 2;
            if (bytes_.compare(at - 2, 2, "\r\n") != 0) throw std::runtime_error("a bulk string ends without CRLF");
        }
        bytes_.erase(0, at);
        return command;
    }

private:
    /// "*3\r\n" or "$5\r\n" at the position, which moves behind it.
    std::optional<std::size_t> header(char kind, std::size_t& at) const {
        if (at >= bytes_.size()) return std::nullopt;
        if (bytes_[at] != kind)
            throw std::runtime_error(std::string("expected '") + kind + "', got '" + bytes_[at] + "'");
        const auto end = bytes_.find("\r\n", at);
        if (end == std::string::npos) return std::nullopt;
        std::size_t number = 0;
        const auto* const last = bytes_.data() + end;
        const auto [stop, ec] = std::from_chars(bytes_.data() + at + 1, last, number);
        if (ec != std::errc() || stop != last)
            throw std::runtime_error("no length after '" + std::string(1, kind) + "'");
        at = end + 2;
        return number;
    }

    std::string bytes_;
};

}  // namespace redoubt::lab
