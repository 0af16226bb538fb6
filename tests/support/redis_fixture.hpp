// A test with a real server: one for the whole suite, empty at the start of each test, without our connections after
// it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_process.hpp"

namespace redoubt::test {

/// Derive a suite from it. A suite that wants another configuration has its own SetUpTestSuite, which calls
/// start_server(). A test may stop, kill, pause and restart the server: it is brought back before the next one.
class RedisFixture : public testing::Test {
protected:
    static void SetUpTestSuite() { start_server({.tcp = true}); }
    static void TearDownTestSuite();
    static void start_server(lab::redis_process_options options);

    void SetUp() override;     ///< FLUSHALL, CONFIG RESETSTAT
    void TearDown() override;  ///< every connection made by the test must be gone, at the latest after 5 s

    static lab::RedisProcess& server() { return *server_; }
    /// A connection of the fixture's own, to look at the server from outside; not counted by client_count().
    static lab::RawRedis& watcher();
    /// Connections to the server without the watcher's.
    static std::size_t client_count();

private:
    static std::unique_ptr<lab::RedisProcess> server_;
    static std::unique_ptr<lab::RawRedis> watcher_;
    static pid_t watched_pid_;
};

}  // namespace redoubt::test
