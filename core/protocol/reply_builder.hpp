// Appends values to a reply in the order in which a stream delivers them.
#pragma once

#include <cstring>

#include <redoubt/reply.hpp>

namespace redoubt::core {

// Every function answers false when there is no memory, and throws nothing: it is called from C.
class ReplyBuilder {
public:
    explicit ReplyBuilder(reply& target) noexcept : target_{&target} {}

    bool text(reply_type type, const char* bytes, std::size_t size) noexcept {
        if (!room(sizeof(node) + size)) return false;
        target_->text_bytes_ += size;
        if (size != 0) std::memcpy(target_->data_ + target_->capacity_ - target_->text_bytes_, bytes, size);
        push({static_cast<std::int64_t>(target_->text_bytes_), static_cast<std::uint32_t>(size), type});
        return true;
    }

    // A value without text or children: nil, integer, boolean, real (its bits).
    bool number(reply_type type, std::int64_t value) noexcept {
        if (!room(sizeof(node))) return false;
        push({value, 0, type});
        return true;
    }

    // The children follow; close() must be called after the last of them.
    bool open(reply_type type, std::uint32_t children) noexcept {
        if (!room(sizeof(node))) return false;
        push({target_->node_count_ + std::int64_t{1}, children, type});
        return true;
    }
    void close(std::uint32_t index) noexcept { target_->nodes()[index].value = target_->node_count_; }

    std::uint32_t node_count() const noexcept { return target_->node_count_; }
    std::size_t text_bytes() const noexcept { return target_->text_bytes_; }

private:
    using node = detail::reply_node;

    bool room(std::size_t bytes) noexcept { return target_->free_bytes() >= bytes || target_->grow(bytes); }
    void push(node n) noexcept { target_->nodes()[target_->node_count_++] = n; }

    reply* target_;
};

}  // namespace redoubt::core
