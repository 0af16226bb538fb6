// The probe sees when a server comes back, and not before.
#include "tools/support/accept_probe.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "tools/support/redis_process.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;

TEST(AcceptProbe, sees_the_return_of_a_server) {
    RedisProcess server({.tcp = true});
    EXPECT_TRUE(accepts_connections(server.port()));
    server.kill();
    EXPECT_FALSE(accepts_connections(server.port()));

    std::atomic<int> calls{0};
    std::atomic<AcceptProbe::clock::time_point> told{};
    AcceptProbe probe(server.port(), [&](AcceptProbe::clock::time_point at) {
        told = at;
        ++calls;
    });
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(probe.accepted_at());
    EXPECT_EQ(calls, 0);
    const auto before = AcceptProbe::clock::now();
    server.restart();
    for (int i = 0; i < 1'000 && calls == 0; ++i) std::this_thread::sleep_for(5ms);
    ASSERT_TRUE(probe.accepted_at());
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(*probe.accepted_at(), told.load());
    EXPECT_GE(*probe.accepted_at(), before);
}

TEST(AcceptProbe, gives_up_when_it_goes) {
    RedisProcess server({.tcp = true});
    server.kill();
    const AcceptProbe probe(server.port(), [](AcceptProbe::clock::time_point) { FAIL() << "nobody is there"; });
}

}  // namespace
}  // namespace redoubt::lab
