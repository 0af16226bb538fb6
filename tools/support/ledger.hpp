// Writes as their callers saw them end, against what the server holds in the end.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace redoubt::lab {

enum class write_kind : std::uint8_t { set, push, incr };
/// How a call ended for its caller: with a reply, or with an error of this fate.
enum class ending : std::uint8_t { acknowledged, not_applied, unknown, answered };

/// One write. A number is used once by its caller.
struct noted_write {
    unsigned caller = 0;
    std::uint64_t number = 0;
    write_kind kind = write_kind::set;
    ending how = ending::acknowledged;
};

/// "caller:number": the value of a SET and the element of an RPUSH, found nowhere else.
std::string tag_of(unsigned caller, std::uint64_t number);
/// Each SET has a key of its own, each caller a list and a counter.
std::string value_key(unsigned caller, std::uint64_t number);
std::string list_key(unsigned caller);
std::string counter_key(unsigned caller);

/// What was found on the server after the last call had ended.
struct server_findings {
    std::map<std::string, std::string> values;    ///< by key; keys that do not exist are absent
    std::map<std::string, std::uint64_t> pushed;  ///< how often an element was found, over all lists
    std::map<unsigned, std::uint64_t> counters;   ///< by caller; absent: 0
};

/// Broken words, each counted once for each write concerned.
struct judgement {
    std::uint64_t executed_twice = 0;        ///< elements found again; counts beyond what was sent and may have run
    std::uint64_t acknowledged_missing = 0;  ///< acknowledged writes of which the server knows nothing
    std::uint64_t fates_wrong = 0;           ///< writes that ran though their error said that they had not

    friend bool operator==(const judgement&, const judgement&) = default;
};

/// A write that ended as `unknown` may be there or not, once. One that ended as `not_applied` or `answered` may not be.
/// A counter says how many, not which: what it has above all that were acknowledged or unknown is executed twice.
judgement judge(std::span<const noted_write> writes, const server_findings& found);

}  // namespace redoubt::lab
