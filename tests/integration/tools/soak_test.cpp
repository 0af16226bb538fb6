// The soak as its users run it: a short one holds, and one whose server lies does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tools/support/child_process.hpp"
#include "tools/support/json.hpp"
#include "tools/support/temp_dir.hpp"

#ifdef REDOUBT_SOAK

namespace redoubt::lab {
namespace {

using testing::HasSubstr;

struct soak_run {
    int code = -1;
    std::string out;
    std::string err;
};

soak_run soak(std::vector<std::string> arguments) {
    const TempDir dir;
    arguments.insert(arguments.begin(), REDOUBT_SOAK);
    ChildProcess child({std::move(arguments), dir.file("out"), dir.file("err")});
    const auto ended = child.wait_for(std::chrono::seconds(120));
    EXPECT_TRUE(ended.has_value()) << "it does not end";
    return {ended ? ended->code : -1, file_text(dir.file("out")), file_text(dir.file("err"))};
}

TEST(EngineSoak, nothing_is_violated) {
    const auto run = soak({"engine", "--minutes", "0.15", "--round-ms", "800", "--margin-ms", "2000", "--json"});
    ASSERT_EQ(run.code, 0) << run.err;
    const auto figures = boost::json::parse(run.out);
    EXPECT_EQ(figures.at("violations").to_number<int>(), 0);
    EXPECT_GE(figures.at("rounds").to_number<int>(), 4) << "every venue once";
    EXPECT_GT(figures.at("answered").to_number<int>(), 1'000);
    EXPECT_GT(figures.at("writes_judged").to_number<int>(), 100);
    EXPECT_GT(figures.at("errors").at("unknown").to_number<int>(), 0) << "connections were cut";
    EXPECT_GT(figures.at("cancelled").to_number<int>(), 0);
}

struct seeded {
    const char* lie;
    const char* found_as;
};
class LyingServer : public testing::TestWithParam<seeded> {};

INSTANTIATE_TEST_SUITE_P(lies, LyingServer,
                         testing::Values(seeded{"wrong-reply", "a reply in the wrong hands"},
                                         seeded{"runs-twice", "executed twice"},
                                         seeded{"runs-not", "succeeded although nothing was executed"}),
                         [](const auto& one) {
                             std::string name = one.param.lie;
                             name[name.find('-')] = '_';
                             return name;
                         });

TEST_P(LyingServer, is_found_out_and_the_seed_named) {
    const auto run = soak({"engine", "--minutes", "0.02", "--round-ms", "1000", "--margin-ms", "2000", "--venue",
                           "echo-unix", "--weather", "calm", "--seed", "7", "--lie", GetParam().lie});
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.err, HasSubstr(GetParam().found_as));
    EXPECT_THAT(run.err, HasSubstr("seed 7"));
}

TEST(EngineSoak, wrong_usage_is_2) {
    EXPECT_EQ(soak({}).code, 2);
    EXPECT_EQ(soak({"engine", "--minutes", "0"}).code, 2);
    EXPECT_EQ(soak({"engine", "--venue", "nowhere"}).code, 2);
}

}  // namespace
}  // namespace redoubt::lab

#endif
