// Commands on lists that do not wait.
#pragma once

#include <cstdint>
#include <optional>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <string>
#include <vector>

namespace redoubt {

enum class list_end : std::uint8_t { left, right };
enum class list_side : std::uint8_t { before, after };

/// What LMPOP took, and from which key.
template <class T = std::string> struct popped {
    std::string key;
    std::vector<T> items;
};

/// Which of the equal elements LPOS looks for.
struct lpos_options {
    std::int64_t rank = 1;     ///< 1: the first, 2: the second; -1: the last. Not 0.
    std::uint64_t maxlen = 0;  ///< How many elements are compared; 0: all.
};

namespace detail {
command_base build_linsert(const arg& key, list_side side, const arg& pivot, const arg& value);
command_base build_lmove(const arg& from, const arg& to, list_end take, list_end put);
command_base build_lmpop(const args& keys, list_end end, std::uint64_t count);
command_base build_lpos(const arg& key, const arg& value, const std::uint64_t* count, const lpos_options& options);

/// Reads a missing key, which answers nil, as an empty C.
template <class C> result<C> read_or_empty(reply&& r) {
    if (reply_view(r).is_nil()) return C();
    return codec<C>::decode(reply_view(r));
}
}  // namespace detail

template <class T> struct codec<popped<T>> {
    static result<popped<T>> decode(reply_view r) {
        auto both = codec<std::pair<std::string, std::vector<T>>>::decode(r);
        if (!both) return std::move(both).assume_error();
        return popped<T>{std::move(both->first), std::move(both->second)};
    }
};

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`. A key that does not exist reads as an
/// empty list. Indexes count from 0, negative ones from the end: -1 is the last element.
template <class Self, template <class> class Out> class list_commands {
public:
    /// Puts values at the left end one after the other, so the last of them comes to be the first; the new length.
    Out<std::int64_t> lpush(const arg& key, const args& values) const {
        return self().make(Command<std::int64_t>(detail::build("LPUSH", command_flag::none, {key}, values)));
    }

    /// Puts values at the right end in their order; the new length.
    Out<std::int64_t> rpush(const arg& key, const args& values) const {
        return self().make(Command<std::int64_t>(detail::build("RPUSH", command_flag::none, {key}, values)));
    }

    /// lpush, but only if the key exists; 0 when it does not.
    Out<std::int64_t> lpushx(const arg& key, const args& values) const {
        return self().make(Command<std::int64_t>(detail::build("LPUSHX", command_flag::none, {key}, values)));
    }

    /// rpush, but only if the key exists; 0 when it does not.
    Out<std::int64_t> rpushx(const arg& key, const args& values) const {
        return self().make(Command<std::int64_t>(detail::build("RPUSHX", command_flag::none, {key}, values)));
    }

    /// Takes the first element; nil when there is none.
    template <class T = std::string> Out<std::optional<T>> lpop(const arg& key) const {
        return self().make(Command<std::optional<T>>(detail::build("LPOP", command_flag::none, {key})));
    }

    /// Takes up to `count` elements from the left end.
    template <class T = std::string> Out<std::vector<T>> lpop(const arg& key, std::uint64_t count) const {
        return self().make(Command<std::vector<T>>(detail::build("LPOP", command_flag::none, {key, count}),
                                                   &detail::read_or_empty<std::vector<T>>));
    }

    /// Takes the last element; nil when there is none.
    template <class T = std::string> Out<std::optional<T>> rpop(const arg& key) const {
        return self().make(Command<std::optional<T>>(detail::build("RPOP", command_flag::none, {key})));
    }

    /// Takes up to `count` elements from the right end, the last one first.
    template <class T = std::string> Out<std::vector<T>> rpop(const arg& key, std::uint64_t count) const {
        return self().make(Command<std::vector<T>>(detail::build("RPOP", command_flag::none, {key, count}),
                                                   &detail::read_or_empty<std::vector<T>>));
    }

    /// The number of elements.
    Out<std::int64_t> llen(const arg& key) const {
        return self().make(Command<std::int64_t>(detail::build("LLEN", command_flag::read_only, {key})));
    }

    /// The elements first to last, both included.
    template <class T = std::string>
    Out<std::vector<T>> lrange(const arg& key, std::int64_t first, std::int64_t last) const {
        return self().make(
            Command<std::vector<T>>(detail::build("LRANGE", command_flag::read_only, {key, first, last})));
    }

    /// One element; nil when the index is out of range. Walks through the list: slow in the middle of a long one.
    template <class T = std::string> Out<std::optional<T>> lindex(const arg& key, std::int64_t index) const {
        return self().make(Command<std::optional<T>>(detail::build("LINDEX", command_flag::read_only, {key, index})));
    }

    /// Overwrites one element; an error when the key does not exist or the index is out of range.
    Out<void> lset(const arg& key, std::int64_t index, const arg& value) const {
        return self().make(Command<void>(detail::build("LSET", command_flag::none, {key, index, value})));
    }

    /// Inserts beside the first element equal to `pivot`; the new length, 0 when the key does not exist, -1 when no
    /// element is equal.
    Out<std::int64_t> linsert(const arg& key, list_side side, const arg& pivot, const arg& value) const {
        return self().make(Command<std::int64_t>(detail::build_linsert(key, side, pivot, value)));
    }

    /// Removes elements equal to `value`: the first `count`, the last -count when it is negative, all when it is 0; how
    /// many were removed.
    Out<std::int64_t> lrem(const arg& key, std::int64_t count, const arg& value) const {
        return self().make(Command<std::int64_t>(detail::build("LREM", command_flag::none, {key, count, value})));
    }

    /// Keeps only the elements first to last, both included.
    Out<void> ltrim(const arg& key, std::int64_t first, std::int64_t last) const {
        return self().make(Command<void>(detail::build("LTRIM", command_flag::none, {key, first, last})));
    }

    /// The index of an element equal to `value`; nil when there is none.
    Out<std::optional<std::int64_t>> lpos(const arg& key, const arg& value, const lpos_options& options = {}) const {
        return self().make(Command<std::optional<std::int64_t>>(detail::build_lpos(key, value, nullptr, options)));
    }

    /// The indexes of up to `count` equal elements, of all when it is 0.
    Out<std::vector<std::int64_t>> lpos_all(const arg& key, const arg& value, std::uint64_t count = 0,
                                            const lpos_options& options = {}) const {
        return self().make(Command<std::vector<std::int64_t>>(detail::build_lpos(key, value, &count, options)));
    }

    /// Takes an element from one list and puts it into another (or the same) in one step; nil when there is none.
    template <class T = std::string>
    Out<std::optional<T>> lmove(const arg& from, const arg& to, list_end take, list_end put) const {
        return self().make(Command<std::optional<T>>(detail::build_lmove(from, to, take, put)));
    }

    /// Takes up to `count` elements from the first of the keys that has any (servers from 7.0 on); nil when none has.
    template <class T = std::string>
    Out<std::optional<popped<T>>> lmpop(const args& keys, list_end end, std::uint64_t count = 1) const {
        return self().make(Command<std::optional<popped<T>>>(detail::build_lmpop(keys, end, count)));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
