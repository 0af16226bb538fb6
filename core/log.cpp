// Logging through spdlog.
#include "core/log.hpp"

#include <spdlog/spdlog.h>

namespace redoubt::core {

void log_state(log_level level, const std::string& line) noexcept {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    try {
        spdlog::log(levels[static_cast<std::size_t>(level)], "redoubt: {}", line);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a log that fails must not take the client along
    }
}

}  // namespace redoubt::core
