// Callers that wait for an exclusive connection, in order of arrival.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <redoubt/error.hpp>

namespace redoubt::core {

class Connection;

/// One waiting caller; lives on its stack.
struct lease_request {
    std::condition_variable granted;
    Connection* connection = nullptr;
    std::optional<error> refused;
    bool over() const noexcept { return connection != nullptr || refused.has_value(); }
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
        first.granted.notify_one();
        return true;
    }
    void refuse_all(const error& why) noexcept {
        for (auto* const r : line_) {
            r->refused = why;
            r->granted.notify_one();
        }
        line_.clear();
    }

private:
    std::deque<lease_request*> line_;
};

}  // namespace redoubt::core
