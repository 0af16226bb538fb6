// Every send and every receive of a conversation failed in turn: each operation ends once, with its own reply or with
// the fate that the peer confirms.
#include <algorithm>
#include <cerrno>
#include <set>

#include "core/connection/connection.hpp"
#include "tests/unit/core/connection/connection_harness.hpp"

namespace redoubt::core {
namespace {

using plan = test::FaultySocket::plan;

enum class side { send, receive };
enum class submitter { caller, io_thread };

struct conversation {
    side where;
    submitter who;
    std::size_t bytes_max;  // of every send and every receive; 0: no limit
};

class ConnectionFaults : public ConnectionTest {
protected:
    /// Fails call number `at` of a conversation. False: the conversation had fewer calls.
    bool hold(const conversation& c, std::size_t at, int fault) {
        begin(c, at, fault);
        for (int i = 0; i < 3; ++i) submit_as(c.who, i);
        converse();
        if (connection_.up()) {
            for (int i = 3; i < 6; ++i) submit_as(c.who, i);
            converse();
        }
        const bool reached = (c.where == side::send ? socket_.sends : socket_.receives).empty();
        const bool transient = fault == EAGAIN || fault == EINTR;
        EXPECT_EQ(connection_.up(), transient || !reached);
        if (reached && !transient) judge_failure(c.where, fault);
        connection_.fail(errc::closed);
        converse();
        judge_all(transient || !reached);
        return reached;
    }

    void fail_each(const conversation& c) {
        for (const int fault : {EAGAIN, EINTR, ECONNRESET, EPIPE}) {
            std::size_t at = 0;
            for (; hold(c, at, fault); ++at) {
                if (HasFailure()) FAIL() << "errno " << fault << " at call " << at;
            }
            EXPECT_GT(at, c.bytes_max == 1 ? 50U : 1U) << "the conversation is too short to prove anything";
        }
    }

private:
    void begin(const conversation& c, std::size_t at, int fault) {
        if (adoptions_ != 0) socket_.reconnect();
        received_.clear();
        ops_.clear();
        socket_.every_send = socket_.every_receive = {.bytes_max = c.bytes_max};
        socket_.sends.clear();
        socket_.receives.clear();
        auto& planned = c.where == side::send ? socket_.sends : socket_.receives;
        planned.assign(at, socket_.every_send);
        planned.push_back({.error = fault});
        adopt();
    }

    void submit_as(submitter who, int i) {
        static const std::vector<std::string> texts{"a", "command-2", "3", "the-fourth-command", "fifth", "6"};
        const auto& text = texts[static_cast<std::size_t>(i)];
        auto& op = make(text);
        if (who == submitter::caller) return connection_.start(op);
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch dispatch(reactor_);
        connection_.start(op);
    }

    void converse() {
        do run();
        while (!answer().empty());
        run();
    }

    void judge_failure(side where, int fault) {
        ASSERT_EQ(downs_.size(), adoptions_);
        EXPECT_EQ(downs_.back().kind(), where == side::send ? errc::write_failed : errc::connection_lost);
        EXPECT_EQ(downs_.back().cause(), std::error_code(fault, std::system_category()));
        EXPECT_EQ(downs_.back().node(), "redis://test");
    }

    void judge_all(bool all_succeed) {
        EXPECT_EQ(downs_.size(), adoptions_) << "told once";
        EXPECT_THAT(socket_.closed, ::testing::ElementsAre(socket_.descriptor())) << "closed once";
        const std::set<std::string> ran(received_.begin(), received_.end());
        EXPECT_EQ(ran.size(), received_.size()) << "nothing is sent twice";
        for (const auto& op : ops_) {
            const auto text = std::string(op->command->argument(1));
            ASSERT_EQ(op->outcomes, 1) << text;
            if (!op->failed()) {
                EXPECT_EQ(op->outcome(), ok(text));
                continue;
            }
            EXPECT_FALSE(all_succeed) << op->outcome();
            const bool whole = ran.contains("ECHO " + text);
            const auto code = downs_.back().kind();
            EXPECT_EQ(op->outcome(),
                      failed(code, whole ? fate::unknown : fate::not_applied, whole ? phase::sent : phase::queue))
                << text;
        }
    }
};

TEST_F(ConnectionFaults, SendsOfCallers) { fail_each({side::send, submitter::caller, 0}); }
TEST_F(ConnectionFaults, SendsOfOneByteOfCallers) { fail_each({side::send, submitter::caller, 1}); }
TEST_F(ConnectionFaults, SendsOfSevenBytesOfCallers) { fail_each({side::send, submitter::caller, 7}); }
TEST_F(ConnectionFaults, SendsOfTheIoThread) { fail_each({side::send, submitter::io_thread, 0}); }
TEST_F(ConnectionFaults, SendsOfOneByteOfTheIoThread) { fail_each({side::send, submitter::io_thread, 1}); }
TEST_F(ConnectionFaults, Receives) { fail_each({side::receive, submitter::caller, 0}); }
TEST_F(ConnectionFaults, ReceivesOfOneByte) { fail_each({side::receive, submitter::caller, 1}); }
TEST_F(ConnectionFaults, ReceivesOfSevenBytes) { fail_each({side::receive, submitter::io_thread, 7}); }

TEST_F(ConnectionFaults, ASendThatNeverTakesAByteEndsWithTheConnection) {
    adopt();
    socket_.every_send = {.error = EAGAIN};
    auto& a = submit("a");
    auto& b = submit("b");
    connection_.fail(connection_.node_error(errc::closed, fate::unknown, phase::none));
    run();
    EXPECT_EQ(a.outcome(), failed(errc::closed, fate::not_applied, phase::queue));
    EXPECT_EQ(b.outcome(), failed(errc::closed, fate::not_applied, phase::queue));
    expect_down(errc::closed);
}

TEST_F(ConnectionFaults, TheLastByteOfACommandDecides) {
    for (const bool whole : {false, true}) {
        if (adoptions_ != 0) socket_.reconnect();
        adopt();
        auto& op = make("payload");
        const auto size = op.command->bytes().size();
        socket_.sends = {{.bytes_max = whole ? size : size - 1}, {.error = ECONNRESET}};
        connection_.start(op);
        if (whole) socket_.hang_up();
        run();
        EXPECT_EQ(op.failure().fate(), whole ? fate::unknown : fate::not_applied) << op.outcome();
    }
}

}  // namespace
}  // namespace redoubt::core
