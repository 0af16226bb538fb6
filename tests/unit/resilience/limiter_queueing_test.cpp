// The limiter as a queueing system: the published figures of Erlang B and M/M/c/K, by simulated load.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <vector>

#include "resilience/limiter.hpp"
#include "resilience/random.hpp"

namespace redoubt::resilience {
namespace {

// Poisson arrivals at `load` per service time, exponential service: permits are servers, waiters are customers.
class queueing_system {
public:
    queueing_system(std::uint32_t servers, std::uint32_t queue_max, double load, std::uint64_t seed)
        : limiter_(servers, queue_max), load_(load), engine_(seed) {}

    struct outcome {
        double blocked = 0;    // fraction of arrivals
        double mean_wait = 0;  // in service times, of those not blocked
        limiter_snapshot end;
    };

    outcome run(int arrivals) {
        std::vector<customer> customers(static_cast<std::size_t>(arrivals));
        double now = 0;
        for (customer& c : customers) {
            now += exponential() / load_;
            finish_until(now);
            c.arrived = now;
            const admission a = limiter_.acquire(c);
            if (a == admission::granted) serve(now);
            if (a == admission::full) ++blocked_;
        }
        while (!departures_.empty()) finish_until(departures_.top());
        return {static_cast<double>(blocked_) / arrivals, waited_ / (arrivals - blocked_), limiter_.snapshot()};
    }

private:
    struct customer : limiter_waiter {
        double arrived = 0;
    };

    double exponential() { return -std::log(1 - engine_.unit()); }
    void serve(double from) { departures_.push(from + exponential()); }
    void finish_until(double now) {
        while (!departures_.empty() && departures_.top() <= now) {
            const double at = departures_.top();
            departures_.pop();
            if (limiter_waiter* const next = limiter_.release()) {
                waited_ += at - static_cast<customer*>(next)->arrived;
                serve(at);
            }
        }
    }

    Limiter limiter_;
    double load_;
    random_engine engine_;
    std::priority_queue<double, std::vector<double>, std::greater<>> departures_;
    double waited_ = 0;
    int blocked_ = 0;
};

struct published {
    const char* name;
    std::uint32_t queue_max;
    double load;
    double blocked;
    double mean_wait;
};

struct LimiterQueueingTest : ::testing::TestWithParam<published> {};

TEST_P(LimiterQueueingTest, BlocksAndDelaysAsPublished) {
    constexpr int replications = 25;
    constexpr std::uint32_t servers = 10;
    struct estimate {
        double sum = 0;
        double squares = 0;
        void add(double x) { sum += x, squares += x * x; }
        double mean() const { return sum / replications; }
        double tolerance() const {  // published figures have four digits
            return 0.00005 +
                   4 * std::sqrt(std::max(0.0, squares / replications - mean() * mean()) / (replications - 1));
        }
    };
    estimate blocked;
    estimate wait;
    for (std::uint64_t seed = 1; seed <= replications; ++seed) {
        const auto result = queueing_system(servers, GetParam().queue_max, GetParam().load, seed).run(50'000);
        blocked.add(result.blocked);
        wait.add(result.mean_wait);
        ASSERT_EQ(result.end.in_use, 0U);
        ASSERT_EQ(result.end.waiting, 0U);
        ASSERT_EQ(result.end.in_use_max, servers);
        ASSERT_EQ(result.end.waiting_max, GetParam().queue_max);
    }
    EXPECT_NEAR(blocked.mean(), GetParam().blocked, blocked.tolerance());
    EXPECT_NEAR(wait.mean(), GetParam().mean_wait, wait.tolerance());
    EXPECT_LT(blocked.tolerance(), 0.005);  // or the comparison would say nothing
    EXPECT_LT(wait.tolerance(), 0.01);
}

INSTANTIATE_TEST_SUITE_P(TenPermits, LimiterQueueingTest,
                         ::testing::Values(published{"ErlangB", 0, 8, .1217, 0},
                                           published{"ShortLine", 5, 8, .0300, .0814},
                                           published{"Overload", 5, 12, .2033, .2563}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace redoubt::resilience
