// The programs in examples/ do what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "tests/support/redis_fixture.hpp"
#include "tools/support/child_process.hpp"
#include "tools/support/temp_dir.hpp"

#ifdef REDOUBT_COMMAND

namespace redoubt::test {
namespace {

namespace fs = std::filesystem;

/// Where the build puts the examples: beside the folder of the command.
fs::path examples_dir() {
    for (auto dir = fs::path(REDOUBT_COMMAND).parent_path(); dir.has_relative_path(); dir = dir.parent_path())
        if (fs::exists(dir / "examples")) return dir / "examples";
    return {};
}

class Examples : public RedisFixture {
protected:
    static std::string output_of(const std::string& name) {
        const auto program = examples_dir() / name;
        if (!fs::exists(program)) return "not built";
        const lab::TempDir dir;
        ::setenv("REDOUBT_URL", server().url().c_str(), 1);
        lab::ChildProcess child({{program.string()}, dir.file("out"), ""});
        const auto ended = child.wait_for(std::chrono::seconds(30));
        ::unsetenv("REDOUBT_URL");
        EXPECT_TRUE(ended && ended->ok()) << (ended ? ended->text() : "it does not end");
        return lab::file_text(dir.file("out"));
    }
};

TEST_F(Examples, first) {
    const auto out = output_of("first");
    if (out == "not built") GTEST_SKIP() << out;
    EXPECT_EQ(out, "hello\n");
    EXPECT_EQ(watcher().text({"GET", "greeting"}), "hello");
}

TEST_F(Examples, coroutine) {
    const auto out = output_of("coroutine");
    if (out == "not built") GTEST_SKIP() << out;
    EXPECT_EQ(out, "counter: 1000\n");
}

TEST_F(Examples, subscriber) {
    const auto out = output_of("subscriber");
    if (out == "not built") GTEST_SKIP() << out;
    EXPECT_EQ(out, "subscribed: news\nnews: one\nnews: two\nnews: three\nclosed: the client is closed\n");
}

TEST_F(Examples, each_has_a_test_here) {
    const std::set<std::string> tested{"first", "coroutine", "subscriber"};
    for (const auto& source : fs::directory_iterator(fs::path(REDOUBT_SOURCE_DIR) / "examples")) {
        if (source.path().extension() == ".cpp") {
            EXPECT_EQ(tested.count(source.path().stem()), 1U) << source.path();
        }
    }
}

}  // namespace
}  // namespace redoubt::test

#endif
