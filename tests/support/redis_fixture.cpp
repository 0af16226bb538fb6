// A test with a real server.
#include "tests/support/redis_fixture.hpp"

#include "tests/support/eventually.hpp"

namespace redoubt::test {

std::unique_ptr<lab::RedisProcess> RedisFixture::server_;
std::unique_ptr<lab::RawRedis> RedisFixture::watcher_;
pid_t RedisFixture::watched_pid_ = 0;

void RedisFixture::start_server(lab::redis_process_options options) {
    server_ = std::make_unique<lab::RedisProcess>(std::move(options));
}

void RedisFixture::TearDownTestSuite() {
    watcher_.reset();
    server_.reset();
}

void RedisFixture::SetUp() {
    ASSERT_NE(server_, nullptr) << "the server of the suite did not start";
    if (!server_->running()) server_->restart();
    watcher().text({"FLUSHALL"});
    watcher().text({"CONFIG", "RESETSTAT"});
}

void RedisFixture::TearDown() {
    if (server_ == nullptr || !server_->running()) return;
    server_->resume();
    EXPECT_TRUE(eventually([] { return client_count() == 0; }))
        << client_count() << " connections are left: " << watcher().text({"CLIENT", "LIST"});
}

lab::RawRedis& RedisFixture::watcher() {
    if (watcher_ == nullptr || watched_pid_ != server_->pid()) {
        watcher_ = std::make_unique<lab::RawRedis>(lab::server_address{.path = server_->unix_path()});
        watched_pid_ = server_->pid();
    }
    return *watcher_;
}

std::size_t RedisFixture::client_count() { return watcher().client_list().size() - 1; }

}  // namespace redoubt::test
