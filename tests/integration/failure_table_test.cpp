// The table of failures, end to end: for each answer of a server its meaning, how often the command is sent, what the
// circuit breaker makes of it, and whether the connection is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <redoubt/client.hpp>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;

enum class counts { failure, nothing, success };
enum class link { kept, replaced };
constexpr int until_ready = 0;  // sent again and again

struct row {
    const char* words;
    errc code;
    fate means;
    int sent;
    counts breaker;
    link connection = link::kept;
    friend void PrintTo(const row& r, std::ostream* out) { *out << r.words; }
};

std::string first_word(const testing::TestParamInfo<row>& t) {
    std::string name = t.param.words;
    name = name.substr(0, name.find(' '));
    if (name == "ERR") name += std::to_string(t.index);
    return name;
}

/// Answers INCR and EVAL with the words, DECR with a failure for sure, anything else well.
class AnswerBase : public testing::TestWithParam<row> {
protected:
    AnswerBase() { server_.then(speak(1)).otherwise(speak(2)); }

    Conversation speak(int connection) {
        return Conversation().answer([this, connection](const words& w) -> std::string {
            const std::lock_guard<std::mutex> hold(mutex_);
            seen_.emplace_back(connection, w[0]);
            if (w[0] == "INCR" && refused_ != never && refused_++ == 3) return ":1\r\n";
            if (w[0] == "INCR" || w[0] == "EVAL") return std::string("-") + GetParam().words + "\r\n";
            if (w[0] == "DECR") return "-BUSY Redis is busy running a script.\r\n";
            return w[0] == "GET" ? "$1\r\nv\r\n" : "+OK\r\n";
        });
    }
    /// How often it has arrived; on connection 0: on any.
    std::ptrdiff_t seen(const std::string& name, int connection = 0) {
        const std::lock_guard<std::mutex> hold(mutex_);
        return std::count_if(seen_.begin(), seen_.end(), [&](const auto& s) {
            return s.second == name && (connection == 0 || s.first == connection);
        });
    }
    options base() const {
        auto o = in_this_run(options::from_url(server_.unix_url()).value());
        o.user = "ann";  // so NOAUTH can be answered by logging in
        o.breaker.reset();
        o.deadline = 20s;
        o.attempt_timeout = 10s;
        return o;
    }
    options once() const {
        auto o = base();
        o.retry.reset();
        return o;
    }
    /// Without repetitions, with a breaker that opens by this share of so many calls.
    Client judging(std::uint32_t calls_min, std::uint32_t failure_percent) const {
        auto o = once();
        o.breaker = breaker_options{.calls_min = calls_min, .failure_percent = failure_percent};
        return connected(o);
    }
    /// What one call with this command counts, by what it leads to.
    template <class Call> counts judge(Call call) const {
        {
            const auto client = judging(1, 100);
            call(client);
            if (client.stats().breaker.opened != 0) return counts::failure;
        }
        const auto client = judging(2, 50);
        call(client);
        (void)client.decr("n");  // one failure of two calls, if the other one counts
        return client.stats().breaker.opened != 0 ? counts::success : counts::nothing;
    }

    static constexpr int never = -1;
    std::mutex mutex_;
    std::vector<std::pair<int, std::string>> seen_;
    std::atomic<int> refused_{never};  // so often, as far as that is counted: after three times all is well
    FakeServer server_;
};

class Answer : public AnswerBase {};

using enum errc;
using enum fate;

INSTANTIATE_TEST_SUITE_P(
    Rows, Answer,
    testing::Values(
        row{"LOADING Redis is loading the dataset in memory", loading, not_applied, until_ready, counts::failure},
        row{"MASTERDOWN Link with MASTER is down", master_down, not_applied, until_ready, counts::failure},
        row{"CLUSTERDOWN The cluster is down", cluster_down, not_applied, until_ready, counts::nothing},
        row{"TRYAGAIN Multiple keys request", try_again, not_applied, until_ready, counts::nothing},
        row{"READONLY You can't write", read_only, not_applied, 3, counts::nothing, link::replaced},
        row{"NOAUTH Authentication required.", no_auth, not_applied, 2, counts::nothing, link::replaced},
        row{"BUSY Redis is busy", busy, not_applied, 2, counts::failure},
        row{"NOREPLICAS Not enough good replicas", no_replicas, not_applied, 2, counts::nothing},
        row{"OOM command not allowed", out_of_memory, not_applied, 1, counts::nothing},
        row{"MISCONF Redis is configured to save", misconf, not_applied, 1, counts::nothing},
        row{"WRONGPASS invalid", wrong_pass, not_applied, 1, counts::nothing},
        row{"NOPERM no permissions", no_perm, not_applied, 1, counts::nothing},
        row{"NOSCRIPT No matching script", no_script, not_applied, 1, counts::nothing},
        row{"UNBLOCKED client unblocked", unblocked, not_applied, 1, counts::nothing},
        row{"DENIED Redis is running in protected mode", denied, not_applied, 1, counts::nothing, link::replaced},
        row{"IOERR error", io_error, not_applied, 1, counts::nothing},
        row{"EXECABORT Transaction discarded", exec_abort, not_applied, 1, counts::nothing},
        row{"MOVED 1 127.0.0.1:1", moved, not_applied, 1, counts::nothing},
        row{"ASK 1 127.0.0.1:1", ask, not_applied, 1, counts::nothing},
        row{"ERR max number of clients reached", max_clients, not_applied, 3, counts::nothing},
        row{"WRONGTYPE Operation against a key", wrong_type, answered, 1, counts::success},
        row{"ERR syntax error", server_error, answered, 1, counts::success},
        row{"BUSYGROUP exists", server_error, answered, 1, counts::success},
        row{"BUSYKEY exists", server_error, answered, 1, counts::success},
        row{"NEWCODE of a later version", server_error, answered, 1, counts::success}),
    first_word);

TEST_P(Answer, means_what_the_table_says) {
    const auto client = connected(once());
    const auto r = client.incr("n");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), GetParam().code) << r.error().message();
    EXPECT_EQ(r.error().fate(), GetParam().means);
    EXPECT_FALSE(r.error().partial());
    EXPECT_FALSE(r.error().text().empty());
}

TEST_P(Answer, is_sent_as_often_as_the_table_says) {
    const auto client = connected(base());
    const bool waits = GetParam().sent == until_ready;
    if (waits) refused_ = 0;
    const auto r = client.incr("n");
    EXPECT_EQ(seen("INCR"), waits ? 4 : GetParam().sent);
    if (waits) {
        EXPECT_TRUE(r) << r.error().message();
        EXPECT_EQ(client.stats().retry.retries, 0U) << "waiting is no repetition";
    } else {
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().attempts(), static_cast<unsigned>(GetParam().sent));
    }
}

TEST_P(Answer, keeps_or_replaces_the_connection) {
    const auto client = connected(once());
    (void)client.incr("n");
    if (GetParam().connection == link::replaced) {
        ASSERT_TRUE(server_.await_played(1)) << "the old one is closed";
        EXPECT_EQ(client.get("k").value(), "v");
        EXPECT_EQ(seen("GET", 1), 0);
        EXPECT_EQ(client.stats().pool.connections_lost, 0U);
    }
    EXPECT_EQ(client.get("k").value(), "v");
    EXPECT_EQ(server_.accepted(), GetParam().connection == link::replaced ? 2U : 1U);
    EXPECT_EQ(client.stats().pool.connections, 1U);
}

TEST_P(Answer, counts_for_the_breaker_as_the_table_says) {
    EXPECT_EQ(judge([](const Client& c) { (void)c.incr("n"); }), GetParam().breaker);
}

// -- the same words from a script, which can say anything --

class ScriptAnswer : public AnswerBase {};

INSTANTIATE_TEST_SUITE_P(Rows, ScriptAnswer,
                         testing::Values(row{"LOADING x", loading, unknown, 1, counts::nothing},
                                         row{"MASTERDOWN x", master_down, unknown, 1, counts::nothing},
                                         row{"BUSY x", busy, unknown, 1, counts::nothing},
                                         row{"READONLY x", read_only, unknown, 1, counts::nothing},
                                         row{"NOAUTH x", no_auth, unknown, 1, counts::nothing},
                                         row{"OOM x", out_of_memory, unknown, 1, counts::nothing},
                                         row{"NOREPLICAS x", no_replicas, unknown, 1, counts::nothing},
                                         row{"TRYAGAIN x", try_again, unknown, 1, counts::nothing},
                                         row{"CLUSTERDOWN x", cluster_down, unknown, 1, counts::nothing},
                                         row{"NOPERM x", no_perm, unknown, 1, counts::nothing},
                                         row{"WRONGTYPE x", wrong_type, answered, 1, counts::success},
                                         row{"ERR x", server_error, answered, 1, counts::success}),
                         first_word);

TEST_P(ScriptAnswer, is_sent_once_may_have_run_and_moves_nothing) {
    const auto script = command("EVAL", "return redis.error_reply(ARGV[1])", 0);
    {
        const auto client = connected(base());
        const auto r = client.run(script);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error(), GetParam().code);
        EXPECT_EQ(r.error().fate(), GetParam().means);
        EXPECT_TRUE(r.error().partial());
        EXPECT_FALSE(r.error().safe_to_retry());
        EXPECT_EQ(seen("EVAL"), 1);
        EXPECT_EQ(client.get("k").value(), "v");
        EXPECT_EQ(server_.accepted(), 1U);
        EXPECT_EQ(client.stats().health.state, health_state::healthy);
    }
    EXPECT_EQ(judge([&](const Client& c) { (void)c.run(script); }), GetParam().breaker);
}

// -- a value --

TEST(NilAnswer, is_a_value_and_a_success) {
    FakeServer server;
    server.otherwise(Conversation().answer([](const words& w) -> std::string {
        return w[0] == "GET" ? "$-1\r\n" : w[0] == "DECR" ? "-BUSY x\r\n" : "+OK\r\n";
    }));
    auto o = options::from_url(server.unix_url()).value();
    o.retry.reset();
    o.breaker = breaker_options{.calls_min = 2, .failure_percent = 50};
    const auto client = connected(o);
    EXPECT_EQ(client.get("k").value(), std::nullopt);
    (void)client.decr("n");
    EXPECT_EQ(client.stats().breaker.opened, 1U) << "one of two";
}

}  // namespace
}  // namespace redoubt::test
