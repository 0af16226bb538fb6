// The table of options: names, ranges, and how each is read, written, checked and printed.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <redoubt/options.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/options/endpoint.hpp"

namespace redoubt::core {

/// A number, or a duration in nanoseconds.
struct number_rule {
    enum class unit : std::uint8_t { count, duration };

    enum unit unit;
    std::int64_t min;
    std::int64_t max;
    std::int64_t step;      ///< The value is a multiple of it.
    std::string_view zero;  ///< What 0 means; where it is empty, 0 has no meaning of its own.
    std::optional<std::int64_t> (*read)(const options&);  ///< Nothing: the layer is left out.
    void (*write)(options&, std::int64_t);                ///< Given a legal value.
    void (*leave_out)(options&);                          ///< For the value "none"; may be null.
};

/// Anything else.
struct word_rule {
    std::string_view range;
    std::string (*print)(const options&);
    reason (*check)(const options&);
    reason (*parse)(options&, std::string_view);  ///< Null: cannot be given as one word.
};

struct field {
    std::string_view path;       ///< As in `options`: "limiter.limit".
    std::string_view parameter;  ///< In the query of a URL; empty: none.
    std::string_view variable;   ///< In the environment; empty: none.
    std::variant<number_rule, word_rule> rule;
};

/// All options, in the order of their declaration. A field that another one needs present comes after it.
std::span<const field> fields();

/// The value as text; for the password only whether there is one.
std::string print(const field&, const options&);

/// "1ms..24h", "1..1000000", or words.
std::string range_text(const field&);

/// What is wrong with the value, for example "0 is outside 1..1000000".
reason check(const field&, const options&);

/// Sets the option from text. The options are unchanged if that fails.
reason parse(const field&, options&, std::string_view text);

}  // namespace redoubt::core
