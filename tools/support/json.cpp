// The one place where Boost.JSON is compiled.
#include "tools/support/json.hpp"

#include <boost/json/src.hpp>
#include <charconv>
#include <cmath>
#include <iterator>

namespace redoubt::lab {

double rounded(double value, int digits) {
    const double factor = std::pow(10.0, digits);
    return std::round(value * factor) / factor;
}

namespace {

/// Boost.JSON writes 1.5 as 1.5E0; people read these lines too.
void append(std::string& out, const boost::json::value& value) {
    const char* separator = "";
    if (const auto* object = value.if_object()) {
        out += '{';
        for (const auto& [key, member] : *object) {
            out += separator + boost::json::serialize(key) + ':';
            append(out, member);
            separator = ",";
        }
        out += '}';
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (const auto& element : *array) {
            out += separator;
            append(out, element);
            separator = ",";
        }
        out += ']';
    } else if (const auto* number = value.if_double()) {
        char text[32];
        const auto end = std::to_chars(std::begin(text), std::end(text), *number).ptr;
        out += std::isfinite(*number) ? std::string(text, end) : "null";  // JSON has no infinity
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string one_line(const boost::json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace redoubt::lab
