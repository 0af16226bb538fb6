// A place in the line for an exclusive connection, without a thread that waits and without a server.
#include "core/pool/async_lease.hpp"

#include <gtest/gtest.h>

#include "core/pool/pool.hpp"
#include "tests/support/reactor_testing.hpp"

namespace redoubt::core {
namespace {

class AsyncLeaseTest : public testing::Test {
protected:
    std::shared_ptr<AsyncLease> request(Pool& pool) {
        const ReactorTesting here(reactor_);
        return AsyncLease::request(pool, [this](result<Connection*> r) {
            EXPECT_TRUE(reactor_.on_thread());
            ++times_;
            failure_ = r ? std::nullopt : std::optional(r.error().kind());
        });
    }
    void run() { test::run_ready(reactor_); }

    Reactor reactor_;
    std::shared_ptr<Node> node_ = std::make_shared<Node>("redis://test", node_policy{});
    int times_ = 0;
    std::optional<errc> failure_;
};

TEST_F(AsyncLeaseTest, WaitsWhileThereIsNoConnection) {
    Pool pool(reactor_, {}, node_);
    const auto lease = request(pool);
    run();
    EXPECT_EQ(times_, 0);
    EXPECT_EQ(pool.stats().waiting_leases, 1U);
    const ReactorTesting here(reactor_);
    lease->cancel();
    EXPECT_EQ(pool.stats().waiting_leases, 0U);
}

TEST_F(AsyncLeaseTest, ACancelledOneIsNeverTold) {
    Pool pool(reactor_, {}, node_);
    const auto lease = request(pool);
    {
        const ReactorTesting here(reactor_);
        lease->cancel();
        lease->cancel();
        pool.refuse();
        pool.close();
    }
    run();
    EXPECT_EQ(times_, 0);
}

TEST_F(AsyncLeaseTest, ThePoolsEndIsTold) {
    Pool pool(reactor_, {}, node_);
    const auto lease = request(pool);
    {
        const ReactorTesting here(reactor_);
        pool.refuse();
        pool.close();
        EXPECT_EQ(times_, 0) << "later, not from within";
    }
    run();
    EXPECT_EQ(times_, 1);
    EXPECT_EQ(failure_, errc::closed);
}

TEST_F(AsyncLeaseTest, ARefusalIsToldLaterThanTheRequest) {
    Pool pool(reactor_, {.pool = {.connections_max = 1}}, node_);
    const auto lease = request(pool);
    EXPECT_EQ(times_, 0);
    run();
    EXPECT_EQ(times_, 1);
    EXPECT_EQ(failure_, errc::invalid_option);
}

TEST_F(AsyncLeaseTest, ARefusalThatIsCancelledBeforeItIsToldStaysUntold) {
    Pool pool(reactor_, {.pool = {.connections_max = 1}}, node_);
    const auto lease = request(pool);
    {
        const ReactorTesting here(reactor_);
        lease->cancel();
    }
    run();
    EXPECT_EQ(times_, 0);
}

class Guest final : public PoolGuest {
public:
    void on_pool_closing() noexcept override { ++told; }
    int told = 0;
};

TEST_F(AsyncLeaseTest, GuestsAreCountedWhileTheyLiveAndToldOnceOfTheEnd) {
    Pool pool(reactor_, {}, node_);
    auto one = std::make_shared<Guest>();
    auto two = std::make_shared<Guest>();
    pool.track(one);
    pool.track(two);
    EXPECT_EQ(pool.stats().subscribers, 2U);
    two.reset();
    EXPECT_EQ(pool.stats().subscribers, 1U);
    {
        const ReactorTesting here(reactor_);
        pool.dismiss_guests();
        pool.refuse();
        pool.close();
    }
    EXPECT_EQ(one->told, 1);
    const auto late = std::make_shared<Guest>();
    pool.track(late);
    run();
    EXPECT_EQ(late->told, 1);
}

}  // namespace
}  // namespace redoubt::core
