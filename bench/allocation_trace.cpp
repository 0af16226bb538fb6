// Who allocates: a table of call stacks, filled from within the allocator.
#include "bench/allocation_trace.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string_view>

#include "tools/support/child_process.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::bench {
namespace {

constexpr int frames_max = 14;
constexpr int frames_of_ours = 2;  ///< this file and the allocator
constexpr std::size_t stacks_max = 256;

struct call_stack {
    std::array<void*, frames_max> frames{};
    int size = 0;
    std::uint64_t count = 0;
};

// No memory is taken in here: it runs inside malloc.
std::atomic<bool> switched_on{false};
std::mutex stacks_mutex;
std::array<call_stack, stacks_max> stacks;
std::size_t stacks_used = 0;
thread_local bool within = false;

void note(const call_stack& seen) {
    const std::lock_guard lock(stacks_mutex);
    const auto end = stacks.begin() + static_cast<std::ptrdiff_t>(stacks_used);
    auto found = std::find_if(stacks.begin(), end, [&](const auto& s) { return s.frames == seen.frames; });
    if (found == end) {
        if (stacks_used == stacks_max) return;
        *found = seen;
        ++stacks_used;
    }
    ++found->count;
}

/// addr2line wants the address within the file. Minus one: a return address may be in the next function already.
std::string offset_text(void* address) {
    Dl_info info{};
    if (::dladdr(address, &info) == 0) return {};
    char text[32];
    std::snprintf(text, sizeof text, "%p",
                  reinterpret_cast<void*>(static_cast<char*>(address) - static_cast<char*>(info.dli_fbase) - 1));
    return text;
}

bool in_this_program(void* address) {
    Dl_info frame{}, own{};
    return ::dladdr(address, &frame) != 0 && ::dladdr(reinterpret_cast<void*>(&trace_allocations), &own) != 0 &&
           frame.dli_fbase == own.dli_fbase;
}

std::vector<std::string> names_of(const std::vector<std::string>& offsets) {
    std::vector<std::string> names(offsets.size());
    if (offsets.empty() || lab::find_program("addr2line").empty()) return offsets;
    const lab::TempDir dir;
    std::vector<std::string> argv{"addr2line", "-Cfe", "/proc/" + std::to_string(::getpid()) + "/exe"};
    argv.insert(argv.end(), offsets.begin(), offsets.end());
    lab::ChildProcess(lab::child_options{std::move(argv), dir.file("names"), dir.file("errors")}).wait();
    const auto text = lab::file_text(dir.file("names"));
    std::size_t at = 0;
    for (auto& name : names) {  // two lines for each: function, file and line
        const auto end = std::min(text.find('\n', at), text.size());
        name = text.substr(at, end - at);
        at = std::min(text.find('\n', std::min(end + 1, text.size())), text.size() - 1) + 1;
    }
    return names;
}

/// What leads there without being the reason.
bool says_nothing(std::string_view name) {
    for (const std::string_view part : {"operator new", "std::", "malloc", "calloc", "realloc", "??", "__gnu_cxx"})
        if (name.starts_with(part)) return true;
    return name.find("trace_one_allocation") != name.npos || name.find("count_one") != name.npos;
}

/// Without arguments, template or not: "redoubt::core::Pool::start".
std::string shortened(std::string name) {
    constexpr std::size_t longest = 90;
    int depth = 0;
    std::string out;
    for (const char c : name) {
        if (c == '<') ++depth;
        if (depth == 0 && c == '(' && !out.ends_with("anonymous namespace")) {
            if (out.ends_with("operator") || out.empty() || out.ends_with("::")) {
                out += c;
                continue;
            }
            break;
        }
        if (depth == 0) out += c;
        if (c == '>' && depth > 0) --depth;
    }
    return out.size() > longest ? out.substr(0, longest) + "..." : out;
}

std::string described(const call_stack& stack) {
    constexpr std::size_t shown = 3;
    std::vector<std::string> offsets;
    for (int i = frames_of_ours; i < stack.size; ++i) {
        void* const frame = stack.frames[static_cast<std::size_t>(i)];
        if (in_this_program(frame)) offsets.push_back(offset_text(frame));
    }
    std::string text;
    std::size_t said = 0;
    for (const auto& name : names_of(offsets)) {
        if (said == shown || says_nothing(name)) continue;
        text += (text.empty() ? "" : " < ") + shortened(name);
        ++said;
    }
    return text.empty() ? "outside of this program" : text;
}

}  // namespace

void trace_allocations(bool on) {
    if (on) {
        std::array<void*, 1> first{};
        ::backtrace(first.data(), 1);  // loads a library, with allocations of its own
        const std::lock_guard lock(stacks_mutex);
        stacks_used = 0;
    }
    switched_on = on;
}

void trace_one_allocation() noexcept {
    if (!switched_on.load(std::memory_order_relaxed) || within) return;
    within = true;
    call_stack seen;
    seen.size = ::backtrace(seen.frames.data(), frames_max);
    note(seen);
    within = false;
}

std::vector<allocation_site> traced_allocations() {
    std::vector<call_stack> seen;
    {
        const std::lock_guard lock(stacks_mutex);
        seen.assign(stacks.begin(), stacks.begin() + static_cast<std::ptrdiff_t>(stacks_used));
    }
    std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
    constexpr std::size_t looked_at = 16;
    if (seen.size() > looked_at) seen.resize(looked_at);
    std::vector<allocation_site> sites;
    for (const auto& stack : seen) {
        auto where = described(stack);
        const auto same = std::find_if(sites.begin(), sites.end(), [&](const auto& s) { return s.where == where; });
        if (same == sites.end()) {
            sites.push_back({stack.count, std::move(where)});
        } else {
            same->count += stack.count;
        }
    }
    return sites;
}

}  // namespace redoubt::bench
