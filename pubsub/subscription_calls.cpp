// Who waits for which name.
#include "pubsub/subscription_calls.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace redoubt::pubsub {

namespace {
void finish(subscription_call& call) {
    const auto done = std::exchange(call.done, nullptr);
    if (!done) return;
    call.failure ? done(*call.failure) : done(ok());
}
}  // namespace

void SubscriptionCalls::settle(request of, const subscription& what, const error* failure) {
    for (auto i = calls_.begin(); i != calls_.end();) {
        auto& call = **i;
        if (call.of == of && call.open.erase(what) != 0 && failure != nullptr && !call.failure) call.failure = *failure;
        if (!call.open.empty()) {
            ++i;
            continue;
        }
        const auto over = *i;
        i = calls_.erase(i);
        finish(*over);
    }
}

std::vector<subscription> SubscriptionCalls::end(const std::shared_ptr<subscription_call>& call, const error& why) {
    const auto place = std::find(calls_.begin(), calls_.end(), call);
    if (place == calls_.end()) return {};
    calls_.erase(place);
    std::vector<subscription> orphans;
    for (const auto& s : call->added) {
        if (call->of != request::subscribe || call->open.count(s) == 0) continue;
        // Whoever waits for it too inherits the duty to take it back.
        const auto heir = std::find_if(calls_.begin(), calls_.end(), [&](const auto& c) {
            return c->of == request::subscribe && c->open.count(s) != 0;
        });
        heir != calls_.end() ? (*heir)->added.push_back(s) : orphans.push_back(s);
    }
    call->failure = why;
    finish(*call);
    return orphans;
}

std::vector<subscription> SubscriptionCalls::end_all(request of, const error& why) {
    std::vector<std::shared_ptr<subscription_call>> ending;
    std::copy_if(calls_.begin(), calls_.end(), std::back_inserter(ending), [of](const auto& c) { return c->of == of; });
    std::vector<subscription> orphans;
    for (const auto& call : ending) {
        auto more = end(call, why);
        std::move(more.begin(), more.end(), std::back_inserter(orphans));
    }
    return orphans;
}

}  // namespace redoubt::pubsub
