// A reactor in the hands of a test: whose thread it is, what time it is, when it runs.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/stack/reactor.hpp"

namespace redoubt::core {

/// While it lives, the calling thread is the I/O thread of the reactor.
class ReactorTesting {
public:
    explicit ReactorTesting(Reactor& r) noexcept
        : reactor_(r), before_(std::exchange(Reactor::current_, static_cast<const Reactor*>(&r))) {}
    ~ReactorTesting() {
        hold_.reset();
        Reactor::current_ = before_;
    }
    ReactorTesting(const ReactorTesting&) = delete;
    ReactorTesting& operator=(const ReactorTesting&) = delete;

    /// From now on the clock stands still, in a dispatch that lasts, and moves by hand only.
    void set_now(std::int64_t ns) {
        if (!hold_) hold_ = std::make_unique<Reactor::Dispatch>(reactor_);
        reactor_.now_ns_ = ns;
    }
    /// Expires what is due at the time that was set.
    void tick() { reactor_.tick(); }
    /// Visits those who have asked for it.
    void visit() { reactor_.visit_all(); }
    /// Ends the dispatch: what was put off is done now, and the clock runs again.
    void settle() { hold_.reset(); }

private:
    Reactor& reactor_;
    const Reactor* before_;
    std::unique_ptr<Reactor::Dispatch> hold_;
};

}  // namespace redoubt::core

namespace redoubt::test {

/// Handles what is ready, and what becomes ready by it, on the calling thread as the I/O thread; waits for nothing.
inline std::size_t run_ready(core::Reactor& reactor) {
    const core::ReactorTesting here(reactor);
    std::size_t handled = 0;
    for (std::size_t n = 1; n != 0; handled += n) n = reactor.context().poll();
    return handled;
}

}  // namespace redoubt::test
