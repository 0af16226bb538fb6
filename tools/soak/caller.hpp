// One user: what it calls next, and whether what came back is its own.
#pragma once

#include <cstdint>
#include <redoubt/client.hpp>
#include <string>

#include "resilience/random.hpp"
#include "tools/soak/callers.hpp"

namespace redoubt::lab {

/// Thread safety: one call at a time, on whatever thread.
class SoakCaller {
public:
    explicit SoakCaller(SoakCallers& all)
        : all_(all), caller_(all.record_.new_caller()), random_(all.options_.seed * 1'000'003 + caller_) {
        ++all_.busy_;
    }
    ~SoakCaller() { --all_.busy_; }
    SoakCaller(const SoakCaller&) = delete;
    SoakCaller& operator=(const SoakCaller&) = delete;

    struct call {
        soak_call terms;
        call_deadline deadline;
        bool push = false;  ///< RPUSH of the tag; else ECHO of the text
        std::string key{};  ///< of RPUSH
        std::string text{};
        int cancel_after_us = -1;  ///< -1: not at all
        unsigned handled = 0;
    };

    /// Also when the client was closed: it will not open again.
    bool stopping() const { return closed_ || all_.stopping_.load(std::memory_order_relaxed); }
    const Client& client() const { return all_.client_; }
    SoakRecord& record() { return all_.record_; }
    call begin(bool may_cancel = false);
    void end(const call& c, const result<std::string>& outcome);
    void end(const call& c, const result<std::int64_t>& outcome);
    void handled(call& c);  ///< a handler of this call runs
    std::uint64_t up_to(std::uint64_t n) { return random_.up_to(n); }

private:
    std::size_t draw_bytes(std::size_t bytes_max);
    void judge(const call& c, const error* failure);

    SoakCallers& all_;
    unsigned caller_;
    std::uint64_t number_ = 0;
    std::int64_t last_length_ = 0;
    bool closed_ = false;
    resilience::random_engine random_;
};

}  // namespace redoubt::lab
