// The command as its users run it: output, JSON and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include <boost/json/parse.hpp>

#include "tools/support/child_process.hpp"
#include "tools/support/json.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/temp_dir.hpp"

#ifdef REDOUBT_COMMAND

namespace redoubt::lab {
namespace {

using testing::HasSubstr;

struct command_run {
    int code = -1;
    std::string out;
    std::string err;
};

command_run redoubt_command(std::vector<std::string> arguments) {
    const TempDir dir;
    arguments.insert(arguments.begin(), REDOUBT_COMMAND);
    ChildProcess child({std::move(arguments), dir.file("out"), dir.file("err")});
    const auto ended = child.wait_for(std::chrono::seconds(60));
    EXPECT_TRUE(ended.has_value()) << "it does not end";
    return {ended ? ended->code : -1, file_text(dir.file("out")), file_text(dir.file("err"))};
}

TEST(Demo, without_protection_most_of_the_storm_fails) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "storm_naive"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << run.out;
    const auto report = boost::json::parse(run.out);
    EXPECT_EQ(report.at("promises_broken").to_number<int>(), 0);
    const auto& figures = report.at("scenes").at("storm_naive");
    EXPECT_EQ(figures.at("operations").to_number<int>(), 7'552);
    EXPECT_GE(figures.at("failed").to_number<int>(), 7'552 - 159);
    EXPECT_LE(figures.at("peak_connections").to_number<int>(), 160);
    EXPECT_GT(figures.at("ms").to_number<double>(), 0);
    EXPECT_THAT(run.err, HasSubstr("operations failed"));
}

TEST(Demo, piped_output_has_no_escapes) {
    const auto run = redoubt_command({"demo", "--scene", "storm_naive"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("7,552"));
    EXPECT_EQ(run.out.find('\033'), std::string::npos);
    EXPECT_EQ(run.out.find('\r'), std::string::npos);
}

TEST(Demo, scenes_that_need_their_own_server_are_skipped_with_a_url) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "storm_naive", "--url", "redis://127.0.0.1:1"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.out, "{\"promises_broken\":0,\"scenes\":{},\"skipped\":[\"storm_naive\"]}\n");
}

void expect_a_storm_without_loss(const command_run& run) {
    // How long it takes depends on what else this machine does: the code may be 1 for a time alone.
    EXPECT_TRUE(run.code == 0 || run.code == 1) << run.code;
    ASSERT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << run.out << run.err;
    const auto report = boost::json::parse(run.out);
    const auto& figures = report.at("scenes").at("storm");
    EXPECT_EQ(figures.at("operations").to_number<int>(), 7'552);
    EXPECT_EQ(figures.at("errors").to_number<int>(), 0) << run.err;
    EXPECT_LE(figures.at("peak_connections").to_number<int>(), 4);
    for (const auto* const time : {"threads_ms", "coroutines_ms", "reference_ms"}) {
        EXPECT_GT(figures.at(time).to_number<double>(), 0) << time;
    }
}

TEST(Demo, with_protection_the_storm_loses_nothing) {
    expect_a_storm_without_loss(redoubt_command({"demo", "--json", "--scene", "storm", "--seed", "7"}));
}

TEST(Demo, the_storm_can_be_played_on_a_server_of_ones_own) {
    const RedisProcess server;
    expect_a_storm_without_loss(redoubt_command({"demo", "--json", "--scene", "storm", "--url", server.unix_url()}));
}

TEST(Demo, a_server_that_is_not_there_is_told_with_code_3) {
    const auto run = redoubt_command({"demo", "--scene", "storm", "--url", "redis://127.0.0.1:1"});
    EXPECT_EQ(run.code, 3);
    EXPECT_THAT(run.err, HasSubstr("127.0.0.1:1"));
}

/// The scenes with a server in trouble. How long a return takes depends on what else this machine does: the code may be
/// 1 for a time alone, what is counted holds always.
const boost::json::value& figures_of(const char* scene, const command_run& run, boost::json::value& report) {
    EXPECT_TRUE(run.code == 0 || run.code == 1) << run.code;
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << run.out << run.err;
    report = boost::json::parse(run.out);
    EXPECT_EQ(report.at("promises_broken").to_number<int>() == 0, run.code == 0) << run.out;
    return report.at("scenes").at(scene);
}

std::int64_t count(const boost::json::value& figures, const char* name) {
    return figures.at(name).to_number<std::int64_t>();
}

void expect_fates(const boost::json::object& errors) {
    for (const auto& [name, number] : errors) {
        EXPECT_TRUE(name == "not_applied" || name == "unknown" || name == "answered") << name;
        EXPECT_GT(number.to_number<int>(), 0);
    }
}

TEST(Demo, an_outage_loses_nothing_and_runs_nothing_twice) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "outage", "--seed", "3"});
    boost::json::value report;
    const auto& figures = figures_of("outage", run, report);
    EXPECT_GT(count(figures, "operations"), 1'000) << run.err;
    EXPECT_EQ(count(figures, "executed_twice"), 0) << run.err;
    EXPECT_EQ(count(figures, "acknowledged_missing"), 0) << run.err;
    EXPECT_EQ(count(figures, "fates_wrong"), 0) << run.err;
    EXPECT_EQ(count(figures, "wrong_replies"), 0) << run.err;
    EXPECT_GT(count(figures, "dials"), 0);
    EXPECT_LE(count(figures, "dials"), 40) << run.err;
    EXPECT_GT(count(figures, "log_lines"), 0);
    EXPECT_LT(count(figures, "log_lines"), 20);
    EXPECT_TRUE(figures.at("first_success_ms").is_number()) << run.err;
    expect_fates(figures.at("errors").as_object());
    EXPECT_TRUE(figures.at("errors").as_object().contains("not_applied")) << "three seconds away, calls of one second";
    EXPECT_THAT(run.err, HasSubstr("connection down"));
    EXPECT_THAT(run.err, HasSubstr("answers/s"));
}

TEST(Demo, a_hung_server_makes_no_call_late) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "hang", "--seed", "3"});
    boost::json::value report;
    const auto& figures = figures_of("hang", run, report);
    EXPECT_GT(count(figures, "operations"), 1'000) << run.err;
    EXPECT_EQ(count(figures, "late"), 0) << run.err;
    EXPECT_LE(figures.at("max_over_deadline_ms").to_number<double>(), 250);
    EXPECT_EQ(count(figures, "wrong_replies"), 0) << run.err;
    EXPECT_TRUE(figures.at("errors").as_object().contains("unknown")) << "what was sent and not answered";
    EXPECT_TRUE(figures.at("first_success_ms").is_number()) << run.err;
}

TEST(Demo, a_full_server_is_named_and_not_stormed) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "full", "--seed", "3"});
    boost::json::value report;
    const auto& figures = figures_of("full", run, report);
    EXPECT_GT(count(figures, "operations"), 1'000) << run.err;
    EXPECT_EQ(count(figures, "unclear_errors"), 0) << run.err;
    EXPECT_GT(count(figures, "dials"), 0);
    EXPECT_LE(count(figures, "dials"), 30) << run.err;
    expect_fates(figures.at("errors").as_object());
    EXPECT_TRUE(figures.at("first_success_ms").is_number()) << run.err;
    EXPECT_THAT(run.err, HasSubstr("max number of clients"));
}

TEST(Demo, subscribers_leave_nothing_behind_and_tell_of_every_loss) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "pubsub", "--seed", "3"});
    boost::json::value report;
    const auto& figures = figures_of("pubsub", run, report);
    EXPECT_EQ(run.code, 0) << "no promise of this scene is one of time\n" << run.err;
    EXPECT_EQ(count(figures, "subscribers"), 100) << run.err;
    EXPECT_EQ(count(figures, "heard"), 100) << run.err;
    EXPECT_EQ(count(figures, "waited_for"), 33);
    EXPECT_EQ(count(figures, "released"), 33) << run.err;
    EXPECT_EQ(count(figures, "left_over"), 0) << run.err;
    EXPECT_EQ(count(figures, "subscriptions_left"), 0) << run.err;
    EXPECT_EQ(count(figures, "kills"), 1);
    EXPECT_EQ(count(figures, "gaps_reported"), 1) << run.err;
    EXPECT_GT(count(figures, "messages"), count(figures, "after_gap"));
    EXPECT_GT(count(figures, "after_gap"), 0);
    EXPECT_EQ(count(figures, "missing_untold"), 0) << run.err;
    EXPECT_EQ(count(figures, "repeated"), 0) << run.err;
    EXPECT_EQ(count(figures, "errors"), 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr("it tells of a gap"));
}

TEST(Demo, the_log_of_the_library_stays_out_of_the_output) {
    const auto run = redoubt_command({"demo", "--scene", "full"});
    EXPECT_THAT(run.out, HasSubstr("log of the client"));
    EXPECT_EQ(run.out.find("redoubt: "), std::string::npos) << run.out;
    EXPECT_EQ(run.out.find('\033'), std::string::npos);
    EXPECT_EQ(run.err, "");
}

TEST(Demo, scenes_with_a_server_in_trouble_never_touch_one_of_the_users) {
    const auto run = redoubt_command({"demo", "--json", "--scene", "outage", "--scene", "hang", "--scene", "full",
                                      "--scene", "pubsub", "--url", "redis://127.0.0.1:1"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.out, "{\"promises_broken\":0,\"scenes\":{},\"skipped\":[\"outage\",\"hang\",\"full\",\"pubsub\"]}\n");
}

TEST(Demo, wrong_usage_is_told_with_code_2) {
    EXPECT_EQ(redoubt_command({}).code, 2);
    EXPECT_EQ(redoubt_command({"demo", "--no-such-option"}).code, 2);
    EXPECT_EQ(redoubt_command({"demo", "--url", "nonsense"}).code, 2);
    const auto run = redoubt_command({"demo", "--scene", "none"});
    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(run.err, HasSubstr("storm_naive"));
}

TEST(Demo, help_and_version) {
    const auto version = redoubt_command({"--version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_TRUE(version.out.starts_with("redoubt 0.")) << version.out;
    const auto help = redoubt_command({"demo", "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("storm_naive"));
}

TEST(Demo, without_a_server_program_it_says_how_to_get_one) {
    const auto path = std::string(std::getenv("PATH"));
    ::setenv("PATH", "/nonexistent", 1);
    const auto run = redoubt_command({"demo", "--scene", "storm_naive"});
    ::setenv("PATH", path.c_str(), 1);
    EXPECT_EQ(run.code, 3);
    EXPECT_THAT(run.err, HasSubstr("apt-get install redis-server"));
}

}  // namespace
}  // namespace redoubt::lab

#endif
