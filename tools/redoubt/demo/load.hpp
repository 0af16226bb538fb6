// Callers that keep a client busy: threads with blocking calls, and coroutines.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <latch>
#include <memory>
#include <redoubt/client.hpp>
#include <thread>
#include <vector>

#include "tools/support/call_tally.hpp"
#include "tools/support/caller_script.hpp"

namespace redoubt::lab {

struct load_options {
    unsigned threads = 24;
    unsigned coroutines = 24;
    std::uint64_t seed = 1;
    call_mix mix = {};
    std::chrono::milliseconds deadline{1'000};  ///< of each call
};

/// Starts at once. Every caller makes one call after the other with short pauses, checks the reply, and keeps notes.
/// Thread safety: tally() any thread; everything else one thread at a time.
class Load {
public:
    Load(const Client& client, const load_options& options);
    ~Load();  ///< stops it
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    CallTally& tally() { return tally_; }
    const CallTally& tally() const { return tally_; }
    /// Returns when the last call has ended. Calls end by their deadline, so this takes no longer.
    void stop();
    /// Preconditions: stopped.
    std::vector<noted_write> notes() const;

private:
    friend class Caller;

    Client client_;
    load_options options_;
    CallTally tally_;
    std::atomic<bool> stopping_{false};
    std::vector<std::unique_ptr<CallerScript>> scripts_;
    std::latch coroutines_left_;
    std::vector<std::thread> threads_;
};

}  // namespace redoubt::lab
