// One caller of a scene: what it calls next, whether a reply can be its own, and the notes it keeps of its writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resilience/random.hpp"
#include "tools/support/ledger.hpp"

namespace redoubt::lab {

enum class call_kind : std::uint8_t { get, set, push, incr, echo };

/// How many of the calls, by proportion, are of each kind. Not all of them 0.
struct call_mix {
    unsigned get = 0;
    unsigned set = 0;
    unsigned push = 0;
    unsigned incr = 0;
    unsigned echo = 0;
};

struct planned_call {
    call_kind kind = call_kind::get;
    std::uint64_t number = 0;
    std::string key = {};    ///< empty for ECHO
    std::string value = {};  ///< what SET and RPUSH write and ECHO says; it names caller and call
};

/// Pure: the same seed gives the same calls as long as they end in the same way. Keys are the caller's own, so it
/// knows what their replies may be. Calls are made one after the other.
class CallerScript {
public:
    CallerScript(unsigned caller, std::uint64_t seed, const call_mix& mix);

    planned_call next();

    /// Whether this can be the reply of this call: GET answers what was set last, ECHO what was said, and lengths and
    /// counters grow. Also remembers it.
    bool is_own(const planned_call& call, const std::optional<std::string>& reply);
    bool is_own(const planned_call& call, const std::string& reply);
    bool is_own(const planned_call& call, std::int64_t reply);

    void note(const planned_call& call, ending how);
    /// 0 to 8 ms; after a failure 10 to 50 ms, as a program does that is not to make things worse.
    std::chrono::milliseconds pause(bool failed);

    const std::vector<noted_write>& notes() const { return notes_; }

private:
    call_kind draw_kind();

    unsigned caller_;
    resilience::random_engine random_;
    call_mix mix_;
    std::uint64_t number_ = 0;
    std::uint64_t last_set_ = 0;   ///< number of the last SET; 0: none yet
    bool last_set_known_ = false;  ///< it was acknowledged
    std::int64_t length_ = 0;
    std::int64_t count_ = 0;
    std::vector<noted_write> notes_;
};

}  // namespace redoubt::lab
