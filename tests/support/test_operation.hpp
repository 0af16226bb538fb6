// An operation that remembers how it ended, and how often.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/stack/operation.hpp"

namespace redoubt::test {

class TestOperation final : public core::Operation {
public:
    explicit TestOperation(core::Reactor& home, Command<reply> c = redoubt::command("PING"),
                           origin from = origin::blocking)
        : Operation(home, from), own_(std::move(c)) {
        command = &own_;
    }
    ~TestOperation() override = default;

    bool over() const noexcept { return outcomes != 0; }
    /// "ok: text" or "failed: code/fate/phase", for comparisons that explain themselves.
    std::string outcome() {
        if (outcomes != 1) return "completed " + std::to_string(outcomes) + " times";
        if (!failed()) return "ok: " + value().describe();
        const auto& e = failure();
        return e.code().message() + '/' + std::string(to_string(e.fate())) + '/' + std::string(to_string(e.phase()));
    }

    int outcomes = 0;
    std::function<void(TestOperation&)> on_finished;

private:
    void finished() noexcept override {
        ++outcomes;
        if (on_finished) on_finished(*this);
    }
    Command<reply> own_;
};

}  // namespace redoubt::test
