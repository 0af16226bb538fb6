// Asynchronous calls: when the handler runs, where, and what becomes of the memory.
#include "core/stack/async_operation.hpp"

#include <gmock/gmock.h>

#include <set>
#include <thread>
#include <vector>

#include "core/stack/deadline.hpp"
#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/unit/core/protocol/allocation_count.hpp"

namespace redoubt::core {
namespace {

using test::Fail;
using test::MockLayer;
using test::Reply;
using test::run_ready;
using test::TakeBack;
using ::testing::_;
using ::testing::Invoke;

struct seen_outcome {
    int calls = 0;
    bool failed = false;
    std::string text;
    errc code{};
    const Reactor* home = nullptr;
};

class AsyncOperationTest : public ::testing::Test {
protected:
    AsyncOperation& make(std::size_t more = 0) {
        auto& op = AsyncOperation::create(reactor_, sizeof(seen_outcome*) + more);
        op.command = &command_;
        seen_.home = &reactor_;
        *static_cast<seen_outcome**>(op.extra()) = &seen_;
        op.deliver = [](void* storage, detail::call_outcome outcome) {
            auto& seen = **static_cast<seen_outcome**>(storage);
            ++seen.calls;
            EXPECT_TRUE(seen.home->on_thread());
            seen.failed = outcome.failed();
            if (seen.failed) {
                seen.code = outcome.failure().kind();
            } else {
                seen.text = outcome.value().text();
            }
            outcome.release();
        };
        return op;
    }

    Reactor reactor_;
    ::testing::StrictMock<MockLayer> layer_;
    Command<reply> command_ = command("PING");
    seen_outcome seen_;
};

TEST_F(AsyncOperationTest, AHandlerIsNeverCalledWithinLaunch) {
    for (const bool fails : {false, true}) {
        seen_ = {};
        auto& op = make();
        if (fails) {
            EXPECT_CALL(layer_, start(_)).WillOnce(Invoke(Fail(errc::not_connected)));
        } else {
            EXPECT_CALL(layer_, start(_)).WillOnce(Invoke(Reply("x")));
        }
        {
            const ReactorTesting here(reactor_);
            op.launch(layer_);
        }
        EXPECT_EQ(seen_.calls, 0);
        run_ready(reactor_);
        EXPECT_EQ(seen_.calls, 1);
        EXPECT_EQ(seen_.failed, fails);
        EXPECT_EQ(fails ? seen_.code == errc::not_connected : seen_.text == "x", true);
    }
}

TEST_F(AsyncOperationTest, ALaterOutcomeIsDeliveredAtOnceOnTheIoThread) {
    auto& op = make();
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke([this](Operation& o) { layer_.hold(o); }));
    const ReactorTesting here(reactor_);
    op.launch(layer_);
    op.succeed(reply::string("x"));
    EXPECT_EQ(seen_.calls, 1);
    EXPECT_EQ(seen_.text, "x");
}

TEST_F(AsyncOperationTest, AnOutcomeFromAnotherThreadComesToTheIoThread) {
    auto& op = make();
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke([this](Operation& o) { layer_.hold(o); }));
    {
        const ReactorTesting here(reactor_);
        op.launch(layer_);
    }
    std::thread([&] { op.succeed(reply::string("x")); }).join();
    EXPECT_EQ(seen_.calls, 0);
    run_ready(reactor_);
    EXPECT_EQ(seen_.calls, 1);
}

TEST_F(AsyncOperationTest, OneThatFailsBeforeItBeganIsDeliveredLater) {
    make().fail_later(errc::closed);
    EXPECT_EQ(seen_.calls, 0);
    run_ready(reactor_);
    EXPECT_EQ(seen_.calls, 1);
    EXPECT_EQ(seen_.code, errc::closed);
}

TEST_F(AsyncOperationTest, ItsDeadlineEndsItByTheTick) {
    ReactorTesting io(reactor_);
    const auto start = steady_now_ns();
    io.set_now(start);
    DeadlineLayer top(layer_, std::chrono::seconds(3));
    auto& op = make();
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke([this](Operation& o) { layer_.hold(o); }));
    EXPECT_CALL(layer_, cancel(_, errc::deadline_exceeded)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    op.launch(top);
    io.set_now(start + 3'010'000'000);
    io.tick();
    EXPECT_EQ(seen_.calls, 1);
    EXPECT_EQ(seen_.code, errc::deadline_exceeded);
}

TEST_F(AsyncOperationTest, OneThatEndsWithinLaunchIsNotWatchedWhileItWaitsForItsDelivery) {
    DeadlineLayer top(layer_, std::chrono::seconds(3));
    auto& op = make();
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke(Reply("x")));
    {
        ReactorTesting io(reactor_);
        io.set_now(steady_now_ns());
        op.launch(top);
        EXPECT_FALSE(op.linked());
        io.set_now(steady_now_ns() + 4'000'000'000);
        io.tick();
    }
    run_ready(reactor_);
    EXPECT_EQ(seen_.calls, 1);
    EXPECT_EQ(seen_.text, "x");
}

TEST_F(AsyncOperationTest, TheLinkForACancelSignalKnowsThatItIsOver) {
    auto& op = make();
    op.link = std::make_shared<cancel_link>(cancel_link{&op, {}});
    const auto link = op.link;
    op.fail_later(errc::closed);
    EXPECT_EQ(link->operation, &op);
    run_ready(reactor_);
    EXPECT_EQ(link->operation, nullptr);
}

TEST_F(AsyncOperationTest, StorageIsAlignedAndBlocksServeAgain) {
    std::set<void*> blocks;
    for (int i = 0; i < 100; ++i) {
        for (const std::size_t more : {0U, 100U, 1000U, 10'000U}) {
            auto& op = make(more);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(op.extra()) % alignof(std::max_align_t), 0U);
            std::memset(op.extra(), 0xa5, sizeof(seen_outcome*) + more);
            blocks.insert(&op);
            op.destroy();
        }
    }
    EXPECT_LT(blocks.size(), 110U) << "at most the largest is not kept";
}

TEST_F(AsyncOperationTest, OfAPeakOnlyAMebibyteOfBlocksIsKept) {
    if (!testing::AllocationCount::works()) GTEST_SKIP() << "a sanitizer owns the heap";
    constexpr std::size_t more = 1'000;
    constexpr std::size_t peak = 5'000;
    const auto fill = [&] {
        std::vector<AsyncOperation*> all;
        all.reserve(peak);
        const testing::AllocationCount heap;
        for (std::size_t i = 0; i < peak; ++i) all.push_back(&make(more));
        const auto made = heap.so_far().allocations;
        for (auto* const op : all) op->destroy();
        return made;
    };
    (void)fill();
    const auto kept = peak - fill();
    EXPECT_LE(kept * more, std::size_t{1} << 20);
    EXPECT_GE(kept * (more + 2'000), std::size_t{1} << 20) << "steady work needs the heap no more";
}

}  // namespace
}  // namespace redoubt::core
