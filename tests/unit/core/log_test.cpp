// Where log lines go: a sink of the application's.
#include "core/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <redoubt/log.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/log_gate.hpp"
#include "tools/support/counting_log.hpp"

namespace redoubt::core {
namespace {

using testing::ElementsAre;

// Each test has a kind of its own: the gate is the process's.
class LogTest : public testing::Test {
protected:
    LogTest() {
        prepare_log();
        static int made = 0;
        kind_ = "test " + std::to_string(++made);
    }
    ~LogTest() override { set_log_sink({}); }
    void collect() {
        set_log_sink([this](log_level level, std::string_view line) {
            lines_.push_back(std::to_string(static_cast<int>(level)) + ' ' + std::string(line));
        });
    }
    const std::string& kind() const { return kind_; }

    std::string kind_;
    std::vector<std::string> lines_;
};

TEST_F(LogTest, ASinkGetsLevelAndLineWithoutPrefix) {
    const lab::CountingLog spdlogs;
    collect();
    log_state(log_level::info, {kind()}, "up");
    log_state(log_level::warning, {kind(), "a"}, "lost");
    log_state(log_level::error, {kind()}, "broken");
    EXPECT_THAT(lines_, ElementsAre("0 up", "1 lost", "2 broken"));
    EXPECT_EQ(spdlogs.lines(), 0U);
}

TEST_F(LogTest, AnEmptySinkIsSpdlogAgain) {
    const lab::CountingLog spdlogs;
    collect();
    set_log_sink({});
    log_state(log_level::info, {kind()}, "up");
    EXPECT_THAT(lines_, ElementsAre());
    EXPECT_EQ(spdlogs.lines(), 1U);
}

TEST_F(LogTest, WhatASinkThrowsIsCaught) {
    set_log_sink([](log_level, std::string_view) { throw std::runtime_error("full"); });
    log_state(log_level::info, {kind()}, "lost line");
    collect();
    log_state(log_level::info, {kind()}, "next");
    EXPECT_THAT(lines_, ElementsAre("0 next"));
}

TEST_F(LogTest, ASinkMaySetAnotherAndMeetNoLinesOfItsOwn) {
    set_log_sink([this](log_level, std::string_view) {
        log_state(log_level::info, {kind()}, "from within");
        collect();
        lines_.emplace_back("first");
    });
    log_state(log_level::info, {kind()}, "one");
    log_state(log_level::info, {kind()}, "two");
    EXPECT_THAT(lines_, ElementsAre("first", "0 two"));
}

TEST_F(LogTest, AFloodIsSuppressed) {
    collect();
    for (int i = 0; i < 1000; ++i) log_state(log_level::info, {kind(), "a"}, "again");
    EXPECT_EQ(lines_.size(), LogGate::lines_max);
    log_state(log_level::info, {kind(), "b"}, "another node");
    EXPECT_EQ(lines_.size(), LogGate::lines_max + 1);
}

TEST_F(LogTest, AFormerSinkIsLetGoOf) {
    const auto held = std::make_shared<int>();
    set_log_sink([held](log_level, std::string_view) {});
    EXPECT_EQ(held.use_count(), 2);
    collect();
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace redoubt::core
