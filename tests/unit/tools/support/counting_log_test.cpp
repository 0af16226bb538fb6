// Lines of the log are counted while the count is wanted, and written again afterwards.
#include "tools/support/counting_log.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "core/log.hpp"

namespace redoubt::lab {
namespace {

TEST(CountingLog, counts_what_the_library_says) {
    core::prepare_log();
    const auto former = spdlog::default_logger();
    {
        const CountingLog log;
        EXPECT_EQ(log.lines(), 0U);
        core::log_state(log_level::warning, {"test"}, "one");
        core::log_state(log_level::info, {"test"}, "two");
        EXPECT_EQ(log.lines(), 2U);
    }
    EXPECT_EQ(spdlog::default_logger(), former);
}

}  // namespace
}  // namespace redoubt::lab
