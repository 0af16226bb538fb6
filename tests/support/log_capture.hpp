// What the library logs while a test runs, in place of the program's own log.
#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/log.hpp"

namespace redoubt::test {

/// Thread safety: all functions, from any thread. One at a time.
class LogCapture {
public:
    LogCapture() : sink_(std::make_shared<Sink>()), before_(spdlog::default_logger()) {
        core::prepare_log();
        set_log_sink({});  // forgets what was written before
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("captured", sink_));
    }
    ~LogCapture() { spdlog::set_default_logger(before_); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// The lines so far, each as "level: text".
    std::vector<std::string> lines() const { return sink_->lines(); }
    std::string text() const {
        std::string all;
        for (const auto& line : lines()) all += line + '\n';
        return all;
    }

private:
    class Sink final : public spdlog::sinks::base_sink<std::mutex> {
    public:
        std::vector<std::string> lines() {
            const std::lock_guard<std::mutex> hold(mutex_);
            return lines_;
        }

    private:
        void sink_it_(const spdlog::details::log_msg& m) override {
            const auto level = spdlog::level::to_string_view(m.level);
            lines_.push_back(std::string(level.data(), level.size()) + ": " +
                             std::string(m.payload.data(), m.payload.size()));
        }
        void flush_() override {}
        std::vector<std::string> lines_;
    };

    std::shared_ptr<Sink> sink_;
    std::shared_ptr<spdlog::logger> before_;
};

}  // namespace redoubt::test
