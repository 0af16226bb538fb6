// The ceiling of bytes that wait, with callers that each hold their own command.
#include <gmock/gmock.h>

#include <atomic>
#include <redoubt/client.hpp>
#include <thread>
#include <vector>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class QueueBytes : public RedisFixture {
protected:
    static options base() {
        auto o = options_for(server());
        o.queue_bytes_max = 65'536;
        o.deadline = 20s;
        o.attempt_timeout = 0s;
        return o;
    }
    /// One call holds the only place, then 32 threads SET 10 KiB each; all end well but those that found no room.
    static void crowd(const options& o) {
        constexpr std::size_t callers = 32;
        constexpr std::size_t room = 6;  // times 10 KiB
        const auto client = connected(o);
        server().pause();
        std::thread first([&] { EXPECT_TRUE(client.set("first", "v")); });
        EXPECT_TRUE(eventually([&] { return client.stats().pool.in_flight == 1; }));
        std::atomic<std::size_t> answered{0};
        std::atomic<std::size_t> rejected{0};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < callers; ++i) {
            threads.emplace_back([&] {
                const auto r = client.set("k", std::string(10 * 1024, 'x'));
                if (r) return void(++answered);
                ++rejected;
                EXPECT_EQ(r.error(), errc::limiter_full);
                EXPECT_EQ(r.error().fate(), fate::not_applied);
                EXPECT_EQ(r.error().phase(), o.limiter ? phase::limiter : phase::queue);
                EXPECT_THAT(r.error().message(), HasSubstr("queue_bytes_max allows (65536)"));
            });
        }
        EXPECT_TRUE(eventually([&] { return rejected == callers - room; })) << rejected;
        EXPECT_EQ(client.stats().limiter.rejected, callers - room);
        server().resume();
        first.join();
        for (auto& t : threads) t.join();
        EXPECT_EQ(answered, room);
        EXPECT_EQ(rejected, callers - room);
    }
};

TEST_F(QueueBytes, callers_beyond_the_ceiling_are_rejected_at_once) {
    auto o = base();
    o.limiter = limiter_options{.limit = 1};
    crowd(o);
}

TEST_F(QueueBytes, it_holds_without_a_limiter) {
    auto o = base();
    o.limiter.reset();
    o.node_limit = 1;
    crowd(o);
}

}  // namespace
}  // namespace redoubt::test
