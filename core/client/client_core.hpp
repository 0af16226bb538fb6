// Everything behind a client: its I/O thread, its pool, and the stack of layers. The composition root.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <redoubt/call_options.hpp>
#include <redoubt/options.hpp>
#include <redoubt/result.hpp>
#include <redoubt/stats.hpp>
#include <string>
#include <vector>

#include "core/client/io_thread.hpp"
#include "core/fork_number.hpp"
#include "core/node/announcer.hpp"
#include "core/pool/dedicated_line.hpp"
#include "core/pool/pool.hpp"
#include "core/stack/async_operation.hpp"
#include "core/stack/attempt_timeout.hpp"
#include "core/stack/breaker_layer.hpp"
#include "core/stack/deadline.hpp"
#include "core/stack/limiter_layer.hpp"
#include "core/stack/queued_bytes.hpp"
#include "core/stack/reactor.hpp"
#include "core/stack/retry_layer.hpp"

namespace redoubt::core {

/// deadline > limiter > retry > breaker > node limit > attempt timeout > connection. Shared by the handles and, until
/// its loop has ended, by the I/O thread.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
public:
    /// Preconditions: the options are valid.
    static std::shared_ptr<ClientCore> open(const options& o);

    explicit ClientCore(const options& o);  // for open()
    ~ClientCore();

    /// Runs a command to its end on the calling thread. The outcome is in `value` when true is returned.
    bool run(const command_base& command, const call_options& call, reply& value, error& failure) noexcept;
    /// The same on an exclusive connection: no limiter, no attempt timeout.
    bool run_on(Connection& connection, const command_base& command, const call_options& call, reply& value,
                error& failure) noexcept;
    /// On a line of its own when there is one.
    void launch(AsyncOperation& op, const call_options& call, DedicatedLine* line) noexcept;
    bool run_on(DedicatedLine& line, const command_base& command, const call_options& call, reply& value,
                error& failure) noexcept;
    /// A line for a dedicated client.
    result<std::shared_ptr<DedicatedLine>> make_line();
    result<void> close_line(DedicatedLine& line, std::int64_t until_ns) noexcept;

    result<void> ready(std::int64_t until_ns) noexcept;
    /// No new operations; waits for those under way, no longer than `until_ns`; what is left then completes with
    /// `closed`. When it returns, no handler runs any more on the I/O thread.
    result<void> close(std::int64_t until_ns) noexcept;
    /// This is a child of fork(), and the client is its parent's: it must not be touched.
    bool foreign() const noexcept { return born_ != fork_number(); }
    /// The last handle is gone.
    void abandon() noexcept;

    std::int64_t deadline_ns(const call_options& call) const noexcept;
    std::string describe() const { return top_->describe(); }
    std::string describe(const DedicatedLine& line) const;
    client_stats stats() const;
    Reactor& reactor() noexcept { return reactor_; }
    Pool& pool() noexcept { return pool_; }
    const options& settings() const noexcept { return options_; }
    void count_handler_exception() noexcept { handler_exceptions_.fetch_add(1, std::memory_order_relaxed); }

private:
    bool usable(const command_base& command, error& failure) const noexcept;
    bool idle() const noexcept;
    void leak() noexcept;
    bool drain(std::int64_t until_ns) noexcept;
    void begin_shutdown() noexcept;
    void finish_shutdown() noexcept;
    void start_thread();
    std::vector<std::shared_ptr<DedicatedLine>> lines() const;
    Layer& build_layers();
    void prepare(Operation& op, const call_options& call) const noexcept;

    const options options_;
    Reactor reactor_;
    const std::shared_ptr<Node> node_;
    Announcer announcer_;
    QueuedBytes queued_bytes_;
    Pool pool_;
    AttemptTimeoutLayer attempt_;
    std::optional<LimiterLayer> node_limit_;  // always there: built with the others
    std::optional<BreakerLayer> breaker_;
    std::optional<RetryLayer> retry_;
    std::optional<LimiterLayer> limiter_;
    DeadlineLayer deadline_;
    Layer* top_;
    const std::uint32_t born_;  // fork_number() of its process

    std::atomic<bool> accepting_{true};
    std::atomic<std::uint32_t> launching_{0};  // asynchronous calls between their check and the inbox
    std::atomic<std::uint64_t> handler_exceptions_{0};
    mutable std::mutex lines_lock_;
    std::vector<std::weak_ptr<DedicatedLine>> lines_;  // under lines_lock_
    std::mutex shutdown_lock_;
    bool joined_ = false;         // under shutdown_lock_
    bool shutting_down_ = false;  // I/O thread
    IoThread thread_;
};

}  // namespace redoubt::core
