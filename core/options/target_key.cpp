// The key under which clients of one process share their connections.
#include "core/options/endpoint.hpp"
#include "core/options/keyed_hash.hpp"
#include "core/options/percent.hpp"

namespace redoubt {

namespace {

std::string hexadecimal(std::uint64_t word) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(16, '0');
    for (std::size_t i = 16; i-- > 0; word >>= 4U) out[i] = digits[word & 0xfU];
    return out;
}

}  // namespace

std::string target_key(const options& o) {
    std::string out;
    for (const auto& text : o.endpoints) {
        endpoint e;
        if (core::read_endpoint(text, e)) continue;
        out.append(node_name(e)) += ' ';
    }
    out.append("db=").append(std::to_string(o.database));
    out.append(" user=").append(core::percent_encode(o.user));
    out.append(" auth=").append(hexadecimal(core::keyed_hash(core::process_secret(), o.password)));
    return out;
}

}  // namespace redoubt
