// Operations in flight on the I/O thread: each begins anew in the handler that ends it.
#include <atomic>
#include <boost/asio/post.hpp>
#include <latch>
#include <redoubt/async.hpp>
#include <vector>

#include "bench/redoubt_load.hpp"
#include "bench/steady_state.hpp"

namespace redoubt::bench {
namespace {

using std::chrono::steady_clock;

template <workload Work> class Repeater {
public:
    explicit Repeater(async_parts& parts) : parts_(&parts) {}

    void begin() {
        auto& p = *parts_;
        if (p.stop.load(std::memory_order_relaxed)) return end();
        const auto key = p.picker.next();
        // Reading the clock costs as much as a fifth of an operation: a sample serves.
        sampled_ = ++p.started % 16 == 0;
        if (sampled_) began_ = steady_clock::now();
        if (Work != workload::strings && p.started % 2 == 0) {
            p.client.async_run(cmd.set(key, p.value), [this](const result<bool>& r) { next(r.has_value()); });
        } else if constexpr (Work == workload::untyped) {
            p.client.async_run(cmd.get(key).template as<reply>(),
                               [this](const result<reply>& r) { next(r.has_value()); });
        } else {
            p.client.async_run(cmd.get(key),
                               [this](const result<std::optional<std::string>>& r) { next(r.has_value()); });
        }
    }

private:
    void next(bool good) {
        auto& counts = parts_->steady.counts();
        ++counts.operations;
        if (sampled_) counts.latency.add(steady_clock::now() - began_);
        if (!good) {
            ++counts.errors;
            return end();
        }
        parts_->steady.completed();
        begin();
    }
    void end() {
        parts_->steady.ended();
        parts_->left.count_down();
    }

    async_parts* parts_;
    steady_clock::time_point began_{};
    bool sampled_ = false;
};

template <workload Work> load_result run_workload(const load_spec& spec, const Client& client) {
    std::atomic<bool> stop{false};
    SteadyState steady(spec);
    std::latch left(spec.who.concurrency);
    async_parts parts{client, std::string(spec.value_bytes, 'x'), KeyPicker(spec.seed, spec.keys), stop, steady, left};
    std::vector<Repeater<Work>> repeaters(static_cast<std::size_t>(spec.who.concurrency), Repeater<Work>(parts));
    boost::asio::post(io_context_of(client), [&] {
        for (auto& r : repeaters) r.begin();
    });
    steady.sleep();
    stop = true;
    left.wait();
    return steady.finish();
}

}  // namespace

load_result run_async(const load_spec& spec, const Client& client) {
    switch (spec.who.work) {
        case workload::untyped: return run_workload<workload::untyped>(spec, client);
        case workload::strings: return run_workload<workload::strings>(spec, client);
        case workload::mixed: break;
    }
    return run_workload<workload::mixed>(spec, client);
}

}  // namespace redoubt::bench
