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
                           origin from = origin::blocking, bool leads = false)
        : Operation(home, from, leads), own_(std::move(c)) {
        command = &own_;
    }
    ~TestOperation() override = default;

    bool over() const noexcept { return outcomes != 0; }
    /// How it ended, in a text for comparisons that explain themselves: `ok: "x"`, or as failed_text() says.
    std::string outcome() {
        if (outcomes != 1) return "completed " + std::to_string(outcomes) + " times";
        if (!failed()) return "ok: " + value().describe();
        return failed_text(failure().kind(), failure().fate(), failure().phase());
    }
    static std::string failed_text(errc code, redoubt::fate f, redoubt::phase p) {
        return make_error_code(code).message() + '/' + std::string(to_string(f)) + '/' + std::string(to_string(p));
    }

    /// It has been given a token and has not used it yet.
    bool called() const noexcept { return seat_ != nullptr; }
    /// What its thread does when it has been called.
    void lead() { std::exchange(seat_, nullptr)->lead(*this); }

    std::atomic<std::uint32_t>* give_token(core::ReaderSeat& seat) noexcept override {
        seat_ = &seat;
        return nullptr;
    }
    void take_token() noexcept override { seat_ = nullptr; }

    int outcomes = 0;
    std::function<void(TestOperation&)> on_finished;

private:
    void finished() noexcept override {
        ++outcomes;
        if (on_finished) on_finished(*this);
    }
    Command<reply> own_;
    core::ReaderSeat* seat_ = nullptr;
};

}  // namespace redoubt::test
