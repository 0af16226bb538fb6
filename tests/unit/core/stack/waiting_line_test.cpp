// The line of operations, against std::deque.
#include "core/stack/waiting_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "core/stack/reactor.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::TestOperation;

class WaitingLineTest : public ::testing::Test {
protected:
    WaitingLineTest() {
        for (int i = 0; i < 12; ++i) ops_.emplace_back(reactor_);
    }
    Reactor reactor_;
    std::deque<TestOperation> ops_;
    WaitingLine line_;
};

TEST_F(WaitingLineTest, FirstComeFirstServed) {
    EXPECT_TRUE(line_.empty());
    EXPECT_EQ(line_.pop_front(), nullptr);
    for (auto& op : ops_) line_.push_back(op);
    EXPECT_EQ(line_.size(), ops_.size());
    for (auto& op : ops_) EXPECT_EQ(line_.pop_front(), &op);
    EXPECT_TRUE(line_.empty());
}

TEST_F(WaitingLineTest, OneThatIsPutBackIsNext) {
    line_.push_back(ops_[0]);
    line_.push_back(ops_[1]);
    auto* const first = line_.pop_front();
    line_.push_front(*first);
    EXPECT_EQ(line_.pop_front(), &ops_[0]);
    EXPECT_EQ(line_.pop_front(), &ops_[1]);
    line_.push_front(ops_[2]);
    line_.push_back(ops_[3]);
    EXPECT_EQ(line_.pop_front(), &ops_[2]);
    EXPECT_EQ(line_.pop_front(), &ops_[3]);
}

TEST_F(WaitingLineTest, WhoLeavesIsNotLinkedAnyMore) {
    for (int i = 0; i < 3; ++i) line_.push_back(ops_[static_cast<std::size_t>(i)]);
    line_.erase(ops_[1]);
    EXPECT_EQ(ops_[1].line_next, nullptr);
    EXPECT_EQ(ops_[1].line_previous, nullptr);
    EXPECT_EQ(line_.size(), 2U);
    line_.erase(ops_[0]);
    line_.erase(ops_[2]);
    EXPECT_TRUE(line_.empty());
}

TEST_F(WaitingLineTest, AgreesWithADeque) {
    std::mt19937 random(5);
    std::deque<Operation*> model;
    for (int step = 0; step < 20'000; ++step) {
        auto& op = ops_[random() % ops_.size()];
        const auto at = std::find(model.begin(), model.end(), &op);
        if (at != model.end()) {
            model.erase(at);
            line_.erase(op);
        } else if (random() % 3 == 0) {
            model.push_front(&op);
            line_.push_front(op);
        } else {
            model.push_back(&op);
            line_.push_back(op);
        }
        if (random() % 5 == 0) {
            auto* const first = model.empty() ? nullptr : model.front();
            ASSERT_EQ(line_.pop_front(), first);
            if (first != nullptr) model.pop_front();
        }
        ASSERT_EQ(line_.size(), model.size());
        ASSERT_EQ(line_.empty(), model.empty());
    }
    for (auto* const op : model) ASSERT_EQ(line_.pop_front(), op);
}

}  // namespace
}  // namespace redoubt::core
