// Reads the arguments of a command back from the bytes that this library wrote.
#pragma once

#include <cstddef>
#include <string_view>

namespace redoubt::core {

/// Walks through "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n". Precondition: the bytes are a whole, well-formed command, or empty.
class Arguments {
public:
    explicit Arguments(std::string_view bytes) noexcept : rest_(bytes) { line(); }

    /// The next argument; empty when there is none left.
    std::string_view next() noexcept {
        if (rest_.empty()) return {};
        const std::size_t length = line();
        const std::string_view argument = rest_.substr(0, length);
        rest_.remove_prefix(rest_.size() < length + 2 ? rest_.size() : length + 2);
        return argument;
    }

    bool done() const noexcept { return rest_.empty(); }

private:
    // The number on a line such as "$3\r\n", which is left behind.
    std::size_t line() noexcept {
        std::size_t number = 0;
        std::size_t i = 1;
        for (; i < rest_.size() && rest_[i] != '\r'; ++i)
            number = 10 * number + static_cast<std::size_t>(rest_[i] - '0');
        rest_.remove_prefix(rest_.size() < i + 2 ? rest_.size() : i + 2);
        return number;
    }

    std::string_view rest_;
};

}  // namespace redoubt::core
