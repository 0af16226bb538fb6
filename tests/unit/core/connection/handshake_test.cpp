// The greeting, with every step failed in turn.
#include "core/connection/handshake.hpp"

#include <gmock/gmock.h>

#include <redoubt/command.hpp>
#include <vector>

namespace redoubt::core {
namespace {

using action = Handshake::action;
using ::testing::HasSubstr;

std::string request(const command_base& c) { return std::string(c.bytes()); }

struct plan {
    Handshake::settings settings;
    std::vector<std::string> steps;     // names, as errors tell them
    std::vector<std::string> requests;  // bytes, step by step
};

std::vector<plan> plans() {
    std::vector<plan> all;
    for (const bool user : {false, true}) {
        for (const bool password : {false, true}) {
            for (const bool database : {false, true}) {
                plan p;
                p.settings.client_name = "redoubt:test";
                if (user) p.settings.user = "alice";
                if (password) p.settings.password = "secret";
                if (database) p.settings.database = 7;
                if (user) {
                    p.requests.push_back(request(command("AUTH", "alice", p.settings.password)));
                } else if (password) {
                    p.requests.push_back(request(command("AUTH", "secret")));
                }
                if (user || password) p.steps.emplace_back("AUTH");
                if (database) p.requests.push_back(request(command("SELECT", 7)));
                if (database) p.steps.emplace_back("SELECT");
                p.requests.push_back(request(command("CLIENT SETNAME", "redoubt:test")));
                p.steps.emplace_back("CLIENT SETNAME");
                all.push_back(p);
            }
        }
    }
    return all;
}

/// Goes through the first steps with success; the step after them is under way.
void reach(Handshake& h, const plan& p, std::size_t step) {
    ASSERT_EQ(h.begin(), action::send);
    for (std::size_t i = 0; i < step; ++i) ASSERT_EQ(h.on_reply(reply::status("OK")), action::send);
    ASSERT_EQ(h.request(), p.requests[step]);
}

template <class Check> void at_every_step(Check check) {
    for (const auto& p : plans()) {
        for (std::size_t step = 0; step < p.steps.size(); ++step) {
            SCOPED_TRACE(p.settings.user + '/' + p.settings.password + '/' + std::to_string(p.settings.database) +
                         " at " + p.steps[step]);
            Handshake h(p.settings);
            reach(h, p, step);
            if (::testing::Test::HasFatalFailure()) return;
            check(h, p.steps[step]);
        }
    }
}

TEST(Handshake, SendsOneStepAfterTheOther) {
    for (const auto& p : plans()) {
        Handshake h(p.settings);
        reach(h, p, p.steps.size() - 1);
        EXPECT_EQ(h.on_reply(reply::status("OK")), action::done);
        EXPECT_EQ(h.name_refused(), "");
    }
}

TEST(Handshake, AnyOtherTypeOfAnswerIsAProtocolError) {
    for (const auto& wrong :
         {reply::nil(), reply::integer(1), reply::string("OK"), reply::array({reply::status("OK")})}) {
        at_every_step([&](Handshake& h, const std::string& step) {
            EXPECT_EQ(h.on_reply(wrong), action::failed);
            EXPECT_EQ(h.failure_code(), errc::protocol_error);
            EXPECT_THAT(h.failure_details().text, HasSubstr("answer to " + step + ": " + wrong.describe()));
        });
    }
}

TEST(Handshake, TheEndOfTheConnectionNamesTheStepAndTheCause) {
    at_every_step([](Handshake& h, const std::string& step) {
        const auto cause = std::make_error_code(std::errc::connection_reset);
        EXPECT_EQ(h.on_end(nullptr, cause), action::failed);
        EXPECT_EQ(h.failure_code(), errc::connection_lost);
        EXPECT_EQ(h.failure_details().cause, cause);
        EXPECT_THAT(h.failure_details().text, HasSubstr(step));
    });
}

struct refusal {
    const char* text;
    errc code;
};

// What a server says on its own account, whatever it was asked.
constexpr refusal refused_everywhere[] = {
    {"ERR max number of clients reached", errc::max_clients},
    {"ERR max number of clients + cluster connections reached", errc::max_clients},
    {"NOAUTH Authentication required.", errc::no_auth},
    {"LOADING Redis is loading the dataset in memory", errc::loading},
    {"DENIED Redis is running in protected mode", errc::denied},
};

TEST(Handshake, ARefusalOfTheServerFailsEveryStep) {
    for (const auto& r : refused_everywhere) {
        at_every_step([&](Handshake& h, const std::string& step) {
            EXPECT_EQ(h.on_reply(reply::error(r.text)), action::failed);
            EXPECT_EQ(h.failure_code(), r.code) << r.text;
            EXPECT_THAT(h.failure_details().text, HasSubstr(step + ": " + r.text));
        });
    }
}

TEST(Handshake, LastWordsTellWhyItEnded) {
    for (const auto& r : refused_everywhere) {
        at_every_step([&](Handshake& h, const std::string&) {
            const auto words = reply::error(r.text);
            const auto cause = std::make_error_code(std::errc::broken_pipe);
            EXPECT_EQ(h.on_end(&words, cause), action::failed);
            EXPECT_EQ(h.failure_code(), r.code) << r.text;
            EXPECT_EQ(h.failure_details().cause, cause);
        });
    }
}

// Whatever was said last: a connection that has ended is not ready.
TEST(Handshake, NothingGoesOnAfterTheEnd) {
    for (const auto& words : {reply::error("ERR unknown command"), reply::error("NOPERM this user"),
                              reply::status("OK"), reply::integer(1), reply::nil()}) {
        at_every_step([&](Handshake& h, const std::string&) {
            EXPECT_EQ(h.on_end(&words, std::make_error_code(std::errc::broken_pipe)), action::failed)
                << words.describe();
        });
    }
}

TEST(Handshake, RefusedCredentialsAndDatabases) {
    constexpr refusal list[] = {
        {"WRONGPASS invalid username-password pair or user is disabled.", errc::wrong_pass},
        {"ERR Client sent AUTH, but no password is set", errc::handshake_failed},
        {"NOPERM this user has no permissions to run the 'select' command", errc::handshake_failed},
        {"ERR DB index is out of range", errc::handshake_failed},
    };
    for (const auto& r : list) {
        at_every_step([&](Handshake& h, const std::string& step) {
            if (step == "CLIENT SETNAME") return;
            EXPECT_EQ(h.on_reply(reply::error(r.text)), action::failed);
            EXPECT_EQ(h.failure_code(), r.code);
            EXPECT_THAT(h.failure_details().text, HasSubstr(step + ": " + r.text));
        });
    }
}

TEST(Handshake, ARefusedNameIsHarmless) {
    for (const auto* text :
         {"NOPERM this user has no permissions to run the 'client|setname' command", "ERR unknown command 'CLIENT'"}) {
        at_every_step([&](Handshake& h, const std::string& step) {
            if (step != "CLIENT SETNAME") return;
            EXPECT_EQ(h.on_reply(reply::error(text)), action::done);
            EXPECT_EQ(h.name_refused(), text);
        });
    }
}

}  // namespace
}  // namespace redoubt::core
