// Windows over the last calls: spans that follow one another, a ring of outcomes.
#include "resilience/call_window.hpp"

#include <algorithm>

namespace redoubt::resilience {

namespace {
constexpr auto relaxed = std::memory_order_relaxed;
}

void TimeWindow::bucket::clear() noexcept {
    successes.store(0, relaxed);
    failures.store(0, relaxed);
    slow.store(0, relaxed);
}

void TimeWindow::advance(std::int64_t now_ns) noexcept {
    const std::int64_t start = start_ns_.load(relaxed);
    if (start == unset) {
        start_ns_.store(now_ns, relaxed);
        return;
    }
    if (now_ns - start < width_ns_) return;
    const std::int64_t spans = (now_ns - start) / width_ns_;
    if (spans >= size_) {
        clear();
        start_ns_.store(now_ns, relaxed);
        return;
    }
    for (std::int64_t i = 0; i != spans; ++i) {
        const std::uint32_t next = (current_.load(relaxed) + 1) % size_;
        buckets_[next].clear();
        current_.store(next, relaxed);
        ++begun_;
    }
    start_ns_.store(start + spans * width_ns_, relaxed);
}

window_mark TimeWindow::count(std::int64_t now_ns, bool failed, bool slow) noexcept {
    advance(now_ns);
    bucket& now = buckets_[current_.load(relaxed)];
    (failed ? now.failures : now.successes).fetch_add(1, relaxed);
    if (slow) now.slow.fetch_add(1, relaxed);
    return {begun_};
}

void TimeWindow::withdraw_failure(window_mark m) noexcept {
    const std::uint64_t spans_ago = begun_ - m.place;
    if (spans_ago >= size_) return;
    const auto back = static_cast<std::uint32_t>(spans_ago);
    auto& failures = buckets_[(current_.load(relaxed) + size_ - back) % size_].failures;
    if (failures.load(relaxed) != 0) failures.fetch_sub(1, relaxed);
}

// Without moving the window: what would have left it by now is passed over.
window_totals TimeWindow::totals(std::int64_t now_ns) const noexcept {
    window_totals sum;
    const std::int64_t start = start_ns_.load(relaxed);
    if (start == unset) return sum;
    const std::int64_t over = std::max<std::int64_t>((now_ns - start) / width_ns_, 0);
    if (over >= size_) return sum;
    const std::uint32_t current = current_.load(relaxed);
    for (std::uint32_t back = 0; back != size_ - static_cast<std::uint32_t>(over); ++back) {
        const bucket& b = buckets_[(current + size_ - back) % size_];
        const std::uint64_t failures = b.failures.load(relaxed);
        sum.calls += b.successes.load(relaxed) + failures;
        sum.failures += failures;
        sum.slow += b.slow.load(relaxed);
    }
    return sum;
}

void TimeWindow::clear() noexcept {
    for (std::uint32_t i = 0; i != size_; ++i) buckets_[i].clear();
    begun_ += size_;
    start_ns_.store(unset, relaxed);
}

window_mark CountWindow::count(bool failed, bool slow) noexcept {
    const std::uint64_t place = next_.fetch_add(1, relaxed);
    put(place, static_cast<std::uint8_t>(call | (failed ? failure : empty) | (slow ? slowness : empty)));
    return {place};
}

void CountWindow::withdraw_failure(window_mark m) noexcept {
    if (next_.load(relaxed) - m.place > size_) return;
    std::uint8_t expected = call | failure;
    if (ring_[m.place % size_].compare_exchange_strong(expected, empty, relaxed)) account(call | failure, empty);
}

void CountWindow::account(std::uint8_t before, std::uint8_t after) noexcept {
    const auto change = [before, after](std::atomic<std::uint64_t>& sum, std::uint8_t bit) {
        if (((before ^ after) & bit) == 0) return;
        if ((after & bit) != 0) {
            sum.fetch_add(1, relaxed);
        } else {
            sum.fetch_sub(1, relaxed);
        }
    };
    change(calls_, call);
    change(failures_, failure);
    change(slow_, slowness);
}

window_totals CountWindow::totals() const noexcept {
    return {calls_.load(relaxed), failures_.load(relaxed), slow_.load(relaxed)};
}

// A mark from before finds its entry empty, or is too old once another call has taken the place.
void CountWindow::clear() noexcept {
    for (std::uint32_t i = 0; i != size_; ++i) put(i, empty);
}

}  // namespace redoubt::resilience
