// The bytes of one argument that a user's codec writes.
#include <algorithm>
#include <cstring>
#include <redoubt/codec.hpp>

#include "core/protocol/encode.hpp"

namespace redoubt {

char* writer::extend(std::size_t n) {
    if (capacity_ - size_ < n) {
        const std::size_t capacity = std::max(capacity_ * 2, size_ + n);
        char* const larger = new char[capacity];
        std::memcpy(larger, data_, size_);
        if (data_ != inline_) delete[] data_;
        data_ = larger;
        capacity_ = capacity;
    }
    char* const at = data_ + size_;
    size_ += n;
    return at;
}

writer& writer::append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
    return *this;
}

writer& writer::append(std::uint64_t n) {
    const std::size_t size = core::decimal_size(n);
    core::write_decimal(extend(size), n, size);
    return *this;
}

writer& writer::append(std::int64_t n) {
    if (n >= 0) return append(static_cast<std::uint64_t>(n));
    append('-');
    return append(std::uint64_t{0} - static_cast<std::uint64_t>(n));
}

writer& writer::append(double n) {
    char text[core::real_size_max];
    return append(std::string_view{text, core::write_real(text, n)});
}

}  // namespace redoubt
