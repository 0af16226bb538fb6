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
using summons = Multiplexer::summons;

constexpr std::size_t ceiling = 1500;

/// Commands in order, each with its bytes and how many of them have left; counts nothing that it can look up.
struct Model {
    struct command {
        TestOperation* op;  // null: abandoned
        std::string bytes;
        bool leads = false;
        std::size_t left = 0;  // bytes that were sent
        bool handed = false;   // the writer has it
    };
    std::deque<command> commands;         // owed a reply
    std::deque<command> answered_unsent;  // answered before they were sent whole: their bytes still have to go
    state now = state::down;
    holder writer = holder::none;
    holder reader = holder::none;
    TestOperation* leader = nullptr;

    /// Whose caller reads next, if the oldest command decides.
    TestOperation* heir() const {
        for (std::size_t i = 0; i < commands.size() && i < 8; ++i) {
            if (commands[i].op != nullptr) return commands[i].leads ? commands[i].op : nullptr;
            if (!commands[i].leads) return nullptr;
        }
        return nullptr;
    }
    bool all_lead() const {
        return std::all_of(commands.begin(), commands.end(), [](const command& c) { return c.leads; });
    }
    bool pending(const TestOperation* op) const {
        return std::any_of(commands.begin(), commands.end(), [op](const command& c) { return c.op == op; });
    }
    bool reads() const { return reader == holder::reactor || reader == holder::caller; }
    void lead(TestOperation* op) {
        reader = holder::caller;
        leader = op;
    }

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
            ops_.push_back(std::make_unique<TestOperation>(reactor_, command("ECHO", text), Operation::origin::blocking,
                                                           i % 8 != 0));
            free_.push_back(ops_.back().get());
        }
    }

    void step() {
        switch (random(14)) {
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
            case 12:
            case 13: reader(); break;
        }
        check();
    }

    // full, cut, abandoned, swept unknown, swept not applied, token taken from one who watches, handed on to a caller,
    // to the I/O thread, to nobody, from the I/O thread to a caller, a leader cancelled
    std::array<std::uint64_t, 11> seen{};

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
        model_.commands.push_back({&op, bytes, op.may_lead()});
        summon(op);
    }

    void summon(TestOperation& op) {
        const bool may_take = random(2) == 0;
        auto expected = summons::none;
        if (!op.may_lead()) {
            if (model_.reader == holder::none) {
                expected = summons::watch;
                model_.reader = holder::watch;
            }
        } else if (model_.reader == holder::none ||
                   (model_.reader == holder::watch && may_take && model_.commands.size() == 1)) {
            if (model_.reader == holder::watch) ++seen[5];
            expected = summons::leader;
            model_.lead(&op);
        }
        ASSERT_EQ(mux_.summon_reader(op, may_take), expected);
    }

    // As readers live: the I/O thread is woken, reads, and waits again or gives way; a leader goes when it is served.
    void reader() {
        switch (model_.reader) {
            case holder::none:
                if (random(2) == 0) {
                    ASSERT_EQ(mux_.watch(), model_.now == state::up);
                    if (model_.now == state::up) model_.reader = holder::watch;
                } else {
                    ASSERT_EQ(mux_.begin_reading(), model_.now == state::up);
                    if (model_.now == state::up) model_.reader = holder::reactor;
                }
                break;
            case holder::watch:
                ASSERT_TRUE(mux_.begin_reading());
                model_.reader = holder::reactor;
                break;
            case holder::reactor: give_way(); break;
            case holder::caller:
                ASSERT_FALSE(mux_.begin_reading());
                ASSERT_FALSE(mux_.watch());
                if (!model_.pending(model_.leader)) hand_on();
                break;
        }
    }

    void give_way() {
        if (random(2) == 0) {
            auto* const heir = model_.now == state::up && model_.all_lead() ? model_.heir() : nullptr;
            ASSERT_EQ(mux_.hand_to_caller(), heir != nullptr);
            if (heir == nullptr) return;
            ++seen[9];
            return model_.lead(heir);
        }
        mux_.end_reading();
        model_.reader = holder::watch;
    }

    void hand_on() {
        model_.leader = nullptr;
        if (model_.now != state::up) {
            model_.reader = holder::none;
            return judge(mux_.release_reader());
        }
        const auto next = mux_.hand_on();
        if (auto* const heir = model_.heir()) {
            ASSERT_EQ(next, summons::leader);
            ++seen[6];
            return model_.lead(heir);
        }
        const bool pending = !model_.commands.empty();
        ASSERT_EQ(next, pending ? summons::watch : summons::none);
        ++seen[pending ? 7 : 8];
        model_.reader = pending ? holder::watch : holder::none;
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
        auto& op = model_.leader != nullptr && random(4) == 0 ? *model_.leader : *ops_[random(ops_.size())];
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
        if (model_.leader != &op) return;
        ++seen[10];
        hand_on();
    }

    void take() {
        if (!model_.reads()) return;
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
                model_.reader = holder::watch;
                break;
            case state::up:
                if (random(6) != 0) break;
                model_.now = state::failing;
                judge(mux_.fail());
                break;
            case state::failing:
                if (!model_.reads()) break;
                model_.reader = holder::none;
                model_.leader = nullptr;
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
        ASSERT_EQ(mux_.leader(), model_.leader);
        if (model_.now == state::up && !model_.commands.empty()) {
            ASSERT_NE(mux_.reader(), holder::none);
        }
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
    for (std::size_t i = 0; i < w.seen.size(); ++i) {
        EXPECT_GT(w.seen[i], 20U) << "the walk with seed " << seed << " misses case " << i;
    }
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
