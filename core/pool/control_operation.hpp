// A command of our own on a connection: outside the layers, with a limit of its own, reused.
#pragma once

#include <functional>
#include <redoubt/command.hpp>

#include "core/stack/layer.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

/// I/O thread only. One at a time: not while busy().
class ControlOperation final : public Operation {
public:
    explicit ControlOperation(Reactor& home) noexcept : Operation(home, origin::asynchronous) {}
    ~ControlOperation() override = default;

    bool busy() const noexcept { return static_cast<bool>(done_); }

    /// `done` is called once, with the outcome in failed(), failure() and value().
    void run(Layer& on, Command<reply> c, std::int64_t until_ns, std::function<void(ControlOperation&)> done) {
        own_ = std::move(c);
        command = &own_;
        done_ = std::move(done);
        deadline_ns = until_ns;
        started_ns = reactor->now_ns();
        reactor->watch(*this);
        on.start(*this);
    }

private:
    void finished() noexcept override {
        reactor->unwatch(*this);
        const auto done = std::exchange(done_, nullptr);
        done(*this);
    }

    Command<reply> own_ = redoubt::command("PING");
    std::function<void(ControlOperation&)> done_;
};

}  // namespace redoubt::core
