// Logging through spdlog.
#include "core/log.hpp"

#include <spdlog/spdlog.h>

#include <mutex>

namespace redoubt::core {

namespace {

// Never destroyed, unlike what is logged to.
struct Gate {
    std::mutex lock;
    bool open = false;
};
Gate& gate() {
    static auto* const instance = new Gate;
    return *instance;
}

void set_open(bool yes) {
    const std::lock_guard hold(gate().lock);
    gate().open = yes;
}

struct OpenUntilExit {
    OpenUntilExit() { set_open(true); }
    ~OpenUntilExit() { set_open(false); }
};

}  // namespace

void prepare_log() noexcept {
    try {
        spdlog::default_logger_raw();  // made before the object below, so destroyed after it
        static const OpenUntilExit open_until_exit;
    } catch (...) {  // NOLINT(bugprone-empty-catch): without a log then
    }
}

void log_state(log_level level, const std::string& line) noexcept {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    try {
        const std::lock_guard hold(gate().lock);
        if (!gate().open) return;
        spdlog::log(levels[static_cast<std::size_t>(level)], "redoubt: {}", line);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a log that fails must not take the client along
    }
}

}  // namespace redoubt::core
