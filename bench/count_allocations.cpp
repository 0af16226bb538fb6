// Replaces malloc, calloc and realloc of this program by counting ones; operator new calls malloc.
#include "bench/count_allocations.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include "bench/allocation_trace.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define REDOUBT_FOREIGN_ALLOCATOR
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define REDOUBT_FOREIGN_ALLOCATOR
#endif

#ifdef REDOUBT_FOREIGN_ALLOCATOR

namespace redoubt::bench {
std::optional<std::uint64_t> allocation_count() { return std::nullopt; }
}  // namespace redoubt::bench

#else

namespace {

/// One counter for all threads would be what the benchmark measures; threads share a cache line only beyond 256.
struct alignas(64) slot {
    std::atomic<std::uint64_t> count{0};
};
constexpr std::size_t slot_count = 256;
constinit std::array<slot, slot_count> slots{};
constinit std::atomic<std::size_t> threads_seen{0};
constinit thread_local std::size_t my_slot = slot_count;

void count_one() noexcept {
    if (my_slot == slot_count) my_slot = threads_seen.fetch_add(1, std::memory_order_relaxed) % slot_count;
    slots[my_slot].count.fetch_add(1, std::memory_order_relaxed);
    redoubt::bench::trace_one_allocation();
}

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the allocator of glibc under its own names
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(std::size_t size) noexcept {
    count_one();
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
    count_one();
    return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) noexcept {
    count_one();
    return __libc_realloc(block, size);
}
}

namespace redoubt::bench {

std::optional<std::uint64_t> allocation_count() {
    std::uint64_t sum = 0;
    for (const auto& s : slots) sum += s.count.load(std::memory_order_relaxed);
    return sum;
}

}  // namespace redoubt::bench

#endif
