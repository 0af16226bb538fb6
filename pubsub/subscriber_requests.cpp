// What callers ask of a subscriber, from any thread.
#include <future>

#include "pubsub/subscriber_core.hpp"

namespace redoubt::pubsub {

result<void> SubscriberCore::ask(request of, std::vector<subscription> names, std::int64_t until_ns) {
    const auto call = std::make_shared<subscription_call>();
    const auto answer = std::make_shared<std::promise<result<void>>>();
    auto outcome = answer->get_future();
    call->of = of;
    call->open.insert(std::make_move_iterator(names.begin()), std::make_move_iterator(names.end()));
    call->done = [answer](result<void> r) { answer->set_value(std::move(r)); };
    if (!post([call](SubscriberCore& self) { self.start_call(call); })) return errc::closed;
    if (until_ns != core::never_ns) {
        const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(until_ns)};
        if (outcome.wait_until(until) == std::future_status::timeout) {
            const auto why = too_late(until_ns);
            if (!post([call, why](SubscriberCore& self) { self.give_up(call, why); })) return errc::closed;
        }
    }
    return outcome.get();
}

error SubscriberCore::too_late(std::int64_t now_ns) {
    if (connected_.load(std::memory_order_relaxed)) {
        return {errc::deadline_exceeded, fate::unknown, phase::sent, {.node = pool_.node()}};
    }
    // What stands in the way of all connections stands in ours.
    if (auto r = pool_.ready(now_ns); !r) return std::move(r).error();
    return {errc::deadline_exceeded,
            fate::unknown,
            phase::lease,
            {.node = pool_.node(), .text = "no connection of its own yet, or no answer on it (pool.connections_max)"}};
}

void SubscriberCore::start_call(const std::shared_ptr<subscription_call>& call) {
    if (ended_) return call->done(errc::closed);
    if (call->open.empty()) return call->done(ok());
    calls_.add(call);
    const auto names = call->open;  // answers may come at once
    for (const auto& name : names) {
        const bool added =
            call->of == request::subscribe ? registry_.want(name, actions_) : registry_.unwant(name, actions_);
        if (added) call->added.push_back(name);
    }
    act();
}

// A failed call leaves nothing behind that it had begun.
void SubscriberCore::give_up(const std::shared_ptr<subscription_call>& call, const error& why) {
    take_back(calls_.end(call, why));
    act();
}

void SubscriberCore::take_back(const std::vector<subscription>& names) {
    for (const auto& name : names) registry_.unwant(name, actions_);
}

}  // namespace redoubt::pubsub
