// The judgement over a list of writes.
#include "tools/support/ledger.hpp"

namespace redoubt::lab {
namespace {

struct increments {
    std::uint64_t acknowledged = 0;
    std::uint64_t unknown = 0;
};

void judge_presence(const noted_write& w, bool present, judgement& verdict) {
    if (w.how == ending::acknowledged && !present) ++verdict.acknowledged_missing;
    const bool denied = w.how == ending::not_applied || w.how == ending::answered;
    if (denied && present) ++verdict.fates_wrong;
}

bool has_value(const noted_write& w, const server_findings& found) {
    const auto value = found.values.find(value_key(w.caller, w.number));
    return value != found.values.end() && value->second == tag_of(w.caller, w.number);
}

void judge_counters(const std::map<unsigned, increments>& sent, const server_findings& found, judgement& verdict) {
    for (const auto& [caller, count] : sent) {
        const auto entry = found.counters.find(caller);
        const auto value = entry == found.counters.end() ? 0 : entry->second;
        if (value < count.acknowledged) verdict.acknowledged_missing += count.acknowledged - value;
        const auto most = count.acknowledged + count.unknown;
        if (value > most) verdict.executed_twice += value - most;
    }
}

}  // namespace

std::string tag_of(unsigned caller, std::uint64_t number) {
    return std::to_string(caller) + ':' + std::to_string(number);
}
std::string value_key(unsigned caller, std::uint64_t number) { return "value:" + tag_of(caller, number); }
std::string list_key(unsigned caller) { return "list:" + std::to_string(caller); }
std::string counter_key(unsigned caller) { return "counter:" + std::to_string(caller); }

judgement judge(std::span<const noted_write> writes, const server_findings& found) {
    judgement verdict;
    std::map<unsigned, increments> sent;
    for (const auto& w : writes) {
        switch (w.kind) {
            case write_kind::set: judge_presence(w, has_value(w, found), verdict); break;
            case write_kind::push: judge_presence(w, found.pushed.contains(tag_of(w.caller, w.number)), verdict); break;
            case write_kind::incr: {
                auto& count = sent[w.caller];
                count.acknowledged += w.how == ending::acknowledged ? 1U : 0U;
                count.unknown += w.how == ending::unknown ? 1U : 0U;
                break;
            }
        }
    }
    for (const auto& [element, times] : found.pushed) verdict.executed_twice += times > 1 ? times - 1 : 0;
    judge_counters(sent, found, verdict);
    return verdict;
}

}  // namespace redoubt::lab
