// The compiled part of <redoubt/codec.hpp>: reading texts as numbers, and saying what did not fit.
#include <charconv>
#include <redoubt/codec.hpp>
#include <redoubt/codec_containers.hpp>

#include "core/protocol/encode.hpp"

namespace redoubt {

namespace {

constexpr std::string_view place = "reply";
constexpr std::size_t found_length_max = 60;  // of the found value in an error text

error reply_error(errc code, std::string text) {
    return error(code, fate::answered, phase::reply, {.text = std::move(text)});
}

std::string found_text(reply_view found, std::string_view expected) {
    std::string text{place};
    text += ": expected ";
    text += expected;
    text += ", found ";
    switch (found.type()) {
        case reply_type::nil: text += "nil"; break;
        case reply_type::error: text += found.describe(found_length_max); break;
        default:
            text += to_string(found.type());
            text += ' ';
            text += found.describe(found_length_max);
    }
    return text;
}

// The whole text must be a number; a leading '+' is not one, as for the server.
template <class N> std::errc parse(std::string_view text, N& n) noexcept {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failure == std::errc{} && end != text.data() + text.size()) return std::errc::invalid_argument;
    return failure;
}

template <class N> result<N> number_in_text(reply_view v, std::string_view expected) {
    N n{};
    const auto failure = parse(v.text(), n);
    if (failure == std::errc::result_out_of_range) return reply_out_of_range(v, expected);
    if (failure != std::errc{}) return reply_mismatch(v, expected);
    return n;
}

bool is_number_text(reply_view v) noexcept { return v.type() == reply_type::string || v.type() == reply_type::status; }

std::string between(const std::string& min, const std::string& max) {
    return "an integer between " + min + " and " + max;
}

template <class N> result<N> read_floating(reply_view v) {
    static constexpr std::string_view expected = "a number";
    switch (v.type()) {
        case reply_type::integer: return static_cast<N>(v.integer());
        case reply_type::real: return static_cast<N>(v.real());
        case reply_type::string:
        case reply_type::status: return number_in_text<N>(v, expected);
        default: return reply_mismatch(v, expected);
    }
}

}  // namespace

error reply_mismatch(reply_view found, std::string_view expected) {
    return reply_error(errc::reply_type, found_text(found, expected));
}

error reply_out_of_range(reply_view found, std::string_view expected) {
    return reply_error(errc::reply_range, found_text(found, expected));
}

namespace detail {

error at_index(const error& e, std::size_t index) {
    const std::string position = '[' + std::to_string(index) + ']';
    std::string text{e.text()};
    if (text.starts_with(place)) {
        text.insert(place.size(), position);
    } else {
        text = std::string{place} + position + (text.empty() ? "" : ": ") + text;
    }
    return error(e.kind(), e.fate(), e.phase(), {.text = std::move(text)});
}

result<std::int64_t> read_integer(reply_view v, std::int64_t min, std::int64_t max) {
    std::int64_t n = v.integer();
    if (is_number_text(v)) {
        auto parsed = number_in_text<std::int64_t>(v, "an integer");
        if (!parsed) return parsed;
        n = *parsed;
    } else if (v.type() != reply_type::integer) {
        return reply_mismatch(v, "an integer");
    }
    if (n < min || n > max) return reply_out_of_range(v, between(std::to_string(min), std::to_string(max)));
    return n;
}

result<std::uint64_t> read_unsigned(reply_view v, std::uint64_t max) {
    const auto out_of_range = [&] { return reply_out_of_range(v, between("0", std::to_string(max))); };
    if (v.type() == reply_type::integer) {
        if (v.integer() < 0 || static_cast<std::uint64_t>(v.integer()) > max) return out_of_range();
        return static_cast<std::uint64_t>(v.integer());
    }
    if (!is_number_text(v)) return reply_mismatch(v, "an integer");
    std::uint64_t n = 0;
    const auto failure = parse(v.text(), n);
    if (failure == std::errc{} && n <= max) return n;
    // Negative numbers are integers too, only out of range.
    std::int64_t negative = 0;
    if (failure == std::errc::invalid_argument && parse(v.text(), negative) == std::errc::invalid_argument) {
        return reply_mismatch(v, "an integer");
    }
    return out_of_range();
}

result<double> read_real(reply_view v) { return read_floating<double>(v); }
result<float> read_float(reply_view v) { return read_floating<float>(v); }

result<void> expect_children(reply_view v, std::string_view expected) {
    if (!v.is_aggregate()) return reply_mismatch(v, expected);
    return ok();
}

result<void> expect_count(reply_view v, std::size_t count, std::string_view expected) {
    if (!v.is_aggregate() || v.size() != count) {
        return reply_mismatch(v, std::string{expected} + " of " + std::to_string(count));
    }
    return ok();
}

result<void> expect_pairs(reply_view v, std::string_view expected) {
    if (!v.is_aggregate() || v.size() % 2 != 0) return reply_mismatch(v, expected);
    return ok();
}

}  // namespace detail

result<void> codec<void>::decode(reply_view v) {
    if (v.type() != reply_type::status) return reply_mismatch(v, "a status");
    return ok();
}

result<std::string> codec<std::string>::decode(reply_view v) {
    if (v.type() != reply_type::string && v.type() != reply_type::status) return reply_mismatch(v, "a string");
    return std::string{v.text()};
}

result<bool> codec<bool>::decode(reply_view v) {
    if (v.type() != reply_type::integer && v.type() != reply_type::boolean) return reply_mismatch(v, "0 or 1");
    if (v.integer() != 0 && v.integer() != 1) return reply_out_of_range(v, "0 or 1");
    return v.integer() != 0;
}

result<bool> read_ok_or_nil(reply_view v) {
    if (v.is_nil()) return false;
    if (v.type() == reply_type::status && v.text() == "OK") return true;
    return reply_mismatch(v, "OK or nil");
}

void codec<float>::encode(float n, writer& w) {
    // As a float: 0.1f is written as 0.1, not with the digits of the nearest double.
    char text[core::real_size_max];
    w.append(std::string_view{text, core::write_real(text, n)});
}

}  // namespace redoubt
