// Replies as vectors, sets, maps, pairs, tuples and arrays; includes none of the containers that it serves.
#pragma once

#include <array>
#include <redoubt/codec.hpp>
#include <tuple>

namespace redoubt {

namespace detail {

template <class T>
concept container_like = requires(T& c) {
    typename T::value_type;
    c.begin();
    c.end();
    c.clear();
}
&&!std::convertible_to<const T&, std::string_view>;

template <class T>
concept map_like = container_like<T> && requires(T& m, typename T::key_type k, typename T::mapped_type v) {
    m.emplace(std::move(k), std::move(v));
};
template <class T>
concept set_like = container_like<T> && !map_like<T> && requires(T & s, typename T::key_type k) {
    s.emplace(std::move(k));
};
template <class T>
concept sequence_like = container_like<T> && !map_like<T> && !set_like<T> && requires(T & s, typename T::value_type v) {
    s.emplace_back(std::move(v));
};

template <class T> struct is_pair : std::false_type {};
template <class A, class B> struct is_pair<std::pair<A, B>> : std::true_type {};

template <class C> void reserve(C& c, std::size_t n) {
    if constexpr (requires { c.reserve(n); }) c.reserve(n);
}

/// An array, set, map or push; maps as their keys and values in turn.
result<void> expect_children(reply_view v, std::string_view expected);
/// The same with so many children.
result<void> expect_count(reply_view v, std::size_t count, std::string_view expected);
/// The same with an even number of them.
result<void> expect_pairs(reply_view v, std::string_view expected);

/// Decodes the child at `it` and steps on.
template <class T> result<T> next_child(reply_view::iterator& it, std::size_t& index) {
    auto r = codec<T>::decode(*it);
    if (!r) return at_index(r.assume_error(), index);
    ++it;
    ++index;
    return r;
}

/// Calls f(A&&, B&&) for each pair of neighbours, or for each child that is itself an array of two
/// (as RESP3 nests what RESP2 lays flat).
template <class A, class B, class F> result<void> for_each_pair(reply_view v, std::string_view expected, F f) {
    if (auto good = expect_children(v, expected); !good) return good;
    const bool nested = v.size() != 0 && v[0].is_aggregate();
    if (!nested) {
        if (auto good = expect_pairs(v, expected); !good) return good;
    }
    std::size_t index = 0;
    for (auto it = v.begin(); it != v.end();) {
        if (nested) {
            auto both = next_child<std::pair<A, B>>(it, index);
            if (!both) return std::move(both).assume_error();
            f(std::move(both->first), std::move(both->second));
            continue;
        }
        auto a = next_child<A>(it, index);
        if (!a) return std::move(a).assume_error();
        auto b = next_child<B>(it, index);
        if (!b) return std::move(b).assume_error();
        f(*std::move(a), *std::move(b));
    }
    return ok();
}

}  // namespace detail

/// Any sequence: vector, deque, list … Pairs may be nested or flat: HGETALL and ZRANGE … WITHSCORES read as
/// `vector<pair<string, double>>`.
template <detail::sequence_like T> struct codec<T> {
    static result<T> decode(reply_view v) {
        using value = typename T::value_type;
        T all;
        if constexpr (detail::is_pair<value>::value) {
            detail::reserve(all, v.is_aggregate() ? v.size() / 2 : 0);
            auto done = detail::for_each_pair<typename value::first_type, typename value::second_type>(
                v, "an array of pairs", [&](auto&& a, auto&& b) {
                    all.emplace_back(std::forward<decltype(a)>(a), std::forward<decltype(b)>(b));
                });
            if (!done) return std::move(done).assume_error();
        } else {
            if (auto good = detail::expect_children(v, "an array"); !good) return std::move(good).assume_error();
            detail::reserve(all, v.size());
            std::size_t index = 0;
            for (auto it = v.begin(); it != v.end();) {
                auto child = detail::next_child<value>(it, index);
                if (!child) return std::move(child).assume_error();
                all.emplace_back(*std::move(child));
            }
        }
        return all;
    }
};

/// set, unordered_set …
template <detail::set_like T> struct codec<T> {
    static result<T> decode(reply_view v) {
        if (auto good = detail::expect_children(v, "an array"); !good) return std::move(good).assume_error();
        T all;
        detail::reserve(all, v.size());
        std::size_t index = 0;
        for (auto it = v.begin(); it != v.end();) {
            auto child = detail::next_child<typename T::key_type>(it, index);
            if (!child) return std::move(child).assume_error();
            all.emplace(*std::move(child));
        }
        return all;
    }
};

/// map, unordered_map …: keys and values in turn. Of equal keys the first counts.
template <detail::map_like T> struct codec<T> {
    static result<T> decode(reply_view v) {
        T all;
        detail::reserve(all, v.is_aggregate() ? v.size() / 2 : 0);
        auto done = detail::for_each_pair<typename T::key_type, typename T::mapped_type>(
            v, "an array of keys and values",
            [&](auto&& k, auto&& m) { all.emplace(std::forward<decltype(k)>(k), std::forward<decltype(m)>(m)); });
        if (!done) return std::move(done).assume_error();
        return all;
    }
};

/// Exactly as many values as types.
template <class... E> struct codec<std::tuple<E...>> {
    static result<std::tuple<E...>> decode(reply_view v) {
        if (auto good = detail::expect_count(v, sizeof...(E), "an array"); !good) return std::move(good).assume_error();
        auto it = v.begin();
        std::size_t index = 0;
        // In braces the elements are decoded in order.
        return combine(std::tuple<result<E>...>{detail::next_child<E>(it, index)...}, std::index_sequence_for<E...>{});
    }

private:
    template <std::size_t... I>
    static result<std::tuple<E...>> combine(std::tuple<result<E>...>&& parts, std::index_sequence<I...>) {
        const error* first = nullptr;
        (void)((first = std::get<I>(parts) ? nullptr : &std::get<I>(parts).assume_error(), first != nullptr) || ...);
        if (first != nullptr) return *first;
        return std::tuple<E...>(*std::move(std::get<I>(parts))...);
    }
};

template <class A, class B> struct codec<std::pair<A, B>> {
    static result<std::pair<A, B>> decode(reply_view v) {
        if (auto good = detail::expect_count(v, 2, "an array"); !good) return std::move(good).assume_error();
        auto it = v.begin();
        std::size_t index = 0;
        auto a = detail::next_child<A>(it, index);
        if (!a) return std::move(a).assume_error();
        auto b = detail::next_child<B>(it, index);
        if (!b) return std::move(b).assume_error();
        return std::pair<A, B>(*std::move(a), *std::move(b));
    }
};

/// Exactly N values.
template <class T, std::size_t N> struct codec<std::array<T, N>> {
    static result<std::array<T, N>> decode(reply_view v) {
        if (auto good = detail::expect_count(v, N, "an array"); !good) return std::move(good).assume_error();
        std::array<T, N> all{};
        auto it = v.begin();
        for (std::size_t index = 0; index != N;) {
            const std::size_t at = index;
            auto child = detail::next_child<T>(it, index);
            if (!child) return std::move(child).assume_error();
            all[at] = *std::move(child);
        }
        return all;
    }
};

}  // namespace redoubt
