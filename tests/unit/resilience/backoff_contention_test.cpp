// Backoff under contention: the published figures of the AWS backoff simulator, by a simulation of its model.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "resilience/backoff.hpp"

namespace redoubt::resilience {
namespace {

constexpr double ns_per_ms = 1e6;

// N clients read a version and write with it. The first write on a version wins and ends its client; whoever writes on
// an outdated version learns so, waits, and reads again. Every message takes N(10, 2) ms.
class contention {
public:
    contention(std::size_t clients, std::optional<backoff_kind> kind, std::uint64_t seed)
        : engine_(seed), clients_(clients) {
        if (kind) {
            policy_ = backoff_policy{
                .kind = *kind, .base = std::chrono::milliseconds(5), .cap = std::chrono::milliseconds(2000)};
        }
    }

    // Writes until every client has won.
    int run() {
        for (std::size_t i = 0; i < clients_.size(); ++i) events_.push({message_ms(), i, step::read, 0});
        int writes = 0;
        for (int version = 0; !events_.empty();) {
            const event e = events_.top();
            events_.pop();
            if (e.what == step::read) {
                events_.push({e.at_ms + message_ms() + message_ms(), e.client, step::write, version});
                continue;
            }
            ++writes;
            if (e.version == version) {
                ++version;
            } else {
                const double answered_ms = e.at_ms + message_ms();
                events_.push({answered_ms + wait_ms(e.client) + message_ms(), e.client, step::read, 0});
            }
        }
        return writes;
    }

private:
    enum class step { read, write };
    struct event {
        double at_ms;
        std::size_t client;
        step what;
        int version;
        bool operator<(const event& other) const { return at_ms > other.at_ms; }  // the earliest on top
    };
    struct client {
        std::uint32_t conflicts = 0;
        std::chrono::nanoseconds previous{};
    };

    double wait_ms(std::size_t number) {
        if (!policy_) return 0;
        client& c = clients_[number];
        // The simulator's first wait is already the doubled base.
        c.previous = backoff_delay(*policy_, ++c.conflicts, c.previous, engine_);
        return static_cast<double>(c.previous.count()) / ns_per_ms;
    }

    double message_ms() {  // Box-Muller, so that the sequence is the same everywhere
        if (spare_) return std::abs(10 + 2 * *std::exchange(spare_, std::nullopt));
        const double radius = std::sqrt(-2 * std::log(1 - engine_.unit()));
        const double angle = 2 * std::numbers::pi * engine_.unit();
        spare_ = radius * std::sin(angle);
        return std::abs(10 + 2 * radius * std::cos(angle));
    }

    random_engine engine_;
    std::optional<backoff_policy> policy_;
    std::optional<double> spare_;
    std::vector<client> clients_;
    std::priority_queue<event> events_;
};

struct published {
    const char* name;
    std::optional<backoff_kind> kind;  // none: repeat at once
    double calls_100;
    double sd_100;  // of one trial
    double calls_10;
};

struct BackoffContentionTest : ::testing::TestWithParam<published> {};

TEST_P(BackoffContentionTest, NeedsThePublishedNumberOfCalls) {
    constexpr int trials = 100;
    const auto measure = [&](std::size_t clients) {
        double sum = 0;
        double squares = 0;
        for (std::uint64_t trial = 0; trial < trials; ++trial) {
            const double writes = contention(clients, GetParam().kind, 1000 * clients + trial).run();
            sum += writes;
            squares += writes * writes;
        }
        const double mean = sum / trials;
        return std::pair{mean, std::sqrt(squares / trials - mean * mean)};
    };
    const auto [mean_100, sd_100] = measure(100);
    EXPECT_NEAR(mean_100, GetParam().calls_100, 4 * GetParam().sd_100 / std::sqrt(trials));
    const auto [mean_10, sd_10] = measure(10);
    EXPECT_NEAR(mean_10, GetParam().calls_10, 0.5 + 4 * sd_10 / std::sqrt(trials));  // published as whole numbers
    RecordProperty("calls_100", std::to_string(mean_100) + " sd " + std::to_string(sd_100));
    RecordProperty("calls_10", std::to_string(mean_10) + " sd " + std::to_string(sd_10));
}

INSTANTIATE_TEST_SUITE_P(Aws, BackoffContentionTest,
                         ::testing::Values(published{"at_once", std::nullopt, 2424, 35, 50},
                                           published{"exponential", backoff_kind::none, 1851, 58, 51},
                                           published{"decorrelated", backoff_kind::decorrelated, 999, 29, 38},
                                           published{"equal", backoff_kind::equal, 813, 8, 42},
                                           published{"full", backoff_kind::full, 795, 7, 39}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace redoubt::resilience
