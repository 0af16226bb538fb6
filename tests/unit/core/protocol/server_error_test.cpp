// The meaning of every error code, of plain commands and of scripts.
#include "core/protocol/server_error.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace redoubt::core {

void PrintTo(const server_error_meaning& m, std::ostream* out) {
    *out << make_error_code(m.code).message() << '/' << to_string(m.fate) << (m.partial ? "/partial" : "");
}
static bool operator==(const server_error_meaning& a, const server_error_meaning& b) {
    return a.code == b.code && a.fate == b.fate && a.partial == b.partial;
}

namespace {

using meaning = server_error_meaning;

meaning plain(std::string_view text) { return read_server_error(text, command_flag::none); }
meaning in_script(std::string_view text) { return read_server_error(text, command_flag::script); }

struct row {
    std::string_view code;
    errc plain;
};

// Refusals of the server for a state of its own: the command has not run.
constexpr row states[] = {
    {"MOVED", errc::moved},
    {"ASK", errc::ask},
    {"TRYAGAIN", errc::try_again},
    {"CLUSTERDOWN", errc::cluster_down},
    {"LOADING", errc::loading},
    {"READONLY", errc::read_only},
    {"MASTERDOWN", errc::master_down},
    {"BUSY", errc::busy},
    {"OOM", errc::out_of_memory},
    {"MISCONF", errc::misconf},
    {"NOREPLICAS", errc::no_replicas},
    {"NOAUTH", errc::no_auth},
    {"WRONGPASS", errc::wrong_pass},
    {"NOPERM", errc::no_perm},
    {"UNBLOCKED", errc::unblocked},
    {"DENIED", errc::denied},
    {"IOERR", errc::io_error},
    {"EXECABORT", errc::exec_abort},
};

TEST(ServerError, AStateOfTheServerProvesThatNothingRan) {
    for (const auto& r : states) {
        const auto text = std::string(r.code) + " some words";
        EXPECT_EQ(plain(text), (meaning{r.plain, fate::not_applied, false})) << text;
        EXPECT_EQ(plain(r.code), (meaning{r.plain, fate::not_applied, false})) << "a code alone";
        EXPECT_EQ(read_server_error(text, command_flag::read_only), plain(text));
    }
}

TEST(ServerError, InsideAScriptItProvesNothing) {
    for (const auto& r : states) {
        const auto text = std::string(r.code) + " some words";
        EXPECT_EQ(in_script(text), (meaning{r.plain, fate::unknown, true})) << text;
        EXPECT_EQ(read_server_error(text, command_flag::script | command_flag::read_only), in_script(text));
    }
}

TEST(ServerError, ARefusedTransactionHasNotRun) {
    constexpr auto exec = command_flag::script | command_flag::connection_state;
    constexpr auto* text = "EXECABORT Transaction discarded because of previous errors.";
    EXPECT_EQ(read_server_error(text, exec), (meaning{errc::exec_abort, fate::not_applied, false}));
    EXPECT_EQ(in_script(text), (meaning{errc::exec_abort, fate::unknown, true})) << "a script can say anything";
    EXPECT_EQ(read_server_error("OOM in an element", exec), (meaning{errc::out_of_memory, fate::unknown, true}));
}

TEST(ServerError, AMissingScriptHasNotRun) {
    const meaning expected{errc::no_script, fate::not_applied, false};
    EXPECT_EQ(in_script("NOSCRIPT No matching script. Please use EVAL."), expected);
    EXPECT_EQ(plain("NOSCRIPT No matching script. Please use EVAL."), expected);
}

TEST(ServerError, TheCommandItselfWasRefused) {
    EXPECT_EQ(plain("WRONGTYPE Operation against a key"), (meaning{errc::wrong_type, fate::answered, false}));
    EXPECT_EQ(in_script("WRONGTYPE Operation against a key"), (meaning{errc::wrong_type, fate::answered, true}));
    EXPECT_EQ(plain("ERR syntax error"), (meaning{errc::server_error, fate::answered, false}));
    EXPECT_EQ(in_script("ERR syntax error"), (meaning{errc::server_error, fate::answered, true}));
}

TEST(ServerError, TheCodeIsTheWholeFirstWord) {
    for (const auto* text :
         {"BUSYGROUP Consumer Group name already exists", "BUSYKEY Target key name already exists.", "MOVEDX 1 a:1",
          "ASKING no", "OOMX", "READONLYX", "NOAUTHX", "readonly lower case", "-READONLY", " READONLY", "ERR READONLY",
          "ERR max number of things", "EXECABORTED", "", "X"}) {
        EXPECT_EQ(plain(text), (meaning{errc::server_error, fate::answered, false})) << text;
        EXPECT_EQ(in_script(text), (meaning{errc::server_error, fate::answered, true})) << text;
    }
}

TEST(ServerError, TooManyClients) {
    for (const auto* text :
         {"ERR max number of clients reached", "ERR max number of clients + cluster connections reached"}) {
        EXPECT_EQ(plain(text), (meaning{errc::max_clients, fate::not_applied, false})) << text;
        EXPECT_EQ(in_script(text), (meaning{errc::server_error, fate::answered, true})) << text;
    }
}

constexpr auto sha = "6b1bf486c81ceb7edf3c093f4c48582e38c0e791";

TEST(ServerError, AWriteOfAScriptOnAReplicaIsStoppedByTheServer) {
    const auto text = std::string("READONLY You can't write against a read only replica. script: ") + sha;
    const meaning expected{errc::read_only, fate::not_applied, false};
    EXPECT_EQ(in_script(text + ", on @user_script:1."), expected);
    EXPECT_EQ(in_script("READONLY You can't write against a read only replica. script: f, on @user_function:23."),
              expected);
}

TEST(ServerError, OnlyTheEndOfTheTextIsTheServersOwn) {
    const auto text = std::string("READONLY words script: ") + sha;
    const meaning expected{errc::read_only, fate::unknown, true};
    for (const auto& forged : {text, text + ", on", text + ", on @user_script:1. and more", text + ", on line 1.",
                               std::string("READONLY on @user_script:1.")}) {
        EXPECT_EQ(in_script(forged), expected) << forged;
    }
    EXPECT_EQ(in_script("OOM command not allowed. script: f, on @user_script:1."),
              (meaning{errc::out_of_memory, fate::unknown, true}))
        << "earlier writes of the script have been done";
}

}  // namespace
}  // namespace redoubt::core
