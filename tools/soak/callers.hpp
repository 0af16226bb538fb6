// The users of a client under soak: threads, callbacks, coroutines, leases, dedicated connections.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <redoubt/client.hpp>
#include <thread>
#include <vector>

#include "tools/support/soak_record.hpp"

namespace redoubt::lab {

struct soak_callers {
    unsigned client = 0;  ///< number of the client, for the marks
    weather how = weather::calm;
    std::uint64_t seed = 1;
    unsigned threads = 8;
    unsigned callbacks = 8;   ///< on the client's I/O thread, each one call after the other
    unsigned cancelling = 8;  ///< callbacks on a thread of their own, some of them cancelled
    unsigned coroutines = 8;
    unsigned leases = 1;     ///< threads that take leases
    unsigned dedicated = 1;  ///< threads that use a dedicated client
    std::size_t value_bytes_max = 4U << 20U;
    std::chrono::milliseconds deadline{5'000};  ///< of calls that are not meant to be short of time
    bool being_closed = false;                  ///< the client is closed under them: any call may fail
};

/// All of them, from the constructor until stop().
/// Thread safety: one thread at a time.
class SoakCallers {
public:
    SoakCallers(Client client, SoakRecord& record, const soak_callers& options);
    ~SoakCallers();
    SoakCallers(const SoakCallers&) = delete;
    SoakCallers& operator=(const SoakCallers&) = delete;

    /// No new calls from now on.
    void stop() { stopping_ = true; }
    /// Callers that have not come to their end.
    unsigned busy() const { return busy_.load(); }
    /// Ends the threads. Preconditions: stopped, and nobody is busy any more.
    void join();

private:
    friend class SoakCaller;

    const Client client_;
    SoakRecord& record_;
    const soak_callers options_;
    std::atomic<bool> stopping_{false};
    std::atomic<unsigned> busy_{0};
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    std::vector<std::thread> threads_;
};

}  // namespace redoubt::lab
