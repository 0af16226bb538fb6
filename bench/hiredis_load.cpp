// Raw hiredis, as a program without a client library would use it: threads, a connection each; or one that pipelines.
#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "bench/hiredis_connection.hpp"
#include "bench/tally.hpp"
#include "tools/support/sigpipe.hpp"

namespace redoubt::bench {
namespace {

using std::chrono::steady_clock;

struct thread_parts {
    const load_spec& spec;
    redisContext* context;
    const std::string value;
    KeyPicker picker;
    const std::atomic<bool>& stop;
    tally mine;
};

void wait_for_each_reply(thread_parts& p) {
    auto before = steady_clock::now();
    while (!p.stop.load(std::memory_order_relaxed) && p.mine.errors == 0) {
        hiredis_words words(p.mine.operations % 2 == 0, p.picker.next(), p.value);
        if (!is_good(::redisCommandArgv(p.context, words.count, words.argv.data(), words.sizes.data())))
            ++p.mine.errors;
        ++p.mine.operations;
        const auto now = steady_clock::now();
        p.mine.latency.add(now - before);
        before = now;
    }
    p.mine.end = before;
}

/// The latency is that of the whole pipeline: nobody sees a reply of it earlier.
void pipeline(thread_parts& p) {
    auto before = steady_clock::now();
    while (!p.stop.load(std::memory_order_relaxed) && p.mine.errors == 0) {
        for (int i = 0; i < p.spec.who.pipeline; ++i) {
            hiredis_words words(i % 2 == 0, p.picker.next(), p.value);
            ::redisAppendCommandArgv(p.context, words.count, words.argv.data(), words.sizes.data());
        }
        for (int i = 0; i < p.spec.who.pipeline && p.mine.errors == 0; ++i) {
            void* reply = nullptr;
            if (::redisGetReply(p.context, &reply) != REDIS_OK || !is_good(reply)) ++p.mine.errors;
            ++p.mine.operations;
        }
        const auto now = steady_clock::now();
        p.mine.latency.add(now - before);
        before = now;
    }
    p.mine.end = before;
}

}  // namespace

load_result run_hiredis(const load_spec& spec) {
    const auto count = static_cast<std::uint64_t>(spec.who.concurrency);
    std::vector<context_owner> contexts;
    for (std::uint64_t i = 0; i < count; ++i) contexts.push_back(connect_hiredis(spec.address));

    std::latch ready(spec.who.concurrency);
    std::latch go(1);
    std::atomic<bool> stop{false};
    shared_tally together;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            const lab::SigpipeBlocked blocked;
            const std::unique_ptr<thread_parts> p(new thread_parts{spec,
                                                                   contexts[i].get(),
                                                                   std::string(spec.value_bytes, 'x'),
                                                                   KeyPicker(spec.seed * 1'000 + i, spec.keys),
                                                                   stop,
                                                                   {}});
            ready.count_down();
            go.wait();
            spec.who.style == load_style::pipelined ? pipeline(*p) : wait_for_each_reply(*p);
            together.merge(p->mine);
        });
    }
    ready.wait();
    const auto before = begin_measuring(spec);
    go.count_down();
    std::this_thread::sleep_for(spec.duration);
    stop = true;
    for (auto& thread : threads) thread.join();
    return finish(spec, together.all, before);
}

}  // namespace redoubt::bench
