// From the queue to the listener.
#include "core/node/announcer.hpp"

#include <exception>
#include <string>
#include <utility>

#include "core/log.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {

struct call {
    Listener& to;
    void operator()(const breaker_change& c) const { to.on_breaker(c); }
    void operator()(const health_change_event& c) const { to.on_health(c); }
    void operator()(const connection_change& c) const { to.on_connection(c); }
};

}  // namespace

Announcer::Announcer(Reactor& reactor, std::shared_ptr<Listener> listener, std::shared_ptr<Node> node)
    : reactor_(reactor), listener_(std::move(listener)), wanted_(listener_ != nullptr), node_(std::move(node)) {
    if (wanted_) node_->join(*this);
}

Announcer::~Announcer() { node_->leave(*this); }

void Announcer::tell(connection_event what, const error& why) {
    if (wanted_) add(connection_change{.node = node_->name(), .what = what, .error = why});
}

void Announcer::add(change c) noexcept {
    {
        const lock_guard hold(lock_);
        queue_.push_back(std::move(c));
        if (std::exchange(posted_, true)) return;
    }
    reactor_.post([this] { deliver(); });
}

// One change for each turn of the loop: a listener must not keep it from its connections for long.
void Announcer::deliver() noexcept {
    if (stopped_) return;
    change next;
    bool more = false;
    {
        const lock_guard hold(lock_);
        next = std::move(queue_.front());
        queue_.pop_front();
        more = posted_ = !queue_.empty();
    }
    if (more) reactor_.post([this] { deliver(); });
    try {
        std::visit(call{*listener_}, next);
    } catch (const std::exception& e) {
        exceptions_.fetch_add(1, std::memory_order_relaxed);
        log_state(log_level::error, {"listener", node_->name()}, std::string("a listener threw: ") + e.what());
    } catch (...) {
        exceptions_.fetch_add(1, std::memory_order_relaxed);
        log_state(log_level::error, {"listener", node_->name()}, "a listener threw");
    }
}

void Announcer::stop() noexcept {
    stopped_ = true;
    node_->leave(*this);
}

}  // namespace redoubt::core
