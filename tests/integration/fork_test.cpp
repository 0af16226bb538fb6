// A child of fork() neither uses nor disturbs its parent's client.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <redoubt/async.hpp>
#include <redoubt/client.hpp>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

class Fork : public RedisFixture {};

enum child_verdict : int { good, not_forked, shared_is_old, shared_fails };

int in_the_child(std::optional<Client>& client, Lease& lease, const options& o) {
    if (client->get("k").error() != errc::forked || lease.ping().error() != errc::forked ||
        client->lease().error() != errc::forked || client->ready().error() != errc::forked ||
        client->close().error() != errc::forked || !client->stats().closed || client->describe().empty()) {
        return not_forked;
    }
    lease.give_back();
    client.reset();
#ifdef __SANITIZE_THREAD__  // allows no new threads in a child of fork()
    return o.endpoints.empty() ? shared_fails : good;
#else
    const auto own = shared_client(o);
    if (!own) return shared_fails;
    if (own->stats().pool.commands != 0) return shared_is_old;
    return own->set("child", "was here").has_value() && own->close() ? good : shared_fails;
#endif
}

TEST_F(Fork, the_child_is_told_and_gets_a_shared_client_of_its_own) {
    const auto o = options_for(server(), transport::unix_socket);
    const auto shared = shared_client(o).value();
    ASSERT_TRUE(shared.ping());
    std::optional<Client> client = connected(o);
    auto lease = client->lease().value();
    ASSERT_TRUE(lease.ping());
    const auto child = ::fork();
    if (child == 0) ::_exit(in_the_child(client, lease, o));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), good);
    EXPECT_TRUE(client->get("child")) << "the parent's connection is as it was";
    EXPECT_TRUE(lease.ping());
    EXPECT_EQ(client->stats().pool.dials, 2U);
    ASSERT_TRUE(shared.close());
}

#ifndef __SANITIZE_THREAD__  // allows no new threads in a child of fork()
// Neither the loop nor a thread that would run it exists in the child, and the handler runs all the same, once.
int asynchronously_in_the_child(const Client& client) {
    std::atomic<int> forked{0};
    std::atomic<int> others{0};
    const auto handler = [&](const auto& r) { ++(!r && r.error() == errc::forked ? forked : others); };
    for (int i = 0; i < 3; ++i) client.async_run(cmd.get("k"), handler);
    if (!eventually([&] { return forked == 3; })) return not_forked;
    return others == 0 ? good : not_forked;
}

TEST_F(Fork, a_handler_in_the_child_is_told) {
    const auto client = connected(options_for(server()));
    {
        // The threads for handlers of closed clients exist in the parent, and not in the child.
        auto closed = connected(options_for(server()));
        EXPECT_TRUE(closed.close());
        EXPECT_EQ(closed.async_run(cmd.ping(), boost::asio::use_future).get().error(), errc::closed);
    }
    const auto child = ::fork();
    if (child == 0) ::_exit(asynchronously_in_the_child(client));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), good);
    EXPECT_TRUE(client.ping()) << "the parent's connection is as it was";
}
#endif

}  // namespace
}  // namespace redoubt::test
