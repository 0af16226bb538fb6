// The names of the keys, made so cheaply that they are not what is measured. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace redoubt::bench {

/// As redis-benchmark names them: "key:000000000042".
class KeyName {
public:
    explicit KeyName(std::uint64_t number = 0) { set(number); }
    /// Preconditions: below 10^12.
    void set(std::uint64_t number) {
        for (std::size_t at = text_.size(); number > 0; number /= 10)
            text_[--at] = static_cast<char>('0' + number % 10);
    }
    void clear() { std::memset(text_.data() + 4, '0', text_.size() - 4); }
    std::string_view view() const { return {text_.data(), text_.size()}; }

private:
    std::array<char, 16> text_{'k', 'e', 'y', ':', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0'};
};

inline std::string key_name(std::uint64_t number) { return std::string(KeyName(number).view()); }

/// Random ones of a number of keys. Computed, not looked up: a table of ten thousand names does not fit into the
/// nearest caches, and two misses would cost more than an operation of an idle client.
class KeyPicker {
public:
    KeyPicker(std::uint64_t seed, std::uint64_t keys) : state_(seed * 0x9E3779B97F4A7C15U + 1), keys_(keys) {}

    /// Valid until the next call.
    std::string_view next() {
        name_.clear();
        name_.set(next_number());
        return name_.view();
    }

private:
    /// xorshift64*
    std::uint64_t next_number() {
        state_ ^= state_ >> 12U;
        state_ ^= state_ << 25U;
        state_ ^= state_ >> 27U;
        return (state_ * 0x2545F4914F6CDD1DU >> 32U) % keys_;
    }

    std::uint64_t state_;
    std::uint64_t keys_;
    KeyName name_;
};

}  // namespace redoubt::bench
