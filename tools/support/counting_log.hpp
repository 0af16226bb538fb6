// The log of the library, counted instead of written.
#pragma once

#include <cstdint>
#include <memory>

namespace spdlog {
class logger;
}

namespace redoubt::lab {

/// While it lives, spdlog's default logger writes nothing and counts its lines. Make it before clients are opened.
/// Thread safety: lines() may be called from any thread.
class CountingLog {
public:
    CountingLog();
    ~CountingLog();  ///< the former logger is the default again
    CountingLog(const CountingLog&) = delete;
    CountingLog& operator=(const CountingLog&) = delete;

    /// All lines since the beginning.
    std::uint64_t lines() const;

private:
    class Sink;
    std::shared_ptr<Sink> sink_;
    std::shared_ptr<spdlog::logger> former_;
};

}  // namespace redoubt::lab
