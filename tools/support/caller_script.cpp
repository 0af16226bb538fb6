// The choices of one caller.
#include "tools/support/caller_script.hpp"

namespace redoubt::lab {

CallerScript::CallerScript(unsigned caller, std::uint64_t seed, const call_mix& mix)
    : caller_(caller), random_(seed * 1'000'003 + caller), mix_(mix) {}

call_kind CallerScript::draw_kind() {
    auto drawn = random_.up_to(mix_.get + mix_.set + mix_.push + mix_.incr + mix_.echo - 1);
    const auto below = [&drawn](unsigned share) {
        const bool hit = drawn < share;
        drawn -= hit ? 0 : share;
        return hit;
    };
    if (below(mix_.get)) return call_kind::get;
    if (below(mix_.set)) return call_kind::set;
    if (below(mix_.push)) return call_kind::push;
    return below(mix_.incr) ? call_kind::incr : call_kind::echo;
}

planned_call CallerScript::next() {
    planned_call call{.kind = draw_kind(), .number = ++number_};
    call.value = tag_of(caller_, call.number);
    switch (call.kind) {
        case call_kind::get: call.key = value_key(caller_, last_set_); break;
        case call_kind::set: call.key = value_key(caller_, call.number); break;
        case call_kind::push: call.key = list_key(caller_); break;
        case call_kind::incr: call.key = counter_key(caller_); break;
        case call_kind::echo: break;
    }
    return call;
}

bool CallerScript::is_own(const planned_call&, const std::optional<std::string>& reply) {
    if (reply) return last_set_ != 0 && *reply == tag_of(caller_, last_set_);
    return !last_set_known_;
}

bool CallerScript::is_own(const planned_call& call, const std::string& reply) { return reply == call.value; }

bool CallerScript::is_own(const planned_call& call, std::int64_t reply) {
    auto& last = call.kind == call_kind::push ? length_ : count_;
    const bool grown = reply > last;
    last = reply;
    return grown;
}

void CallerScript::note(const planned_call& call, ending how) {
    switch (call.kind) {
        case call_kind::set:
            last_set_ = call.number;
            last_set_known_ = how == ending::acknowledged;
            notes_.push_back({caller_, call.number, write_kind::set, how});
            break;
        case call_kind::push: notes_.push_back({caller_, call.number, write_kind::push, how}); break;
        case call_kind::incr: notes_.push_back({caller_, call.number, write_kind::incr, how}); break;
        case call_kind::get:
        case call_kind::echo: break;
    }
}

std::chrono::milliseconds CallerScript::pause(bool failed) {
    return std::chrono::milliseconds(failed ? random_.between(10, 50) : random_.between(0, 8));
}

}  // namespace redoubt::lab
