// One page of a scan: where to go on, and what was found.
#pragma once

#include <cstdint>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt {

/// One page of SCAN, SSCAN or HSCAN. A page may be empty while others follow, and an element may come twice; one that
/// is there from the first page to the last is never missed.
template <class T = std::string> struct scan_page {
    std::uint64_t cursor = 0;  ///< What to ask for next; 0 when this was the last page.
    std::vector<T> items;

    bool last() const noexcept { return cursor == 0; }
};

/// What to look for. Empty texts and 0 leave the choice to the server.
struct scan_options {
    std::string_view match{};  ///< Only names that match this pattern.
    std::uint32_t count = 0;   ///< How many to look at for one page (the server's default: 10).
    std::string_view type{};   ///< SCAN only: only keys of this type, such as "hash".
};

namespace detail {
command_base build_scan(std::string_view name, const arg* key, std::uint64_t cursor, const scan_options& options);
}  // namespace detail

/// The items of an HSCAN page are pairs, which the server sends flat.
template <class T> struct codec<scan_page<T>> {
    static result<scan_page<T>> decode(reply_view page) {
        if (auto good = detail::expect_count(page, 2, "a cursor and an array"); !good) {
            return std::move(good).assume_error();
        }
        auto cursor = codec<std::uint64_t>::decode(page[0]);
        if (!cursor) return std::move(cursor).assume_error();
        auto items = codec<std::vector<T>>::decode(page[1]);
        if (!items) return std::move(items).assume_error();
        return scan_page<T>{*cursor, *std::move(items)};
    }
};

}  // namespace redoubt
