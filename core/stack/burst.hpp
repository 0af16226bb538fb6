// What a calling thread puts off while it completes operations of others: one send for many commands, wakes at the end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/stack/futex.hpp"

namespace redoubt::core {

/// Something that collects work and does it in one go at the end of a dispatch or a burst (a connection: one send for
/// many commands).
class Flushable {
public:
    virtual void flush() noexcept = 0;

protected:
    ~Flushable() = default;
};

/// For calling threads what Reactor::Dispatch is for the I/O thread. As long as one lives on a thread, the connections
/// to which that thread adds commands are flushed, and the callers whose outcome it publishes are woken, at its end.
class Burst {
public:
    Burst() noexcept : before_(std::exchange(current_, this)) {}
    ~Burst() {
        settle();
        current_ = before_;
    }
    Burst(const Burst&) = delete;
    Burst& operator=(const Burst&) = delete;

    /// The one of this thread, or null.
    static Burst* current() noexcept { return current_; }

    void flush_later(Flushable& f) noexcept {
        for (std::size_t i = 0; i < flushes_count_; ++i) {
            if (flushes_[i] == &f) return;
        }
        if (flushes_count_ == flushes_.size()) return f.flush();
        flushes_[flushes_count_++] = &f;
    }
    void wake_later(std::atomic<std::uint32_t>& word) noexcept {
        if (wakes_count_ == wakes_.size()) return futex_wake(&word);
        wakes_[wakes_count_++] = &word;
    }

private:
    // First the bytes, so that the server works while the sleepers are woken.
    void settle() noexcept {
        for (std::size_t i = 0; i < flushes_count_; ++i) flushes_[i]->flush();
        for (std::size_t i = 0; i < wakes_count_; ++i) futex_wake(wakes_[i]);
    }

    static inline thread_local Burst* current_ = nullptr;

    Burst* before_;
    std::size_t flushes_count_ = 0;
    std::size_t wakes_count_ = 0;
    std::array<Flushable*, 4> flushes_;                  // NOLINT: the first flushes_count_ count
    std::array<std::atomic<std::uint32_t>*, 64> wakes_;  // NOLINT: likewise
};

}  // namespace redoubt::core
