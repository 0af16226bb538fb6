// Tells a client's listener of changes: collected in order on any thread, told one at a time on the I/O thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <redoubt/listener.hpp>
#include <variant>

#include "core/node/node.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

/// A queue of its own, since posts of different threads may overtake each other. It has no limit: while the I/O thread
/// is in the listener it causes nothing itself, and what other clients find out of a node are changes of state, which
/// the node's own pauses keep rare.
class Announcer final : private Node::Watcher {
public:
    /// Hears of the node from now on. Without a listener it does nothing at all.
    Announcer(Reactor& reactor, std::shared_ptr<Listener> listener, std::shared_ptr<Node> node);
    ~Announcer();
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;

    /// Of the shared connection. Any thread; never calls the listener itself.
    void tell(connection_event what, const error& why = {});

    /// The client ends: nothing is told from now on. I/O thread.
    void stop() noexcept;
    /// Lets go of the listener. After the I/O thread has ended.
    void forget() noexcept { listener_.reset(); }

    std::uint64_t exceptions() const noexcept { return exceptions_.load(std::memory_order_relaxed); }

private:
    using change = std::variant<breaker_change, health_change_event, connection_change>;
    void on_node_news(Node::news) noexcept override {}
    void on_breaker(const breaker_change& c) noexcept override { add(c); }
    void on_health(const health_change_event& c) noexcept override { add(c); }
    void add(change c) noexcept;
    void deliver() noexcept;

    Reactor& reactor_;
    std::shared_ptr<Listener> listener_;  // set and reset while nobody delivers
    const bool wanted_;
    const std::shared_ptr<Node> node_;
    std::mutex lock_;
    std::deque<change> queue_;  // under lock_
    bool posted_ = false;       // under lock_: deliver() will run
    bool stopped_ = false;      // I/O thread
    std::atomic<std::uint64_t> exceptions_{0};
};

}  // namespace redoubt::core
