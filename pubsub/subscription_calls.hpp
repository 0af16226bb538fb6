// Callers that wait until the server has answered for their names.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <redoubt/result.hpp>
#include <set>
#include <vector>

#include "pubsub/subscription_registry.hpp"

namespace redoubt::pubsub {

/// One call, for one or more names.
struct subscription_call {
    request of = request::subscribe;
    std::set<subscription> open;             // not answered yet
    std::vector<subscription> added;         // that the call itself made desired
    std::optional<error> failure;            // the first
    std::function<void(result<void>)> done;  // called once, must not call back
};

/// Sans-io; thread safety: none.
class SubscriptionCalls {
public:
    void add(const std::shared_ptr<subscription_call>& call) { calls_.push_back(call); }

    /// The name is answered for: well, or with a failure. Calls that wait for nothing else are done.
    void settle(request of, const subscription& what, const error* failure);
    /// Done now, whatever is still open. What should be taken back, since nobody else waits for it.
    std::vector<subscription> end(const std::shared_ptr<subscription_call>& call, const error& why);
    /// The same for all calls of the kind.
    std::vector<subscription> end_all(request of, const error& why);

    bool empty() const noexcept { return calls_.empty(); }

private:
    std::list<std::shared_ptr<subscription_call>> calls_;
};

}  // namespace redoubt::pubsub
