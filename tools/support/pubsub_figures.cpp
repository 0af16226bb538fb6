// The promises of the scene with subscribers.
#include "tools/support/pubsub_figures.hpp"

namespace redoubt::lab {
namespace {

using sentences = std::vector<std::string>;

void check_zero(std::uint64_t count, const char* what, sentences& broken) {
    if (count > 0) broken.push_back(std::to_string(count) + ' ' + what);
}

void check_all(std::uint64_t count, std::uint64_t all, const char* what, sentences& broken) {
    if (count != all) broken.push_back(std::to_string(count) + " of " + std::to_string(all) + ' ' + what);
}

void check_survivor(const stream_figures& stream, std::uint64_t kills, sentences& broken) {
    if (kills == 0) broken.emplace_back("the connection of the survivor was not killed: nothing is shown");
    if (stream.gaps != kills)
        broken.push_back("the survivor told of " + std::to_string(stream.gaps) + " gaps, its connection was killed " +
                         std::to_string(kills) + " times");
    if (stream.gaps > 0 && stream.after_gap == 0) broken.emplace_back("the survivor heard nothing after the gap");
    check_zero(stream.missing_untold, "messages are missing for the survivor and no gap was told in their place",
               broken);
    check_zero(stream.repeated, "messages came to the survivor again or out of order", broken);
}

}  // namespace

boost::json::object pubsub_figures::json() const {
    return {{"subscribers", passing.subscribers},
            {"left_over", left_over},
            {"gaps_reported", stream.gaps},
            {"kills", kills},
            {"heard", passing.heard},
            {"waited_for", passing.waited_for},
            {"released", passing.released},
            {"messages", stream.messages},
            {"after_gap", stream.after_gap},
            {"missing_told", stream.missing_told},
            {"missing_untold", stream.missing_untold},
            {"repeated", stream.repeated},
            {"subscriptions_left", subscriptions_left},
            {"errors", passing.errors + publish_errors}};
}

sentences pubsub_figures::promises_broken() const {
    sentences broken;
    check_all(passing.subscribers, pubsub_subscribers, "subscribers came and went", broken);
    check_all(passing.heard, passing.subscribers, "subscribers received their message", broken);
    check_all(passing.released, passing.waited_for, "that waited in next() were released", broken);
    check_survivor(stream, kills, broken);
    check_zero(left_over, "connections of subscribers are left over on the server", broken);
    check_zero(subscriptions_left, "subscriptions are left over on the server", broken);
    check_zero(passing.errors + publish_errors, "calls failed", broken);
    return broken;
}

}  // namespace redoubt::lab
