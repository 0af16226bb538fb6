// Logging through the sink of the application, or through spdlog.
#include "core/log.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "core/log_gate.hpp"
#include "core/stack/clock.hpp"

namespace redoubt {

namespace {

// Never destroyed, unlike what is logged to.
struct Output {
    std::mutex lock;
    bool open = false;                     // under lock
    std::shared_ptr<const log_sink> sink;  // under lock; null: spdlog
    core::LogGate gate;                    // under lock
};
Output& output() {
    static auto* const instance = new Output;
    return *instance;
}

// This thread is in the sink, and so holds the lock.
thread_local bool writing = false;

void set_open(bool yes) {
    const std::lock_guard hold(output().lock);
    output().open = yes;
}

struct OpenUntilExit {
    OpenUntilExit() { set_open(true); }
    ~OpenUntilExit() { set_open(false); }
};

void write(const Output& to, log_level level, std::string_view line) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    if (const auto sink = to.sink) return (*sink)(level, line);  // a copy: the sink may set another one
    spdlog::log(levels[static_cast<std::size_t>(level)], "redoubt: {}", line);
}

}  // namespace

void set_log_sink(log_sink sink) {
    auto fresh = sink ? std::make_shared<const log_sink>(std::move(sink)) : nullptr;
    // Runs before the destructors of what exists now.
    if (fresh) std::atexit([] { set_open(false); });
    std::unique_lock hold(output().lock, std::defer_lock);
    if (!writing) hold.lock();
    output().sink.swap(fresh);
    output().gate = {};
    if (hold) hold.unlock();  // the former one is destroyed without the lock
}

}  // namespace redoubt

namespace redoubt::core {

void prepare_log() noexcept {
    try {
        spdlog::default_logger_raw();  // made before the object below, so destroyed after it
        static const OpenUntilExit open_until_exit;
    } catch (...) {  // NOLINT(bugprone-empty-catch): without a log then
    }
}

void log_state(log_level level, log_kind kind, std::string_view line) noexcept {
    if (writing) return;
    try {
        auto& to = output();
        const std::lock_guard hold(to.lock);
        if (!to.open) return;
        const auto suppressed = to.gate.admit(kind.what, kind.node, steady_now_ns());
        if (!suppressed) return;
        struct Writing {
            Writing() { writing = true; }
            ~Writing() { writing = false; }
        } const mark;
        if (*suppressed == 0) return write(to, level, line);
        const auto count = std::to_string(*suppressed) + (*suppressed == 1 ? " line" : " lines");
        write(to, level, std::string(line) + " (" + count + " suppressed)");
    } catch (...) {  // NOLINT(bugprone-empty-catch): a log that fails must not take the client along
    }
}

}  // namespace redoubt::core
