// Violations that really happened on a server are found there and judged.
#include "tools/support/server_findings.hpp"

#include <gtest/gtest.h>

#include "tools/support/redis_process.hpp"

namespace redoubt::lab {
namespace {

constexpr unsigned callers = 2;

class ServerFindings : public testing::Test {
protected:
    judgement judged(const std::vector<noted_write>& writes) {
        return judge(writes, find_on_server(redis_, writes, callers));
    }
    void run(const noted_write& w) {
        const auto tag = tag_of(w.caller, w.number);
        switch (w.kind) {
            case write_kind::set: redis_.text({"SET", value_key(w.caller, w.number), tag}); break;
            case write_kind::push: redis_.integer({"RPUSH", list_key(w.caller), tag}); break;
            case write_kind::incr: redis_.integer({"INCR", counter_key(w.caller)}); break;
        }
    }

    RedisProcess server_;
    RawRedis redis_{{.path = server_.unix_path()}};
    const noted_write set_{.caller = 0, .number = 1, .kind = write_kind::set};
    const noted_write push_{.caller = 1, .number = 2, .kind = write_kind::push};
    const noted_write incr_{.caller = 1, .number = 3, .kind = write_kind::incr};
    const std::vector<noted_write> acknowledged_{set_, push_, incr_};
};

TEST_F(ServerFindings, what_ran_once_is_fine) {
    for (const auto& w : acknowledged_) run(w);
    EXPECT_EQ(judged(acknowledged_), judgement{});
}

TEST_F(ServerFindings, what_is_not_there_is_missing) {
    EXPECT_EQ(judged(acknowledged_), (judgement{.acknowledged_missing = 3}));
}

TEST_F(ServerFindings, what_ran_twice_is_found) {
    for (int i = 0; i < 2; ++i)
        for (const auto& w : acknowledged_) run(w);
    EXPECT_EQ(judged(acknowledged_), (judgement{.executed_twice = 2})) << "a SET twice leaves no trace";
}

TEST_F(ServerFindings, what_ran_though_it_was_denied_is_found) {
    auto denied = acknowledged_;
    for (auto& w : denied) w.how = ending::not_applied;
    for (const auto& w : acknowledged_) run(w);
    EXPECT_EQ(judged(denied), (judgement{.executed_twice = 1, .fates_wrong = 2})) << "a counter says how many only";
}

}  // namespace
}  // namespace redoubt::lab
