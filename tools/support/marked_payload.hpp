// Values that say whose they are, so that a reply in the wrong hands is seen, and its owner known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace redoubt::lab {

/// Who sent a value, and as which of its calls.
struct payload_mark {
    unsigned client = 0;
    unsigned caller = 0;
    std::uint64_t number = 0;

    friend bool operator==(const payload_mark&, const payload_mark&) = default;
};

/// Exactly `bytes` bytes, the same for the same mark and size. Long enough ones begin with the mark and end with a
/// checksum; of shorter ones only the content differs, as far as so few bytes can.
std::string marked_payload(const payload_mark& mark, std::size_t bytes);
/// The mark of a payload that is whole; nothing for a short or a damaged one.
std::optional<payload_mark> mark_of(std::string_view payload);

}  // namespace redoubt::lab
