// One page of a scan: where to go on, and what was found.
#pragma once

#include <cstdint>
#include <redoubt/command.hpp>
#include <string>
#include <string_view>
#include <utility>
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
/// The cursor of a page whose shape is right.
result<std::uint64_t> read_cursor(reply_view page);

/// Pairs that the server sends flat: first, second, first, second …
template <class F, class S> result<std::vector<std::pair<F, S>>> read_pairs(reply_view flat) {
    if (!flat.is_aggregate() || flat.size() % 2 != 0) return wrong_reply_type();
    std::vector<std::pair<F, S>> pairs;
    pairs.reserve(flat.size() / 2);
    for (auto at = flat.begin(); at != flat.end(); ++at) {
        BOOST_OUTCOME_TRY(auto first, codec<F>::decode(*at));
        ++at;
        BOOST_OUTCOME_TRY(auto second, codec<S>::decode(*at));
        pairs.emplace_back(std::move(first), std::move(second));
    }
    return pairs;
}

template <class F, class S> result<std::vector<std::pair<F, S>>> read_pair_list(reply&& r) {
    return read_pairs<F, S>(reply_view(r));
}
}  // namespace detail

template <class T> struct codec<scan_page<T>> {
    static result<scan_page<T>> decode(reply_view page) {
        BOOST_OUTCOME_TRY(auto cursor, detail::read_cursor(page));
        BOOST_OUTCOME_TRY(auto items, codec<std::vector<T>>::decode(page[1]));
        return scan_page<T>{cursor, std::move(items)};
    }
};

/// HSCAN: the items are pairs of field and value, which the server sends flat.
template <class F, class V> struct codec<scan_page<std::pair<F, V>>> {
    static result<scan_page<std::pair<F, V>>> decode(reply_view page) {
        BOOST_OUTCOME_TRY(auto cursor, detail::read_cursor(page));
        BOOST_OUTCOME_TRY(auto items, (detail::read_pairs<F, V>(page[1])));
        return scan_page<std::pair<F, V>>{cursor, std::move(items)};
    }
};

}  // namespace redoubt
