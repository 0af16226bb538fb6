// The storm without protection: every operation opens a connection of its own.
#include <hiredis/hiredis.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tools/redoubt/demo/scenes.hpp"
#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/resources.hpp"
#include "tools/support/sigpipe.hpp"
#include "tools/support/storm_figures.hpp"

namespace redoubt::lab {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t thread_count = 128;
static_assert(storm_operations % thread_count == 0);
constexpr std::uint64_t share = storm_operations / thread_count;
constexpr timeval operation_timeout{5, 0};
constexpr std::uint64_t spare_descriptors = 100;

struct context_deleter {
    void operator()(redisContext* context) const { ::redisFree(context); }
};
using context_owner = std::unique_ptr<redisContext, context_deleter>;

/// What became of the operations, by the text of the failure.
struct tally {
    std::mutex mutex;
    std::map<std::string, std::uint64_t> failures;
    std::uint64_t sigpipes = 0;
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> failed{0};

    void fail(std::map<std::string, std::uint64_t>& mine, const std::string& text) {
        ++mine[text];
        failed.fetch_add(1, std::memory_order_relaxed);
    }
    void merge(const std::map<std::string, std::uint64_t>& mine, std::uint64_t sigpipes_of_thread) {
        std::lock_guard lock(mutex);
        for (const auto& [text, count] : mine) failures[text] += count;
        sigpipes += sigpipes_of_thread;
    }
};

/// The text of the failure; empty when the operation was answered.
std::string operate(redisContext* context, std::uint64_t number) {
    const auto key = "storm:" + std::to_string(number);
    void* reply = number % 2 == 0 ? ::redisCommand(context, "SET %s %s", key.c_str(), "value")
                                  : ::redisCommand(context, "GET %s", key.c_str());
    if (reply == nullptr) return std::string("send or receive: ") + context->errstr;
    const std::unique_ptr<redisReply, void (*)(void*)> owner(static_cast<redisReply*>(reply), ::freeReplyObject);
    return owner->type == REDIS_REPLY_ERROR ? "answer: " + std::string(owner->str, owner->len) : std::string();
}

/// One thread's share: all its connections are opened first and stay open until everybody is done, as they would in
/// a program where all these operations wait at once.
void run_share(const std::string& path, std::uint64_t first, tally& all, std::latch& ready, std::latch& go,
               std::latch& done, std::latch& release) {
    SigpipeBlocked sigpipe;  // hiredis writes with write(): without this the first broken pipe ends the program
    std::map<std::string, std::uint64_t> failures;
    std::vector<context_owner> contexts(share);
    ready.count_down();
    go.wait();
    for (auto& context : contexts) {
        context.reset(::redisConnectUnixWithTimeout(path.c_str(), operation_timeout));
        if (context == nullptr || context->err == 0) continue;
        all.fail(failures, std::string("connect: ") + context->errstr);
    }
    for (std::uint64_t i = 0; i < share; ++i) {
        auto* const context = contexts[i].get();
        if (context == nullptr) {
            all.fail(failures, "connect: out of memory");
        } else if (context->err == 0) {
            ::redisSetTimeout(context, operation_timeout);
            const auto failure = operate(context, first + i);
            sigpipe.take();
            failure.empty() ? void(all.answered.fetch_add(1, std::memory_order_relaxed)) : all.fail(failures, failure);
        }
    }
    done.count_down();
    release.wait();
    all.merge(failures, sigpipe.taken());
}

/// The largest number of connections that the server counts, without the one that asks. A failure is kept until the
/// threads of the storm have been joined.
class PeakWatch {
public:
    explicit PeakWatch(const std::string& path) : redis_({.path = path}) {}
    void sample() noexcept try {
        if (failure_ != nullptr) return;
        peak_ = std::max<std::uint64_t>(peak_, std::stoull(redis_.info("clients").at("connected_clients")) - 1);
    } catch (...) {
        failure_ = std::current_exception();
    }
    std::uint64_t peak() const {
        if (failure_ != nullptr) std::rethrow_exception(failure_);
        return peak_;
    }

private:
    RawRedis redis_;
    std::uint64_t peak_ = 0;
    std::exception_ptr failure_;
};

struct storm_result {
    std::uint64_t peak_connections = 0;
    double ms = 0;
};

storm_result run_threads(const scene_context& context, const std::string& path, PeakWatch& watch, tally& all) {
    std::latch ready(thread_count);
    std::latch go(1);
    std::latch done(thread_count);
    std::latch release(1);
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < thread_count; ++t)
        threads.emplace_back([&, t] { run_share(path, t * share, all, ready, go, done, release); });
    ready.wait();

    storm_result result;
    const auto start = steady_clock::now();
    go.count_down();
    while (!done.try_wait()) {
        watch.sample();
        const auto failed = all.failed.load();
        const auto answered = all.answered.load();
        const auto note = grouped(failed) + " failed, " + grouped(answered) + " answered";
        context.screen.progress({"storm_naive", failed + answered, storm_operations, note, tone::bad});
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    result.ms = std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
    watch.sample();  // all connections are still open
    release.count_down();
    for (auto& thread : threads) thread.join();
    result.peak_connections = watch.peak();
    return result;
}

void tell(Screen& screen, const storm_result& result, const tally& all) {
    const auto failed = all.failed.load();
    screen.line("  " +
                screen.paint(grouped(failed) + " of " + grouped(storm_operations) + " operations failed",
                             failed > 0 ? tone::bad : tone::good) +
                ", " + std::to_string(result.peak_connections) + " connections at most, " +
                grouped(static_cast<std::uint64_t>(result.ms)) + " ms");
    for (const auto& [text, count] : all.failures) screen.line("    " + grouped(count) + "  " + text);
    if (all.sigpipes > 0)
        screen.line("    " + grouped(all.sigpipes) + "  SIGPIPE held back: the first of them ends a program");
}

}  // namespace

scene_outcome play_storm_naive(const scene_context& context) {
    const auto limit = raise_descriptor_limit();
    if (limit.now < storm_operations + spare_descriptors)
        throw std::runtime_error("this scene needs " + std::to_string(storm_operations + spare_descriptors) +
                                 " descriptors and the limit is " + std::to_string(limit.now) + ": ulimit -Hn");
    RedisProcess server({.config = {{"maxclients", std::to_string(storm_server_maxclients)}}});
    PeakWatch watch(server.unix_path());
    tally all;
    const auto result = run_threads(context, server.unix_path(), watch, all);
    tell(context.screen, result, all);
    return {.figures = {{"operations", storm_operations},
                        {"failed", all.failed.load()},
                        {"peak_connections", result.peak_connections},
                        {"ms", rounded(result.ms, 1)}}};
}

}  // namespace redoubt::lab
