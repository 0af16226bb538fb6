// What a soak saw: counts, the writes with their endings, and every broken promise in words.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <redoubt/error.hpp>
#include <string>
#include <vector>

#include "tools/support/call_tally.hpp"
#include "tools/support/ledger.hpp"

namespace redoubt::lab {

/// When calls may fail: in a calm round none may.
enum class weather : std::uint8_t { stormy, impatient, calm };
std::string_view to_string(weather w);

/// How a call may end, as its caller knows.
struct soak_call {
    std::chrono::steady_clock::time_point started{};
    std::chrono::steady_clock::time_point deadline{};
    bool may_fail = true;  ///< it is short of time, or will be cancelled, or things are broken on purpose
    bool cancelled = false;
};

/// Thread safety: all functions, from any thread.
class SoakRecord {
public:
    explicit SoakRecord(std::chrono::milliseconds margin) : margin_(margin) {}

    /// A number that no other caller of the soak has.
    unsigned new_caller() { return callers_.fetch_add(1) + 1; }
    unsigned callers() const { return callers_.load() + 1; }

    void ended(const soak_call& call, const error* failure);
    void note(const noted_write& write);
    void handler_owed() { ++handlers_owed_; }
    void handler_ran() { ++handlers_ran_; }
    void violated(std::string sentence);

    struct figures {
        std::uint64_t answered = 0;
        fate_counts errors;
        std::uint64_t cancelled = 0;
        std::int64_t over_deadline_ns_max = 0;
        std::int64_t slowest_ns = 0;  ///< of those that may not fail
    };
    figures take_figures();  ///< since they were taken last
    std::vector<noted_write> take_writes();
    std::uint64_t handlers_missing() const { return handlers_owed_.load() - handlers_ran_.load(); }
    std::vector<std::string> violations() const;

private:
    std::chrono::milliseconds margin_;
    std::atomic<unsigned> callers_{0};
    std::atomic<std::uint64_t> handlers_owed_{0};
    std::atomic<std::uint64_t> handlers_ran_{0};
    mutable std::mutex mutex_;
    figures figures_;
    std::vector<noted_write> writes_;
    std::vector<std::string> violations_;
};

}  // namespace redoubt::lab
