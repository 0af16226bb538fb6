// Lists, counters and values of all callers.
#include "tools/support/server_findings.hpp"

#include <charconv>

namespace redoubt::lab {
namespace {

std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

server_findings find_on_server(RawRedis& redis, std::span<const noted_write> writes, unsigned callers) {
    server_findings found;
    for (unsigned caller = 0; caller < callers; ++caller) {
        for (const auto& element : redis.command({"LRANGE", list_key(caller), "0", "-1"}).elements)
            ++found.pushed[element.text];
        found.counters[caller] = number_in(redis.text({"GET", counter_key(caller)}));
    }
    std::vector<std::vector<std::string>> questions;
    for (const auto& w : writes)
        if (w.kind == write_kind::set) questions.push_back({"GET", value_key(w.caller, w.number)});
    const auto replies = redis.pipeline(questions);
    for (std::size_t i = 0; i < questions.size(); ++i)
        if (replies[i].type == raw_reply::kind::text) found.values.emplace(questions[i][1], replies[i].text);
    return found;
}

}  // namespace redoubt::lab
