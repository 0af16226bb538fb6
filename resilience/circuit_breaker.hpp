// Stops calling what does not answer, and finds out cheaply when it does again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "resilience/breaker_events.hpp"
#include "resilience/breaker_policy.hpp"
#include "resilience/random.hpp"

namespace redoubt::resilience {

/// A circuit breaker for one endpoint, shared by everything that calls it.
///
///   state        | try_acquire                          | a failure           | a success             | reachable
///   -------------+--------------------------------------+---------------------+-----------------------+----------
///   closed       | yes                                  | counts; may open    | counts                | -
///   open         | no; once its time is over: half-open | (none is current)   | (none is current)     | half-open
///   half_open    | a few at once                        | open                | the third closes      | -
///   forced_open  | no                                   | (none is current)   | (none is current)     | -
///   disabled     | yes                                  | -                   | -                     | -
///   observing    | yes                                  | counts              | counts                | -
///
/// The last three are entered and left by isolate(), disable(), observe_only(), release() and reset() only.
///
/// There is no timer and no thread behind it: what time changes is found out by the next call. `now_ns` is always a
/// reading of one monotonic clock. Readings of several threads may be a little out of order. A clock that is set back
/// freezes the window, and an open time begins anew instead of lasting longer.
///
/// Every change of state begins a generation. What was let through before it is dropped when it is reported, so a
/// late result neither opens nor closes what came after.
///
/// Thread safety: all members may be called from any thread. While closed, a success costs no lock. Two operations that
/// meet may be judged in either order.
class CircuitBreaker {
public:
    /// `name`: the endpoint, for texts. `seed`: of the jitter.
    explicit CircuitBreaker(std::string name, const breaker_policy& policy = {}, breaker_listener listener = {},
                            std::uint64_t seed = random_seed());
    CircuitBreaker(const CircuitBreaker&) = delete;
    CircuitBreaker& operator=(const CircuitBreaker&) = delete;

    const std::string& name() const noexcept { return name_; }
    const breaker_policy& policy() const noexcept { return policy_; }
    breaker_state state() const noexcept { return state_of(word_.load(std::memory_order_acquire)); }

    /// Asks to make a call. With a ticket, the caller owes exactly one report() or abandon(). nullopt: rejected, and
    /// rejection() tells why.
    std::optional<breaker_ticket> try_acquire(std::int64_t now_ns, call_kind kind = call_kind::ordinary) noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        if (admits(state_of(word))) [[likely]]
            return breaker_ticket{word | breaker_ticket::no_place};
        return try_acquire_slow(now_ns, kind);
    }

    /// The call has ended. `elapsed_ns`: how long it took, for the share of slow calls.
    void report(breaker_ticket ticket, call_outcome outcome, std::int64_t elapsed_ns, std::int64_t now_ns) noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        if (outcome == call_outcome::success && elapsed_ns < slow_ns_ && counts(state_of(word)) &&
            same_generation(word, ticket)) [[likely]] {
            if (dials_failed_.load(std::memory_order_relaxed) != 0) dials_failed_.store(0, std::memory_order_relaxed);
            if (window_.count_success(now_ns)) [[likely]]
                return;
        }
        report_slow(ticket, outcome, elapsed_ns, now_ns);
    }
    /// The same as reporting it as ignored: only the place of a probe is given back.
    void abandon(breaker_ticket ticket) noexcept { report(ticket, call_outcome::ignored, 0, 0); }

    /// A connection could not be opened (refused, not answered in time, broken off in its handshake). `words`: why, for
    /// those who are turned away because of it; may be empty.
    void dial_failed(std::int64_t now_ns, std::string_view words = {}) noexcept;
    /// A connection was lost, however many calls it carried: one failure among the calls of the window. Further losses
    /// within `loss_span` are the same event. Not for connections that this side has closed.
    void connection_failed(std::int64_t now_ns) noexcept;
    /// The connection was there again at once: the last loss counts no more. No effect when it has opened the breaker.
    void withdraw_connection_failure() noexcept;

    /// The node has completed a handshake or answered a probe: an open time ends at once, and the row of failed dials.
    /// Never closes by itself.
    void reachable(std::int64_t now_ns) noexcept;
    /// Opens at once, from closed or half-open: something else has found out that the node hangs. No effect in other
    /// states. `why` completes "is open for another 740 ms (…)".
    void trip(std::int64_t now_ns, std::string_view why) noexcept;

    void isolate(std::int64_t now_ns) noexcept;       ///< Rejects everything, until released.
    void disable(std::int64_t now_ns) noexcept;       ///< Lets everything through and counts nothing, until released.
    void observe_only(std::int64_t now_ns) noexcept;  ///< Lets everything through and counts, until released.
    /// Ends isolate(), disable() and observe_only(): closed, with an empty window. No effect in other states.
    void release(std::int64_t now_ns) noexcept;
    /// Closed from any state, and as if nothing had ever happened; the figures since the beginning stay.
    void reset(std::int64_t now_ns) noexcept;

    /// What to tell somebody who was just rejected. Builds the text: ask only when it will be read.
    breaker_rejection rejection(std::int64_t now_ns) const;
    breaker_snapshot snapshot(std::int64_t now_ns) const noexcept;

private:
    class Section;
    static constexpr std::size_t places_max = 16;

    // One word decides everything that is decided without the lock: the generation, and the state in its low 8 bits.
    static constexpr breaker_state state_of(std::uint64_t word) noexcept {
        return static_cast<breaker_state>(static_cast<std::uint8_t>(word));
    }
    static constexpr bool counts(breaker_state s) noexcept {
        return s == breaker_state::closed || s == breaker_state::observing;
    }
    static constexpr bool admits(breaker_state s) noexcept { return counts(s) || s == breaker_state::disabled; }
    static constexpr bool same_generation(std::uint64_t word, breaker_ticket t) noexcept {
        return (word >> 8) == t.generation();
    }

    // Why it is open, as long as it is.
    struct opening {
        breaker_reason reason = breaker_reason::operator_acted;
        std::uint64_t bad = 0;  // calls or dials
        std::uint64_t calls = 0;
        std::string text;
    };
    struct place {
        bool taken = false;
        std::int64_t since_ns = 0;
    };

    std::optional<breaker_ticket> try_acquire_slow(std::int64_t now_ns, call_kind kind) noexcept;
    void report_slow(breaker_ticket, call_outcome, std::int64_t elapsed_ns, std::int64_t now_ns) noexcept;
    bool surely_open(std::uint64_t word, std::int64_t now_ns) const noexcept;
    std::optional<breaker_ticket> take_place_locked(std::int64_t now_ns, call_kind kind);
    void probe_ended_locked(breaker_ticket, call_outcome, bool slow, std::int64_t now_ns);
    void judge_locked(std::int64_t now_ns);
    void open_locked(std::int64_t now_ns, opening why);
    void close_locked(std::int64_t now_ns, breaker_reason why);
    void enter_locked(breaker_state to, breaker_reason why, std::int64_t now_ns);
    static std::string words_of(const opening&);

    const std::string name_;
    const breaker_policy policy_;
    const std::int64_t slow_ns_;
    const std::int64_t lease_ns_;

    alignas(64) std::atomic<std::uint64_t> word_;
    std::atomic<std::uint32_t> dials_failed_{0};
    CallWindow window_;  // successes are counted without the lock, all else under it

    alignas(64) std::atomic<std::uint64_t> rejected_{0};
    std::atomic<std::uint64_t> stale_results_{0};
    // Written under the lock, before the word that says "open".
    std::atomic<std::int64_t> since_ns_{0};
    std::atomic<std::int64_t> open_until_ns_{0};

    mutable std::mutex mutex_;  // guards what follows, and every change of the word
    BreakerEvents events_;
    random_engine engine_;
    opening why_;
    std::int64_t open_for_ns_ = 0;
    std::uint32_t trips_ = 0;
    std::uint32_t successes_ = 0;
    std::array<place, places_max> places_;
    std::optional<std::int64_t> last_loss_ns_;
    std::optional<window_mark> loss_;
    std::uint64_t opened_ = 0;
    std::uint64_t probes_lost_ = 0;
};

}  // namespace redoubt::resilience
