// The storm through Redoubt: by blocking calls on many threads, and by a coroutine for each operation.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <latch>
#include <mutex>
#include <redoubt/async.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tools/redoubt/demo/storm.hpp"

namespace redoubt::lab {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// What goes wrong, from any thread.
class Errors {
public:
    void add(std::string text) {
        if (count_.fetch_add(1) != 0) return;
        const std::lock_guard lock(mutex_);
        first_ = std::move(text);
    }
    std::uint64_t count() const { return count_; }
    std::string first() const {
        const std::lock_guard lock(mutex_);
        return first_;
    }

private:
    mutable std::mutex mutex_;
    std::atomic<std::uint64_t> count_{0};
    std::string first_;
};

Client open(const storm_job& job) {
    auto settings = options::from_url(job.url).value();
    settings.limiter = limiter_options{.limit = static_cast<std::uint32_t>(job.operations_at_once)};
    settings.pool.connections_max = static_cast<std::uint32_t>(job.connections_max);
    auto client = Client::open(settings).value();
    client.ready().value();
    return client;
}

std::string key_of(std::uint64_t number, std::uint64_t seed) {
    return "storm:" + std::to_string((number + seed) % 1'000);
}

/// SET a value that names its key, or GET it and check that nobody else's value came.
bool check(const std::string& key, const result<std::optional<std::string>>& got, Errors& errors) {
    if (!got) return errors.add(got.error().message()), false;
    if (*got && **got != key) return errors.add("a value of another key: " + **got + " for " + key), false;
    return true;
}
bool check(const result<bool>& stored, Errors& errors) {
    if (!stored) return errors.add(stored.error().message()), false;
    return true;
}

// Two coroutines rather than one with a branch: each frame holds one command.
asio::awaitable<void> set_one(const Client& client, std::string key, Errors& errors, std::latch& left) {
    check(co_await client.async_run(cmd.set(key, key), asio::deferred), errors);
    left.count_down();
}
asio::awaitable<void> get_one(const Client& client, std::string key, Errors& errors, std::latch& left) {
    check(key, co_await client.async_run(cmd.get(key), asio::deferred), errors);
    left.count_down();
}

double ms_since(steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

}  // namespace

storm_run storm_by_threads(const storm_job& job) {
    const auto client = open(job);
    Errors errors;
    std::latch ready(static_cast<std::ptrdiff_t>(job.threads));
    std::latch go(1);
    std::vector<std::thread> callers;
    for (std::uint64_t t = 0; t < job.threads; ++t) {
        callers.emplace_back([&, t] {
            ready.count_down();
            go.wait();
            for (auto i = t; i < job.operations; i += job.threads) {
                const auto key = key_of(i, job.seed);
                i % 2 == 0 ? check(client.set(key, key), errors) : check(key, client.get(key), errors);
            }
        });
    }
    ready.wait();
    const auto start = steady_clock::now();
    go.count_down();
    for (auto& caller : callers) caller.join();
    const auto ms = ms_since(start);
    (void)client.close();
    return {.errors = errors.count(), .first_error = errors.first(), .ms = ms};
}

storm_run storm_by_coroutines(const storm_job& job) {
    const auto client = open(job);
    Errors errors;
    std::latch left(static_cast<std::ptrdiff_t>(job.operations));
    const auto start = steady_clock::now();
    asio::post(io_context_of(client), [&] {
        for (std::uint64_t i = 0; i < job.operations; ++i) {
            auto one = i % 2 == 0 ? set_one : get_one;
            asio::co_spawn(io_context_of(client), one(client, key_of(i, job.seed), errors, left), asio::detached);
        }
    });
    left.wait();
    const auto ms = ms_since(start);
    (void)client.close();
    return {.errors = errors.count(), .first_error = errors.first(), .ms = ms};
}

scene_outcome play_storm_scene(const scene_context& context) {
    return play_storm(context, {.threads = storm_by_threads, .coroutines = storm_by_coroutines});
}

}  // namespace redoubt::lab
