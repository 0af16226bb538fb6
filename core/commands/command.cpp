// The bytes of a command: kept inside the object while they fit, written argument by argument.
#include <redoubt/command.hpp>

#include "core/commands/arguments.hpp"
#include "core/protocol/encode.hpp"

namespace redoubt {

namespace detail {

command_bytes::command_bytes(const command_bytes& other) : command_bytes() { append(other.view()); }

command_bytes::command_bytes(command_bytes&& other) noexcept { take(other); }

command_bytes& command_bytes::operator=(const command_bytes& other) {
    if (this != &other) {
        clear();
        append(other.view());
    }
    return *this;
}

command_bytes& command_bytes::operator=(command_bytes&& other) noexcept {
    if (this != &other) {
        if (on_heap()) delete[] heap_;
        take(other);
    }
    return *this;
}

// Leaves the other one empty. Whatever this one held is gone already.
void command_bytes::take(command_bytes& other) noexcept {
    size_ = other.size_;
    capacity_ = other.capacity_;
    if (other.on_heap()) {
        heap_ = other.heap_;
        other.capacity_ = inline_size;
    } else {
        std::memcpy(inline_, other.inline_, size_);
    }
    other.size_ = 0;
}

void command_bytes::grow(std::size_t more) {
    const std::size_t needed = size_ + more;
    const std::size_t capacity = needed > 2 * capacity_ ? needed : 2 * capacity_;
    char* const block = new char[capacity];
    std::memcpy(block, data(), size_);
    if (on_heap()) delete[] heap_;
    heap_ = block;
    capacity_ = capacity;
}

command_base build(std::string_view name, command_flag flags, std::initializer_list<arg> first) {
    command_builder builder(name, first.size(), flags);
    for (const arg& a : first) builder.add(a);
    return std::move(builder).finish();
}

command_base build(std::string_view name, command_flag flags, std::initializer_list<arg> first, const args& rest) {
    if (rest.size() == 0) return command_base::malformed(name, "its list of arguments is empty");
    command_builder builder(name, first.size() + rest.size(), flags);
    for (const arg& a : first) builder.add(a);
    builder.add_all(rest);
    return std::move(builder).finish();
}

}  // namespace detail

command_base command_base::malformed(std::string_view name, std::string_view why) {
    command_base base;
    base.flags_ = command_flag::malformed;
    base.bytes_.append(name);
    base.bytes_.append(": ");
    base.bytes_.append(why);
    return base;
}

std::string_view command_base::name() const noexcept {
    if (is_malformed()) return problem().substr(0, problem().find(':'));
    return argument(0);
}

std::string_view command_base::argument(std::size_t i) const noexcept {
    core::Arguments all(bytes());
    std::string_view found;
    for (std::size_t n = 0; n <= i; ++n) found = all.next();
    return found;
}

command_builder::command_builder(std::string_view name, std::size_t argument_count, command_flag flags)
    : missing_(argument_count) {
    const std::size_t space = name.find(' ');
    const std::size_t words = space == std::string_view::npos ? 1 : 2;
    missing_ += words;
    base_.argument_count_ = static_cast<std::uint32_t>(missing_ <= arguments_max ? missing_ : 0);
    base_.flags_ = flags;
    core::append_header(base_.bytes_, missing_);
    bulk(name.substr(0, space));
    if (words == 2) bulk(name.substr(space + 1));
}

void command_builder::bulk(std::string_view text) {
    --missing_;
    if (text.size() > argument_bytes_max) {
        too_long_ = true;
    } else {
        core::append_bulk(base_.bytes_, text);
    }
}

command_builder& command_builder::word(std::string_view w) {
    bulk(w);
    return *this;
}

command_builder& command_builder::add(const arg& a) {
    switch (a.kind()) {
        case arg::type::text: bulk(a.text()); return *this;
        case arg::type::integer: core::append_bulk(base_.bytes_, a.integer()); break;
        case arg::type::unsigned_integer: core::append_bulk(base_.bytes_, a.unsigned_integer()); break;
        case arg::type::real: core::append_bulk(base_.bytes_, a.real()); break;
        case arg::type::user: {
            writer value;
            a.encode(value);
            if (value.failed()) unwritable_ = true;
            bulk(value.view());
            return *this;
        }
    }
    --missing_;
    return *this;
}

command_builder& command_builder::add_all(const args& list) {
    list.for_each([this](const arg& a) { add(a); });
    return *this;
}

command_base command_builder::finish() && {
    if (base_.argument_count_ == 0) return command_base::malformed(base_.name(), "more than 1048576 arguments");
    if (too_long_) return command_base::malformed(base_.name(), "an argument of more than 512 MB");
    if (unwritable_) return command_base::malformed(base_.name(), "an argument that its codec could not write");
    if (missing_ != 0) return command_base::malformed(base_.name(), "another number of arguments than announced");
    return std::move(base_);
}

}  // namespace redoubt
