// malloc and kin are wrapped by symbol interposition; operator new of libstdc++ calls malloc and needs nothing more.
#include "tests/unit/core/protocol/allocation_count.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define REDOUBT_FOREIGN_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define REDOUBT_FOREIGN_HEAP 1
#endif
#endif

namespace redoubt::testing {

namespace {

thread_local heap_use use;
thread_local bool counting = false;

#ifndef REDOUBT_FOREIGN_HEAP
void note(std::size_t bytes) noexcept {
    if (!counting) return;
    ++use.allocations;
    use.bytes += bytes;
    if (bytes > use.largest) use.largest = bytes;
}
#endif

}  // namespace

AllocationCount::AllocationCount() noexcept {
    use = {};
    counting = true;
}
AllocationCount::~AllocationCount() { counting = false; }
heap_use AllocationCount::so_far() const noexcept { return use; }

bool AllocationCount::works() noexcept {
#ifdef REDOUBT_FOREIGN_HEAP
    return false;
#else
    return true;
#endif
}

}  // namespace redoubt::testing

#ifndef REDOUBT_FOREIGN_HEAP
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);

void* malloc(std::size_t n) {
    redoubt::testing::note(n);
    return __libc_malloc(n);
}
void* calloc(std::size_t count, std::size_t n) {
    redoubt::testing::note(count * n);
    return __libc_calloc(count, n);
}
void* realloc(void* p, std::size_t n) {
    redoubt::testing::note(n);
    return __libc_realloc(p, n);
}
}
#endif
