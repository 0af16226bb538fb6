// Draws calls and judges what came back.
#include "tools/soak/caller.hpp"

#include <algorithm>

#include "tools/support/marked_payload.hpp"

namespace redoubt::lab {

using std::chrono::steady_clock;

// Most values are small; few are large, or they would be all there is.
std::size_t SoakCaller::draw_bytes(std::size_t bytes_max) {
    const auto kind = up_to(999);
    std::size_t most = 64;
    if (kind >= 998) {
        most = bytes_max;
    } else if (kind >= 970) {
        most = std::size_t{64} * 1024;
    } else if (kind >= 800) {
        most = 4096;
    }
    return 1 + up_to(std::min(most, bytes_max) - 1);
}

SoakCaller::call SoakCaller::begin(bool may_cancel) {
    const auto how = all_.options_.how;
    call c;
    ++number_;
    c.push = up_to(9) < 3;
    if (c.push) {
        c.key = list_key(caller_);
        c.text = tag_of(caller_, number_);
    } else {
        c.text = marked_payload({all_.options_.client, caller_, number_}, draw_bytes(all_.options_.value_bytes_max));
    }
    auto time = std::chrono::duration_cast<std::chrono::microseconds>(all_.options_.deadline);
    const bool hasty = how != weather::calm && up_to(99) < 20;
    if (hasty) time = std::chrono::microseconds(100 + up_to(up_to(1) == 0 ? 1'000 : 20'000));
    if (may_cancel && how != weather::calm && up_to(2) == 0) c.cancel_after_us = static_cast<int>(up_to(3'000));
    c.terms.cancelled = c.cancel_after_us >= 0;
    c.terms.may_fail = all_.options_.being_closed || how == weather::stormy || hasty || c.terms.cancelled;
    c.terms.started = steady_clock::now();
    c.terms.deadline = c.terms.started + time;
    c.deadline = c.terms.deadline;
    return c;
}

void SoakCaller::judge(const call& c, const error* failure) {
    closed_ |= failure != nullptr && *failure == errc::closed;
    all_.record_.ended(c.terms, failure);
}

void SoakCaller::end(const call& c, const result<std::string>& outcome) {
    const auto* const failure = outcome ? nullptr : &outcome.assume_error();
    judge(c, failure);
    if (failure != nullptr || *outcome == c.text) return;
    const auto whose = mark_of(*outcome);
    all_.record_.violated(
        "a reply in the wrong hands: client " + std::to_string(all_.options_.client) + " caller " +
        std::to_string(caller_) + " call " + std::to_string(number_) + " got " +
        (whose ? "the one of client " + std::to_string(whose->client) + " caller " + std::to_string(whose->caller) +
                     " call " + std::to_string(whose->number)
               : std::to_string(outcome->size()) + " bytes for " + std::to_string(c.text.size()) + " of its own"));
}

void SoakCaller::end(const call& c, const result<std::int64_t>& outcome) {
    const auto* const failure = outcome ? nullptr : &outcome.assume_error();
    judge(c, failure);
    all_.record_.note({caller_, number_, write_kind::push, ending_of(failure)});
    if (failure != nullptr) return;
    if (*outcome <= last_length_) {
        all_.record_.violated("a reply in the wrong hands: the list of caller " + std::to_string(caller_) + " was " +
                              std::to_string(last_length_) + " long and is " + std::to_string(*outcome));
    }
    last_length_ = std::max(last_length_, *outcome);
}

void SoakCaller::handled(call& c) {
    all_.record_.handler_ran();
    if (++c.handled != 1) all_.record_.violated("a handler ran twice, of caller " + std::to_string(caller_));
}

}  // namespace redoubt::lab
