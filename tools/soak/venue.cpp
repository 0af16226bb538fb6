// Four venues, and the one who makes trouble in them.
#include "tools/soak/venue.hpp"

#include <chrono>

#include "tools/support/ledger.hpp"

namespace redoubt::lab {

using std::chrono::milliseconds;

namespace {

void wait(resilience::random_engine& random, unsigned ms_max) {
    std::this_thread::sleep_for(milliseconds(1 + random.up_to(ms_max - 1)));
}

/// What both ways to a real server share.
class RedisVenue : public Venue {
public:
    void mend() override {}
    std::size_t left_over() override { return watcher_.client_list().size() - 1; }
    std::map<std::string, std::uint64_t> take_executed(unsigned first_caller, unsigned last_caller) override {
        std::map<std::string, std::uint64_t> executed;
        for (auto caller = first_caller; caller <= last_caller; ++caller) {
            for (const auto& element : watcher_.command({"LRANGE", list_key(caller), "0", "-1"}).elements)
                ++executed[element.text];
        }
        watcher_.text({"FLUSHALL"});
        return executed;
    }

protected:
    void kill_clients() { watcher_.integer({"CLIENT", "KILL", "SKIPME", "yes"}); }

    RedisProcess server_{{.tcp = true}};
    RawRedis watcher_{{.path = server_.unix_path()}, std::chrono::seconds(30)};
};

class BehindProxy final : public RedisVenue {
public:
    std::string_view name() const override { return "redis-proxy"; }
    std::string endpoint() const override { return "127.0.0.1:" + std::to_string(proxy_.port()); }
    void mend() override {
        proxy_.new_links(passage::forward);
        proxy_.open_links(passage::forward);
    }
    void trouble(resilience::random_engine& random) override {
        switch (random.up_to(6)) {
            case 0: return proxy_.open_links(passage::reset);
            case 1: return proxy_.cut_after(1 + random.up_to(20'000));
            case 2: return proxy_.cut_after_requests(1 + random.up_to(20'000));
            case 3: return kill_clients();
            case 4:
                proxy_.open_links(passage::stall);
                wait(random, 50);
                return proxy_.open_links(passage::forward);
            case 5: proxy_.open_links(passage::black_hole); break;
            default: proxy_.new_links(passage::reset); proxy_.open_links(passage::reset);
        }
        wait(random, 50);
        proxy_.new_links(passage::forward);
        // No link loses bytes and goes on: what was lost was lost with its end.
        proxy_.open_links(passage::reset);
    }

private:
    FaultProxy proxy_{server_.port()};
};

class OnUnixSocket final : public RedisVenue {
public:
    std::string_view name() const override { return "redis-unix"; }
    std::string endpoint() const override { return "unix:" + server_.unix_path(); }
    void trouble(resilience::random_engine& random) override {
        if (random.up_to(2) != 0) return kill_clients();
        server_.pause();
        wait(random, 50);
        server_.resume();
    }
};

class EchoVenue final : public Venue {
public:
    explicit EchoVenue(bool tcp) : tcp_(tcp) {}
    std::string_view name() const override { return tcp_ ? "echo-tcp" : "echo-unix"; }
    std::string endpoint() const override {
        return tcp_ ? "127.0.0.1:" + std::to_string(server_.port()) : "unix:" + server_.unix_path();
    }
    void trouble(resilience::random_engine& random) override {
        switch (random.up_to(4)) {
            case 0: return server_.cut();
            case 1: return server_.cut_in_reply(1 + random.up_to(random.up_to(1) == 0 ? 20 : 20'000));
            case 2: return server_.cut_in_command(1 + random.up_to(random.up_to(1) == 0 ? 20 : 20'000));
            case 3: return server_.stall(milliseconds(1 + random.up_to(49)));
            default: break;
        }
        server_.in_pieces(1 + random.up_to(8));
        wait(random, 20);
        server_.in_pieces(0);
    }
    void mend() override { server_.in_pieces(0); }
    void lie(EchoServer::lie l) override { server_.tell(l); }
    std::size_t left_over() override { return server_.open(); }
    std::map<std::string, std::uint64_t> take_executed(unsigned, unsigned) override { return server_.take_executed(); }

private:
    EchoServer server_;
    bool tcp_;
};

}  // namespace

std::unique_ptr<Venue> redis_behind_proxy() { return std::make_unique<BehindProxy>(); }
std::unique_ptr<Venue> redis_on_unix_socket() { return std::make_unique<OnUnixSocket>(); }
std::unique_ptr<Venue> echo_over_tcp() { return std::make_unique<EchoVenue>(true); }
std::unique_ptr<Venue> echo_on_unix_socket() { return std::make_unique<EchoVenue>(false); }

Troublemaker::Troublemaker(Venue& venue, std::uint64_t seed)
    : venue_(venue), thread_([this, random = resilience::random_engine(seed)]() mutable {
          while (!stopping_) {
              wait(random, 60);
              venue_.trouble(random);
          }
      }) {}

Troublemaker::~Troublemaker() {
    stopping_ = true;
    thread_.join();
    venue_.mend();
}

}  // namespace redoubt::lab
