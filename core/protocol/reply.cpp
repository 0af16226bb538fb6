// The compiled part of <redoubt/reply.hpp>: memory, copying, comparison and text for logs.
#include <algorithm>
#include <bit>
#include <charconv>
#include <new>

#include "core/protocol/reply_builder.hpp"

namespace redoubt {

static_assert(sizeof(reply) <= 192 && sizeof(detail::reply_node) == 16);
static_assert(reply::inline_bytes >= sizeof(detail::reply_node) + 96);

std::string_view to_string(reply_type type) noexcept {
    switch (type) {
        case reply_type::nil: return "nil";
        case reply_type::string: return "string";
        case reply_type::status: return "status";
        case reply_type::error: return "error";
        case reply_type::integer: return "integer";
        case reply_type::real: return "real";
        case reply_type::boolean: return "boolean";
        case reply_type::array: return "array";
        case reply_type::map: return "map";
        case reply_type::set: return "set";
        case reply_type::push: return "push";
    }
    return "unknown";
}

bool reply::grow(std::size_t more) noexcept {
    const std::size_t used = node_count_ * sizeof(node_type) + text_bytes_;
    std::size_t wanted = used + more;
    // The first value is often the only one: give it exactly what it needs. Later ones announce an array.
    if (node_count_ != 0)
        wanted = std::max(wanted, capacity_ < (std::size_t{1} << 20) ? capacity_ * 2 : capacity_ / 2 * 3);
    wanted = (wanted + 15) / 16 * 16;
    auto* block = static_cast<unsigned char*>(::operator new(wanted, std::nothrow));
    if (block == nullptr) return false;
    std::memcpy(block, data_, node_count_ * sizeof(node_type));
    std::memcpy(block + wanted - text_bytes_, data_ + capacity_ - text_bytes_, text_bytes_);
    if (data_ != inline_) release();
    data_ = block;
    capacity_ = wanted;
    return true;
}

void reply::release() noexcept {
    ::operator delete(data_);
    data_ = inline_;
    capacity_ = inline_bytes;
}

void reply::take(reply& other) noexcept {
    if (other.data_ != other.inline_) {
        if (data_ != inline_) release();
        data_ = other.data_;
        capacity_ = other.capacity_;
        other.data_ = other.inline_;
        other.capacity_ = inline_bytes;
    } else {
        // An inline reply always fits, also into a block that is kept: blocks are never smaller than the inline one.
        std::memcpy(data_, other.data_, other.node_count_ * sizeof(node_type));
        std::memcpy(data_ + capacity_ - other.text_bytes_, other.inline_ + inline_bytes - other.text_bytes_,
                    other.text_bytes_);
    }
    node_count_ = other.node_count_;
    text_bytes_ = other.text_bytes_;
    other.node_count_ = 0;
    other.text_bytes_ = 0;
}

reply& reply::operator=(reply&& other) noexcept {
    if (this != &other) {
        clear();
        take(other);
    }
    return *this;
}

reply::reply(const reply& other) : reply() {
    if (other.node_count_ != 0) append_part(other.view());
}

reply& reply::operator=(const reply& other) {
    if (this != &other) *this = reply{other};
    return *this;
}

reply::reply(reply_view part) : reply() { append_part(part); }

void reply::append_part(reply_view part) {
    // The size of the whole is known: one allocation at most.
    if (part.reply_ != nullptr && part.index_ == 0 && node_count_ == 0) {
        const reply& other = *part.reply_;
        const std::size_t bytes = other.node_count_ * sizeof(node_type) + other.text_bytes_;
        if (bytes > capacity_ && !grow(bytes)) throw std::bad_alloc{};
    }
    const std::uint32_t shift = node_count_ - part.index_;
    const std::uint32_t end = part.subtree_end();
    core::ReplyBuilder builder{*this};
    for (reply_view v = part; v.index_ < end; ++v.index_) {
        const auto n = v.node();
        bool done = false;
        if (detail::is_text(n.type)) {
            done = builder.text(n.type, v.text().data(), n.size);
        } else {
            const std::int64_t value =
                detail::is_aggregate(n.type) ? n.value + static_cast<std::int32_t>(shift) : n.value;
            done = builder.number(n.type, value);
            if (done) nodes()[node_count_ - 1].size = n.size;
        }
        if (!done) throw std::bad_alloc{};
    }
}

reply reply::text_of(reply_type type, std::string_view bytes) {
    reply r;
    if (!core::ReplyBuilder{r}.text(type, bytes.data(), bytes.size())) throw std::bad_alloc{};
    return r;
}

reply reply::integer(std::int64_t value) {
    reply r;
    core::ReplyBuilder{r}.number(reply_type::integer, value);  // fits inline
    return r;
}

reply reply::real(double value) {
    reply r;
    core::ReplyBuilder{r}.number(reply_type::real, std::bit_cast<std::int64_t>(value));
    return r;
}

reply reply::boolean(bool value) {
    reply r;
    core::ReplyBuilder{r}.number(reply_type::boolean, value ? 1 : 0);
    return r;
}

reply reply::array(const reply* children, std::size_t count) {
    reply r;
    core::ReplyBuilder builder{r};
    builder.open(reply_type::array, static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i != count; ++i) r.append_part(children[i].view());
    builder.close(0);
    return r;
}

double reply_view::real() const noexcept {
    const auto& n = node();
    return n.type == reply_type::real ? std::bit_cast<double>(n.value) : 0.0;
}

reply_view reply_view::operator[](std::size_t i) const noexcept {
    if (!is_aggregate() || i >= size()) return {};
    auto it = begin();
    for (; i != 0; --i) ++it;
    return *it;
}

bool reply_view::equal(reply_view a, reply_view b) noexcept {
    const std::uint32_t end = a.subtree_end();
    for (; a.index_ < end; ++a.index_, ++b.index_) {
        const auto& x = a.node();
        const auto& y = b.node();
        if (x.type != y.type || x.size != y.size) return false;
        if (detail::is_text(x.type) ? a.text() != b.text() : !detail::is_aggregate(x.type) && x.value != y.value) {
            return false;
        }
    }
    return true;
}

namespace {

// Writes until a budget of bytes is spent; what comes after is counted as cut.
class Sketch {
public:
    explicit Sketch(std::size_t length_max) : left_{length_max} {}

    bool full() const noexcept { return cut_; }

    void put(std::string_view s) {
        if (cut_) return;
        if (s.size() > left_) {
            out_ += "…";
            cut_ = true;
            return;
        }
        out_ += s;
        left_ -= s.size();
    }

    void put_escaped(std::string_view bytes) {
        static constexpr char digits[] = "0123456789abcdef";
        for (const char c : bytes) {
            if (cut_) return;
            const auto u = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                put(std::string{'\\', c});
            } else if (c == '\r') {
                put("\\r");
            } else if (c == '\n') {
                put("\\n");
            } else if (u < 0x20 || u >= 0x7f) {
                put(std::string{'\\', 'x', digits[u >> 4], digits[u & 15]});
            } else {
                put({&c, 1});
            }
        }
    }

    void put(reply_view v) {
        switch (v.type()) {
            case reply_type::nil: return put("(nil)");
            case reply_type::string: return quoted(v.text());
            case reply_type::status: return put_escaped(v.text());
            case reply_type::error: put("(error) "); return put_escaped(v.text());
            case reply_type::integer: return put(std::to_string(v.integer()));
            case reply_type::boolean: return put(v.integer() != 0 ? "(true)" : "(false)");
            case reply_type::real: return put_real(v.real());
            default: return list(v);
        }
    }

    std::string take() && { return std::move(out_); }

private:
    void quoted(std::string_view bytes) {
        put("\"");
        put_escaped(bytes);
        put("\"");
    }

    void put_real(double value) {
        char digits[32];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        put({digits, static_cast<std::size_t>(end - digits)});
    }

    void list(reply_view v) {
        if (v.type() != reply_type::array) put(to_string(v.type()));
        put("[");
        bool first = true;
        for (const reply_view child : v) {
            if (cut_) return;
            if (!first) put(", ");
            first = false;
            put(child);
        }
        put("]");
    }

    std::string out_;
    std::size_t left_;
    bool cut_ = false;
};

}  // namespace

std::string reply_view::describe(std::size_t length_max) const {
    Sketch sketch{length_max};
    sketch.put(*this);
    return std::move(sketch).take();
}

}  // namespace redoubt
