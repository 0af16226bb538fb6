// Callers that wait for an exclusive connection.
#include "core/pool/lease_line.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "core/connection/connection.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {
namespace {

struct Nobody final : Connection::Listener {
    void on_down(Connection&, const error&) noexcept override {}
    void on_room(Connection&) noexcept override {}
};

class LeaseLineTest : public ::testing::Test {
protected:
    Reactor reactor_;
    Nobody listener_;
    Connection connection_{reactor_, listener_, {"redis://test", {}, 4096}};
    Connection second_{reactor_, listener_, {"redis://test", {}, 4096}};
    LeaseLine line_;
    blocking_lease_request a_;
    blocking_lease_request b_;
    blocking_lease_request c_;
};

TEST_F(LeaseLineTest, ServesInOrderOfArrival) {
    EXPECT_FALSE(line_.serve(connection_)) << "nobody waits";
    line_.join(a_);
    line_.join(b_);
    EXPECT_EQ(line_.size(), 2U);
    EXPECT_TRUE(line_.serve(connection_));
    EXPECT_EQ(a_.connection, &connection_);
    EXPECT_TRUE(a_.over());
    EXPECT_FALSE(b_.over());
    EXPECT_TRUE(line_.serve(second_));
    EXPECT_EQ(b_.connection, &second_);
    EXPECT_TRUE(line_.empty());
}

TEST_F(LeaseLineTest, WhoLeavesIsNotServed) {
    line_.join(a_);
    line_.join(b_);
    line_.join(c_);
    EXPECT_TRUE(line_.leave(b_));
    EXPECT_FALSE(line_.leave(b_));
    EXPECT_TRUE(line_.serve(connection_));
    EXPECT_TRUE(line_.serve(second_));
    EXPECT_EQ(a_.connection, &connection_);
    EXPECT_EQ(c_.connection, &second_);
    EXPECT_FALSE(b_.over());
    EXPECT_FALSE(line_.leave(a_)) << "served, it has left already";
}

TEST_F(LeaseLineTest, ARefusalEndsTheWaitOfAll) {
    line_.join(a_);
    line_.join(b_);
    line_.refuse_all(errc::closed);
    EXPECT_TRUE(line_.empty());
    for (auto* r : {&a_, &b_}) {
        EXPECT_TRUE(r->over());
        EXPECT_EQ(r->connection, nullptr);
        EXPECT_TRUE(*r->refused == errc::closed);
    }
}

TEST_F(LeaseLineTest, WhoIsServedOrRefusedWakes) {
    for (const bool serve : {true, false}) {
        std::mutex lock;
        blocking_lease_request request;
        std::unique_lock hold(lock);
        line_.join(request);
        std::thread other([&] {
            const std::lock_guard inside(lock);
            serve ? void(line_.serve(connection_)) : line_.refuse_all(errc::closed);
        });
        request.granted.wait(hold, [&] { return request.over(); });
        EXPECT_EQ(request.connection != nullptr, serve);
        hold.unlock();
        other.join();
    }
}

}  // namespace
}  // namespace redoubt::core
