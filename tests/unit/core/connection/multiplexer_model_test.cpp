// The multiplexer against a model that keeps every command whole: a long random walk.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/connection/multiplexer.hpp"
#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::TestOperation;
using state = Multiplexer::state;
using holder = Multiplexer::holder;
using admission = Multiplexer::admission;
using duty = Multiplexer::duty;
using departure = Multiplexer::departure;

constexpr std::size_t ceiling = 1500;

/// Commands in order, each with its bytes and how many of them have left; counts nothing that it can look up.
struct Model {
    struct command {
        TestOperation* op;  // null: abandoned
        std::string bytes;
        std::size_t left = 0;  // bytes that were sent
        bool handed = false;   // the writer has it
    };
    std::deque<command> commands;         // owed a reply
    std::deque<command> answered_unsent;  // answered before they were sent whole: their bytes still have to go
    state now = state::down;
    holder writer = holder::none;
    holder reader = holder::none;

    std::string unsent(bool handed) const {
        std::string all;
        for (const auto* list : {&answered_unsent, &commands}) {
            for (const auto& c : *list) {
                if (c.handed == handed) all += c.bytes.substr(c.left);
            }
        }
        return all;
    }
    std::size_t collected() const {
        return static_cast<std::size_t>(
            std::count_if(commands.begin(), commands.end(), [](const command& c) { return !c.handed; }));
    }
    void sent(std::size_t n) {
        for (auto* list : {&answered_unsent, &commands}) {
            for (auto& c : *list) {
                const auto step = c.handed ? std::min(n, c.bytes.size() - c.left) : 0;
                c.left += step;
                n -= step;
            }
        }
        std::erase_if(answered_unsent, [](const command& c) { return c.left == c.bytes.size(); });
    }
    bool sweep_due() const { return now == state::failing && writer == holder::none && reader == holder::none; }
};

class Walk {
public:
    explicit Walk(std::uint64_t seed) : random_(seed) {
        for (std::size_t i = 0; i < 48; ++i) {
            const auto size = random(20) == 0 ? random(2 * ceiling) : random(120);
            auto text = std::to_string(i) + ':';
            text.resize(text.size() + size, static_cast<char>('a' + i % 26));
            ops_.push_back(std::make_unique<TestOperation>(reactor_, command("ECHO", text)));
            free_.push_back(ops_.back().get());
        }
    }

    void step() {
        switch (random(12)) {
            case 0:
            case 1:
            case 2:
            case 3: append(); break;
            case 4: take_writer(); break;
            case 5:
            case 6:
            case 7: write(); break;
            case 8: leave(); break;
            case 9:
            case 10: take(); break;
            case 11: rare(); break;
        }
        check();
    }

    std::array<std::uint64_t, 5> seen{};  // full, cut, abandoned, swept unknown, swept not applied

private:
    std::size_t random(std::size_t below) { return below == 0 ? 0 : static_cast<std::size_t>(random_() % below); }

    void append() {
        if (free_.empty()) return;
        auto& op = *free_[random(free_.size())];
        const std::string bytes(op.command->bytes());
        const auto unsent = model_.unsent(true).size() + model_.unsent(false).size();
        auto expected = admission::accepted;
        if (model_.now != state::up) {
            expected = admission::not_up;
        } else if (unsent != 0 && unsent + bytes.size() > ceiling) {
            expected = admission::full;
            ++seen[0];
        }
        ASSERT_EQ(mux_.append(op), expected);
        if (expected != admission::accepted) return;
        std::erase(free_, &op);
        model_.commands.push_back({&op, bytes});
    }

    void take_writer() {
        const auto who = random(2) == 0 ? holder::caller : holder::reactor;
        const bool expected = model_.now == state::up && model_.writer == holder::none &&
                              !(model_.unsent(true) + model_.unsent(false)).empty();
        ASSERT_EQ(mux_.take_writer(who), expected);
        if (expected) model_.writer = who;
    }

    // As a writer lives: what it sent is told at its next turn, and whatever happened meanwhile is seen then.
    void write() {
        if (model_.writer == holder::none) return;
        if (sending_ != 0) {
            const auto n = random(4) == 0 ? sending_ : random(sending_ + 1);
            mux_.sent(n);
            model_.sent(n);
            sending_ = 0;
        }
        const auto bytes = mux_.next_to_send();
        if (model_.now == state::up && model_.unsent(true).empty()) {
            for (auto& c : model_.commands) c.handed = true;
        }
        ASSERT_EQ(bytes, model_.now == state::up ? model_.unsent(true) : "");
        sending_ = bytes.size();
        if (bytes.empty()) {
            model_.writer = holder::none;
            judge(mux_.release_writer());
        } else if (random(8) == 0) {
            mux_.park_writer();
            model_.writer = holder::reactor;
        }
    }

    void leave() {
        auto& op = *ops_[random(ops_.size())];
        const auto at =
            std::find_if(model_.commands.begin(), model_.commands.end(), [&](const auto& c) { return c.op == &op; });
        const auto left = mux_.leave(op);
        if (at == model_.commands.end()) {
            ASSERT_EQ(left, departure::unknown_operation);
            return;
        }
        ASSERT_EQ(left, at->handed ? departure::abandoned : departure::not_applied);
        ++seen[at->handed ? 2 : 1];
        free_.push_back(&op);
        if (at->handed) {
            at->op = nullptr;
        } else {
            model_.commands.erase(at);
        }
    }

    void take() {
        if (model_.reader == holder::none) return;
        std::array<Operation*, 8> out{};
        const auto n = random(out.size() + 1);
        const auto known = mux_.take(out.data(), n);
        ASSERT_EQ(known, std::min(n, model_.commands.size() - model_.collected()));
        for (std::size_t i = 0; i < known; ++i) {
            auto& head = model_.commands.front();
            ASSERT_EQ(out[i], head.op);
            if (head.op != nullptr) free_.push_back(head.op);
            if (head.left != head.bytes.size()) model_.answered_unsent.push_back(head);
            model_.commands.pop_front();
        }
    }

    void rare() {
        switch (model_.now) {
            case state::down:
                mux_.open();
                model_.now = state::up;
                model_.reader = holder::reactor;
                break;
            case state::up:
                if (random(6) != 0) break;
                model_.now = state::failing;
                judge(mux_.fail());
                break;
            case state::failing:
                if (model_.reader == holder::none) break;
                model_.reader = holder::none;
                judge(mux_.release_reader());
                break;
            case state::sweeping: sweep_one(); break;
        }
    }

    void judge(duty d) {
        const bool due = model_.sweep_due();
        ASSERT_EQ(d, due ? duty::sweep : duty::none);
        if (due) model_.now = state::sweeping;
    }

    void sweep_one() {
        const auto left = mux_.sweep_next();
        while (!model_.commands.empty() && model_.commands.front().op == nullptr) model_.commands.pop_front();
        if (model_.commands.empty()) {
            ASSERT_EQ(left.op, nullptr);
            model_ = {};
            return;
        }
        const auto head = model_.commands.front();
        model_.commands.pop_front();
        ASSERT_EQ(left.op, head.op);
        const bool whole = head.left == head.bytes.size();
        ASSERT_EQ(left.outcome, whole ? fate::unknown : fate::not_applied);
        ++seen[whole ? 3 : 4];
        free_.push_back(head.op);
    }

    void check() {
        ASSERT_EQ(mux_.current(), model_.now);
        ASSERT_EQ(mux_.writer(), model_.writer);
        ASSERT_EQ(mux_.reader(), model_.reader);
        ASSERT_EQ(mux_.in_flight(), model_.commands.size());
        ASSERT_EQ(mux_.collected(), model_.collected());
        if (model_.now != state::sweeping) {  // the sweep forgets the bytes of all at its end
            ASSERT_EQ(mux_.unsent_bytes(), model_.unsent(true).size() + model_.unsent(false).size());
        }
        for (const auto* op : free_) ASSERT_EQ(op->holder.load(), nullptr);
        for (const auto& c : model_.commands) {
            ASSERT_TRUE(c.op == nullptr || c.op->holder.load() == &owner_);
        }
    }

    Reactor reactor_;
    ::testing::StrictMock<test::MockLayer> owner_;
    std::vector<std::unique_ptr<TestOperation>> ops_;
    std::vector<TestOperation*> free_;
    Multiplexer mux_{owner_, ceiling};
    Model model_;
    std::size_t sending_ = 0;  // handed out by next_to_send() and not told of yet
    std::mt19937_64 random_;
};

void walk(std::uint64_t seed) {
    constexpr int steps = 120'000;
    Walk w(seed);
    for (int i = 0; i < steps; ++i) {
        w.step();
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << ", step " << i;
    }
    for (const auto count : w.seen) EXPECT_GT(count, 100U) << "the walk with seed " << seed << " misses a case";
}

TEST(MultiplexerModel, FixedSeeds) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) walk(seed);
}

TEST(MultiplexerModel, ANewSeedEveryTime) {
    const std::uint64_t seed = std::random_device()();
    RecordProperty("seed", std::to_string(seed));
    SCOPED_TRACE("seed " + std::to_string(seed));
    walk(seed);
}

}  // namespace
}  // namespace redoubt::core
