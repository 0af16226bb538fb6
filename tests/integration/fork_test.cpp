// A child of fork() neither uses nor disturbs its parent's client.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <redoubt/client.hpp>

#include "tests/support/clients.hpp"
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

}  // namespace
}  // namespace redoubt::test
