// A sink of spdlog that counts.
#include "tools/support/counting_log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>

namespace redoubt::lab {

class CountingLog::Sink : public spdlog::sinks::base_sink<std::mutex> {
public:
    std::uint64_t lines() const { return lines_.load(std::memory_order_relaxed); }

protected:
    void sink_it_(const spdlog::details::log_msg&) override { lines_.fetch_add(1, std::memory_order_relaxed); }
    void flush_() override {}

private:
    std::atomic<std::uint64_t> lines_{0};
};

CountingLog::CountingLog() : sink_(std::make_shared<Sink>()), former_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink_));
}

CountingLog::~CountingLog() { spdlog::set_default_logger(former_); }

std::uint64_t CountingLog::lines() const { return sink_->lines(); }

}  // namespace redoubt::lab
