// Callers that wait for an exclusive connection, in order of arrival.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <redoubt/error.hpp>

namespace redoubt::core {

class Connection;

/// One who waits. Once over, nobody but its owner touches it.
struct lease_request {
    lease_request() = default;
    lease_request(const lease_request&) = delete;
    lease_request& operator=(const lease_request&) = delete;
    virtual ~lease_request() = default;
    /// It is over. Called under the pool's lock: must not call back.
    virtual void wake() noexcept = 0;
    bool over() const noexcept { return connection != nullptr || refused.has_value(); }

    Connection* connection = nullptr;
    std::optional<error> refused;
};

/// A waiting thread; lives on its stack.
struct blocking_lease_request final : lease_request {
    void wake() noexcept override { granted.notify_one(); }
    std::condition_variable granted;
};

/// Guarded by the pool's lock. Whoever is served or refused has left the line.
class LeaseLine {
public:
    bool empty() const noexcept { return line_.empty(); }
    std::size_t size() const noexcept { return line_.size(); }
    void join(lease_request& r) { line_.push_back(&r); }
    /// False: it has left already.
    bool leave(lease_request& r) noexcept {
        for (auto i = line_.begin(); i != line_.end(); ++i) {
            if (*i != &r) continue;
            line_.erase(i);
            return true;
        }
        return false;
    }
    /// Hands the connection to the first in line; false when nobody waits.
    bool serve(Connection& connection) noexcept {
        if (line_.empty()) return false;
        auto& first = *line_.front();
        line_.pop_front();
        first.connection = &connection;
        first.wake();
        return true;
    }
    void refuse_all(const error& why) noexcept {
        for (auto* const r : line_) {
            r->refused = why;
            r->wake();
        }
        line_.clear();
    }

private:
    std::deque<lease_request*> line_;
};

}  // namespace redoubt::core
