// Bounds the number of operations in flight: a counting semaphore with a waiting line in order of arrival.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

namespace redoubt::resilience {

/// What became of a request for a permit.
enum class admission : std::uint8_t {
    granted,  ///< The caller holds a permit.
    queued,   ///< The waiter is in the line; exactly one of release, resize, remove or close takes it out.
    full,     ///< The line is full. Nothing was queued.
    closed,   ///< The limiter was closed. Nothing was queued.
};

/// A place in the line: base or member of an operation. Lives until it was taken out; may be used again after that.
class limiter_waiter {
public:
    limiter_waiter() noexcept = default;
    limiter_waiter(const limiter_waiter&) = delete;
    limiter_waiter& operator=(const limiter_waiter&) = delete;

    /// What its owner counts it for while it waits; the limiter does not look at it.
    std::size_t weight = 0;

private:
    friend class Limiter;
    friend class waiter_chain;
    limiter_waiter* next_ = nullptr;
    limiter_waiter* prev_ = nullptr;
    // In whose line it stands: an operation may leave one limiter's and join another's while it is taken back from the
    // first. Changes under the lock of the limiter that it names, or will name.
    std::atomic<const void*> line_{nullptr};
};

/// Waiters taken out of the line, the longest waiting first. Take all of them: the chain does not own them.
class waiter_chain {
public:
    waiter_chain() noexcept = default;
    bool empty() const noexcept { return head_ == nullptr; }
    /// The next waiter, or nullptr. It no longer belongs to the chain, so its operation may end at once.
    limiter_waiter* pop() noexcept {
        limiter_waiter* const first = head_;
        if (first != nullptr) head_ = std::exchange(first->next_, nullptr);
        return first;
    }

private:
    friend class Limiter;
    explicit waiter_chain(limiter_waiter* head) noexcept : head_(head) {}
    limiter_waiter* head_ = nullptr;
};

struct limiter_snapshot {
    std::uint32_t limit = 0;
    std::uint32_t in_use = 0;  ///< May exceed `limit` for a while after it was lowered.
    std::uint32_t waiting = 0;
    std::uint32_t queue_max = 0;
    std::uint32_t in_use_max = 0;   ///< Highest `in_use` so far.
    std::uint32_t waiting_max = 0;  ///< Highest `waiting` so far.
    std::uint64_t rejected = 0;     ///< Requests answered `full`.
    bool closed = false;
    /// Negative when the limit was lowered below what is in use.
    std::int64_t available() const noexcept { return std::int64_t{limit} - in_use; }
};

/// Hands out permits, at most `limit` at once, in order of arrival.
///
/// A permit is a count, not an object: who is granted one owes one release(). A waiter makes exactly one transition:
/// granted (it comes out of release() or resize()), cancelled or timed out (remove() answers true), or dismissed (it
/// comes out of close()). Nobody overtakes the line.
///
/// The limiter never runs foreign code and never blocks longer than a few pointer updates take: whoever receives
/// a waiter continues its operation, after the call has returned.
///
/// Thread safety: all members may be called from any thread. An acquire() that runs at the same time as resize() may
/// still be judged by the limit before it.
class Limiter {
public:
    static constexpr std::uint32_t limit_largest = 0xffffffffU;
    static constexpr std::uint32_t queue_largest = 0x7fffffffU;

    /// `limit` 0: everybody waits until resize(). `queue_max` 0: nobody waits. A larger `queue_max` than
    /// `queue_largest` counts as that.
    Limiter(std::uint32_t limit, std::uint32_t queue_max) noexcept;
    /// Preconditions: the line is empty (close() makes it so).
    ~Limiter();
    Limiter(const Limiter&) = delete;
    Limiter& operator=(const Limiter&) = delete;

    /// Asks for a permit. With `queued`, another thread may have granted it before this call returns: the waiter then
    /// belongs to the line and must not be touched except through remove().
    /// Preconditions: `waiter` is not in a line.
    admission acquire(limiter_waiter& waiter) noexcept {
        return try_acquire() ? admission::granted : acquire_slow(waiter);
    }

    /// A permit if one is free now and nobody waits. Never waits, and counts no rejection.
    bool try_acquire() noexcept {
        // Only while nobody waits and the limiter is open are the upper bits 0, so one comparison keeps the order.
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        while ((word >> 32) == 0 && in_use_of(word) < limit_.load(std::memory_order_relaxed)) {
            if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
                if (in_use_of(word) >= in_use_max_.load(std::memory_order_relaxed)) note_in_use(in_use_of(word) + 1);
                return true;
            }
        }
        return false;
    }

    /// Takes a waiter out of the line, because it was cancelled or its time is over. True: it was waiting and has
    /// left; it holds no permit. False: another call took it out before (or it never waited), and what that call
    /// decided stands: a permit that was granted stays with it.
    bool remove(limiter_waiter& waiter) noexcept;

    /// Gives a permit back. When somebody waits and the limit allows it, the permit passes to the head of the line,
    /// which is returned: the caller continues that operation. Otherwise nullptr.
    /// Preconditions: the caller holds a permit.
    [[nodiscard]] limiter_waiter* release() noexcept {
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        while ((word >> 32) == 0) {
            if (word_.compare_exchange_weak(word, word - 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
                return nullptr;
            }
        }
        return release_slow();
    }

    /// Changes the limit. Returns the waiters that fit now, each with its permit. A lower limit never blocks and takes
    /// no permit away: what is in use above it drains by release().
    [[nodiscard]] waiter_chain resize(std::uint32_t limit) noexcept;

    /// Dismisses all waiters, without a permit, and refuses everybody from now on. Permits in use may still be
    /// released. Calling it again has no effect.
    [[nodiscard]] waiter_chain close() noexcept;

    limiter_snapshot snapshot() const noexcept;

private:
    // One word decides everything that is decided without the lock: bits 0-31 permits in use, 32-62 waiting, 63 closed.
    // While any upper bit is set, only the holder of the lock changes it. Therefore a releaser that sees nobody waiting
    // and an acquirer that starts to wait exclude each other: the later of the two fails its exchange and looks again.
    static constexpr std::uint64_t one_waiting = std::uint64_t{1} << 32;
    static constexpr std::uint64_t closed_bit = std::uint64_t{1} << 63;
    static constexpr std::uint32_t in_use_of(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }
    static constexpr std::uint32_t waiting_of(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word >> 32) & queue_largest;
    }

    admission acquire_slow(limiter_waiter& waiter) noexcept;
    limiter_waiter* release_slow() noexcept;
    void note_in_use(std::uint32_t count) noexcept;
    void link_locked(limiter_waiter& waiter) noexcept;
    void unlink_locked(limiter_waiter& waiter) noexcept;
    waiter_chain take_front_locked(std::uint32_t count) noexcept;

    alignas(64) std::atomic<std::uint64_t> word_{0};
    std::atomic<std::uint32_t> limit_;
    std::atomic<std::uint32_t> in_use_max_{0};
    std::atomic<std::uint64_t> rejected_{0};
    const std::uint32_t queue_max_;

    alignas(64) mutable std::mutex mutex_;  // guards what follows, and the word while its upper bits are set
    limiter_waiter* head_ = nullptr;
    limiter_waiter* tail_ = nullptr;
    std::uint32_t waiting_max_ = 0;
};

/// A permit that returns itself. `wake` continues the operation that receives the permit next; it must hand it over to
/// an executor rather than run it, or a long line becomes a deep recursion.
class limiter_permit {
public:
    using wake_function = void (*)(limiter_waiter&) noexcept;

    limiter_permit() noexcept = default;
    /// Adopts a permit that was granted.
    limiter_permit(Limiter& limiter, wake_function wake) noexcept : limiter_(&limiter), wake_(wake) {}
    limiter_permit(limiter_permit&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)), wake_(other.wake_) {}
    limiter_permit& operator=(limiter_permit&& other) noexcept {
        if (this != &other) {
            release();
            limiter_ = std::exchange(other.limiter_, nullptr);
            wake_ = other.wake_;
        }
        return *this;
    }
    ~limiter_permit() { release(); }

    explicit operator bool() const noexcept { return limiter_ != nullptr; }
    void release() noexcept {
        if (Limiter* const limiter = std::exchange(limiter_, nullptr)) {
            if (limiter_waiter* const next = limiter->release()) wake_(*next);
        }
    }

private:
    Limiter* limiter_ = nullptr;
    wake_function wake_ = nullptr;
};

}  // namespace redoubt::resilience
