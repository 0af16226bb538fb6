// What became of the calls of a scene: counts, fates, lateness, and the first success after a point in time.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <redoubt/error.hpp>
#include <string>

#include "tools/support/json.hpp"
#include "tools/support/ledger.hpp"

namespace redoubt::lab {

/// Errors by their fate.
struct fate_counts {
    std::uint64_t not_applied = 0;
    std::uint64_t unknown = 0;
    std::uint64_t answered = 0;

    void add(fate f);
    std::uint64_t total() const { return not_applied + unknown + answered; }
    boost::json::object json() const;  ///< the fates that occurred, by name
    std::string text() const;          ///< "12 not_applied, 3 unknown"; "none"
};

ending ending_of(const error* failure);

/// One call, in nanoseconds of one monotonic clock.
struct call_times {
    std::int64_t started_ns = 0;
    std::int64_t ended_ns = 0;
    std::int64_t deadline_ns = 0;  ///< a point in time, no duration
};

/// A call this much over its deadline is late.
inline constexpr std::int64_t late_after_ns = 250'000'000;

struct error_kind_count {
    std::uint64_t count = 0;
    std::string first;  ///< the message of the first of them
};

struct tally_figures {
    std::uint64_t answered = 0;
    fate_counts errors;
    std::uint64_t wrong_replies = 0;  ///< replies that cannot be those of their own calls
    std::uint64_t late = 0;
    std::int64_t over_deadline_ns_max = 0;
    std::optional<std::int64_t> first_success_ns;  ///< since await_success(), a point in time
    std::uint64_t unclear = 0;                     ///< errors that lack the words they should have
    std::uint64_t clear = 0;                       ///< those that have them
    std::map<errc, error_kind_count> kinds;

    std::uint64_t operations() const { return answered + errors.total(); }
};

/// Thread safety: all functions may be called from any thread.
class CallTally {
public:
    /// `failure` is null when a reply came; `own` says whether it can be the reply of this call.
    void add(const call_times& times, const error* failure, bool own);
    /// From now on the first success is looked for, among calls that end at this point or later.
    void await_success(std::int64_t from_ns);
    /// From now on errors with these words count as clear. Those without count as unclear when their call started at
    /// this point or later, breaker rejections aside.
    void expect_words(std::string words, std::int64_t from_ns);
    void expect_no_words();

    tally_figures figures() const;
    std::uint64_t answered() const;
    bool success_seen() const;

private:
    void add_failure(const call_times& times, const error& failure);

    mutable std::mutex mutex_;
    tally_figures figures_;
    std::optional<std::int64_t> success_from_ns_;
    std::string words_;
    std::int64_t words_from_ns_ = 0;
};

}  // namespace redoubt::lab
