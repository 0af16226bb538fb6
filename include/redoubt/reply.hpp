// A server's reply as one flat value (reply) and a cheap way to look into it (reply_view).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

namespace redoubt {

namespace core {
class ReplyBuilder;
}

enum class reply_type : std::uint8_t {
    nil,
    string,   // bulk string: any bytes
    status,   // short answer such as OK or QUEUED
    error,    // the server's refusal, such as "WRONGTYPE Operation against …"
    integer,  // 64 bits, signed
    real,     // the following five come only from servers that speak RESP3
    boolean,
    array,
    map,  // its children alternate: key, value, key, value
    set,
    push,
};

// "nil", "string", "status" …
std::string_view to_string(reply_type) noexcept;

namespace detail {

// One value. Values are stored parents first, so a subtree is a contiguous run of nodes.
struct reply_node {
    std::int64_t value =
        0;  // integer, boolean; bits of a real; distance of the text from the end of the block; end of the subtree
    std::uint32_t size = 0;  // bytes of text, or number of children
    reply_type type = reply_type::nil;
};

inline constexpr bool is_text(reply_type t) noexcept { return t >= reply_type::string && t <= reply_type::error; }
inline constexpr bool is_aggregate(reply_type t) noexcept { return t >= reply_type::array; }

}  // namespace detail

class reply;

// Looks at a reply, or at one value inside it; two words, passed by value.
//
// Lifetimes: valid until the reply is changed, moved or destroyed.
// Asking for something the value is not gives the documented neutral value, never undefined behaviour.
class reply_view {
public:
    class iterator;

    reply_view() noexcept = default;                     // a nil
    reply_view(const reply& r) noexcept : reply_{&r} {}  // NOLINT: a view of a reply is made where one is expected

    reply_type type() const noexcept { return node().type; }
    bool is_nil() const noexcept { return type() == reply_type::nil; }
    bool is_error() const noexcept { return type() == reply_type::error; }
    bool is_text() const noexcept { return detail::is_text(type()); }            // string, status or error
    bool is_aggregate() const noexcept { return detail::is_aggregate(type()); }  // array, map, set or push

    // The bytes of a string, status or error, NUL bytes included; else empty.
    std::string_view text() const noexcept;

    // The number of an integer or boolean; else 0. Digits inside a string are not converted.
    std::int64_t integer() const noexcept;

    // The number of a real; else 0.
    double real() const noexcept;

    // Children of an aggregate, bytes of a text; else 0.
    std::size_t size() const noexcept { return node().size; }

    // The children of an aggregate in order; of anything else, none.
    iterator begin() const noexcept;
    iterator end() const noexcept;

    // Child i; a nil when there is none. Costs a step for each child before it: iterate to visit all.
    reply_view operator[](std::size_t i) const noexcept;

    // For logs and debugging: `["a", (nil), 3]`. Not printable bytes are escaped; cut with "…" near `length_max` bytes.
    std::string describe(std::size_t length_max = 256) const;

    // Same types, texts and numbers, all the way down.
    friend bool operator==(reply_view a, reply_view b) noexcept { return equal(a, b); }

private:
    friend class reply;
    reply_view(const reply* r, std::uint32_t index) noexcept : reply_{r}, index_{index} {}
    static bool equal(reply_view a, reply_view b) noexcept;

    const detail::reply_node& node() const noexcept;
    std::uint32_t subtree_end() const noexcept;

    const reply* reply_ = nullptr;
    std::uint32_t index_ = 0;
};

// Owns a reply. Values and texts share one block: 128 bytes inside the object (a string of up to 112 bytes, or a few
// short values), else one allocation.
//
// Copying is deep and may throw std::bad_alloc; moving copies at most the used bytes and leaves a nil behind.
// Thread safety: that of a std::string.
class reply {
public:
    static constexpr std::size_t inline_bytes = 128;
    static constexpr std::size_t kept_bytes_max = 4096;  // clear() gives larger blocks back

    reply() noexcept : data_{inline_} {}  // a nil
    reply(const reply& other);
    reply(reply&& other) noexcept : reply() { take(other); }
    reply& operator=(const reply& other);
    reply& operator=(reply&& other) noexcept;
    ~reply() {
        if (data_ != inline_) release();
    }

    // A copy of one value, with what is inside it.
    explicit reply(reply_view part);

    static reply nil() noexcept { return {}; }
    static reply string(std::string_view bytes) { return text_of(reply_type::string, bytes); }
    static reply status(std::string_view line) { return text_of(reply_type::status, line); }
    static reply error(std::string_view line) { return text_of(reply_type::error, line); }
    static reply integer(std::int64_t);
    static reply real(double);
    static reply boolean(bool);
    static reply array(std::initializer_list<reply> children) { return array(children.begin(), children.size()); }
    static reply array(const reply* children, std::size_t count);

    reply_view view() const noexcept { return {*this}; }

    // The same as of view().
    reply_type type() const noexcept { return view().type(); }
    bool is_nil() const noexcept { return view().is_nil(); }
    bool is_error() const noexcept { return view().is_error(); }
    std::string_view text() const noexcept { return view().text(); }
    std::int64_t integer() const noexcept { return view().integer(); }
    double real() const noexcept { return view().real(); }
    std::size_t size() const noexcept { return view().size(); }
    reply_view operator[](std::size_t i) const noexcept { return view()[i]; }
    std::string describe(std::size_t length_max = 256) const { return view().describe(length_max); }

    friend bool operator==(const reply& a, const reply& b) noexcept { return a.view() == b.view(); }

    // Becomes a nil. Keeps a block of at most kept_bytes_max for the next reply.
    void clear() noexcept {
        node_count_ = 0;
        text_bytes_ = 0;
        if (capacity_ > kept_bytes_max) release();
    }

    // Bytes of the block outside this object; 0 while the reply fits inside.
    std::size_t heap_bytes() const noexcept { return data_ == inline_ ? 0 : capacity_; }

private:
    friend class reply_view;
    friend class core::ReplyBuilder;
    using node_type = detail::reply_node;

    static reply text_of(reply_type, std::string_view);
    const node_type* nodes() const noexcept { return reinterpret_cast<const node_type*>(data_); }
    node_type* nodes() noexcept { return reinterpret_cast<node_type*>(data_); }
    std::size_t free_bytes() const noexcept { return capacity_ - node_count_ * sizeof(node_type) - text_bytes_; }

    bool grow(std::size_t more) noexcept;  // false: no memory
    void release() noexcept;               // gives the block back
    void take(reply& other) noexcept;      // *this holds nothing but perhaps an empty block
    void append_part(reply_view part);

    // Nodes grow from the front of the block, texts from its end; a text is found by its distance from the end,
    // which stays the same when the block grows.
    unsigned char* data_;
    std::size_t capacity_ = inline_bytes;
    std::size_t text_bytes_ = 0;
    std::uint32_t node_count_ = 0;
    alignas(node_type) unsigned char inline_[inline_bytes];
};

class reply_view::iterator {
public:
    using value_type = reply_view;
    using difference_type = std::ptrdiff_t;
    using reference = reply_view;
    using pointer = void;
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;

    iterator() noexcept = default;
    reply_view operator*() const noexcept { return at_; }
    iterator& operator++() noexcept {
        at_.index_ = at_.subtree_end();
        return *this;
    }
    iterator operator++(int) noexcept {
        const iterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const iterator& other) const noexcept {
        return at_.index_ == other.at_.index_ && at_.reply_ == other.at_.reply_;
    }

private:
    friend class reply_view;
    explicit iterator(reply_view at) noexcept : at_{at} {}
    reply_view at_;
};

namespace detail {
inline constexpr reply_node nil_node{};
}

inline const detail::reply_node& reply_view::node() const noexcept {
    return reply_ != nullptr && index_ < reply_->node_count_ ? reply_->nodes()[index_] : detail::nil_node;
}

inline std::uint32_t reply_view::subtree_end() const noexcept {
    const auto& n = node();
    return detail::is_aggregate(n.type) ? static_cast<std::uint32_t>(n.value) : index_ + 1;
}

inline std::string_view reply_view::text() const noexcept {
    const auto& n = node();
    if (!detail::is_text(n.type)) return {};
    return {reinterpret_cast<const char*>(reply_->data_ + reply_->capacity_ - n.value), n.size};
}

inline std::int64_t reply_view::integer() const noexcept {
    const auto& n = node();
    return n.type == reply_type::integer || n.type == reply_type::boolean ? n.value : 0;
}

inline reply_view::iterator reply_view::begin() const noexcept {
    return iterator{is_aggregate() ? reply_view{reply_, index_ + 1} : reply_view{}};
}

inline reply_view::iterator reply_view::end() const noexcept {
    return iterator{is_aggregate() ? reply_view{reply_, subtree_end()} : reply_view{}};
}

}  // namespace redoubt
