// The thread that a client adds to its process: one, with the stack that the options say.
#include <gtest/gtest.h>
#include <pthread.h>

#include <boost/asio/post.hpp>
#include <filesystem>
#include <future>
#include <redoubt/async.hpp>

#include "core/client/io_thread.hpp"
#include "tests/support/clients.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

class IoThreadOfClient : public RedisFixture {
protected:
    static std::size_t stack_of(const Client& client) {
        std::promise<std::size_t> told;
        boost::asio::post(io_context_of(client), [&] {
            pthread_attr_t attributes;
            pthread_getattr_np(pthread_self(), &attributes);
            std::size_t size = 0;
            pthread_attr_getstacksize(&attributes, &size);
            pthread_attr_destroy(&attributes);
            told.set_value(size);
        });
        return told.get_future().get();
    }
    static std::ptrdiff_t threads() {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
    }
};

TEST_F(IoThreadOfClient, has_the_stack_that_the_options_say) {
    const auto expected = [](std::size_t wanted) { return core::stack_size_for(wanted, core::thread_local_bytes()); };
    auto o = options_for(server());
    for (const std::size_t wanted : {o.io_stack_bytes, std::size_t{4} << 20}) {
        o.io_stack_bytes = wanted;
        const auto size = stack_of(connected(o));
        EXPECT_GE(size, expected(wanted));
        EXPECT_LT(size, expected(wanted) + 4096) << "a sanitizer rounds by itself";
    }
}

TEST_F(IoThreadOfClient, is_the_only_one_when_the_address_is_numeric) {
    auto o = options_for(server(), transport::tcp);
    ASSERT_TRUE(o.endpoints.front().starts_with("127.0.0.1:"));
    const auto before = threads();
    const auto client = connected(o);
    EXPECT_EQ(threads(), before + 1);
}

TEST_F(IoThreadOfClient, runs_handlers_that_need_most_of_it) {
    const auto client = connected(options_for(server()));
    std::promise<char> told;
    client.async_run(cmd.ping(), [&](const result<std::string>&) {
        volatile char large[96 * 1024];
        for (std::size_t i = 0; i < sizeof large; i += 1024) large[i] = 'x';
        const char seen = large[1024];
        told.set_value(seen);
    });
    EXPECT_EQ(told.get_future().get(), 'x');
}

}  // namespace
}  // namespace redoubt::test
