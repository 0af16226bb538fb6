// A connection on a faulty socket, with a peer that echoes, and a listener that counts.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "core/connection/connection.hpp"
#include "tests/support/faulty_socket.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {

class ConnectionTest : public ::testing::Test, protected Connection::Listener {
protected:
    static constexpr std::size_t output_max = 4096;

    ~ConnectionTest() override {
        connection_.fail(errc::closed);
        run();
        EXPECT_EQ(downs_.size(), adoptions_);
        for (const auto& o : ops_) EXPECT_LE(o->outcomes, 1);
    }

    void adopt() {
        ++adoptions_;
        {
            const ReactorTesting here(reactor_);
            connection_.adopt(socket_.descriptor());
        }
        ASSERT_TRUE(connection_.up());
    }
    /// An operation whose reply names it.
    test::TestOperation& make(std::string text, Operation::origin from = Operation::origin::blocking,
                              bool leads = false) {
        ops_.push_back(std::make_unique<test::TestOperation>(reactor_, command("ECHO", std::move(text)), from, leads));
        return *ops_.back();
    }
    test::TestOperation& submit(std::string text) {
        auto& op = make(std::move(text));
        EXPECT_EQ(connection_.submit(op), Connection::admission::accepted);
        return op;
    }
    /// Handles what is ready as the I/O thread.
    void run() { test::run_ready(reactor_); }
    /// The peer answers every command that arrived; what it received.
    std::vector<std::string> answer() {
        auto arrived = socket_.commands();
        for (const auto& words : arrived) {
            socket_.say(bulk(words.substr(words.find(' ') + 1)));
            received_.push_back(words);
        }
        return arrived;
    }
    static std::string bulk(const std::string& text) {
        return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    static std::string ok(const std::string& text) { return "ok: \"" + text + '"'; }
    static std::string failed(errc code, fate f, phase p) { return test::TestOperation::failed_text(code, f, p); }

    void on_down(Connection& c, const error& why) noexcept override {
        EXPECT_EQ(&c, &connection_);
        EXPECT_TRUE(reactor_.on_thread());
        EXPECT_FALSE(c.up());
        EXPECT_EQ(c.in_flight(), 0U);
        downs_.push_back(why);
    }
    void on_room(Connection&) noexcept override {
        EXPECT_TRUE(reactor_.on_thread());
        ++rooms_;
        if (when_room_) when_room_();
    }
    void expect_down(errc code) {
        ASSERT_EQ(downs_.size(), adoptions_);
        EXPECT_EQ(downs_.back().kind(), code) << downs_.back().message();
        EXPECT_EQ(downs_.back().node(), "redis://test");
        EXPECT_THAT(socket_.closed, ::testing::ElementsAre(socket_.descriptor()));
    }

    Reactor reactor_;
    test::FaultySocket socket_;
    std::vector<std::unique_ptr<test::TestOperation>> ops_;
    std::vector<std::string> received_;
    std::vector<error> downs_;
    int rooms_ = 0;
    std::function<void()> when_room_;
    std::size_t adoptions_ = 0;
    Connection connection_{reactor_, *this, {"redis://test", {}, output_max}, test::FaultySocket::calls()};
};

}  // namespace redoubt::core
