// The connections to one target: a shared one that carries ordinary commands, exclusive ones on lease, one budget.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <redoubt/options.hpp>
#include <redoubt/stats.hpp>
#include <string>
#include <vector>

#include "core/connection/connection.hpp"
#include "core/connection/dial.hpp"
#include "core/pool/guest.hpp"
#include "core/pool/lease_line.hpp"
#include "core/pool/waiting_line.hpp"
#include "core/stack/layer.hpp"
#include "resilience/backoff.hpp"

namespace redoubt::core {

/// The innermost layer: names the connection that carries a command, and lets operations wait while there is none.
///
/// The shared connection is dialled when the pool opens, and again whenever it is lost: at first at once, then after
/// growing pauses, by one dial at a time. Leased connections are dialled on demand, within `connections_max`, and
/// only while the shared connection shows that the server answers.
class Pool final : public Layer, public Connection::Listener {
public:
    Pool(Reactor& reactor, const options& o);
    ~Pool() override;

    void start(Operation& op) noexcept override;
    bool cancel(Operation& op, errc reason) noexcept override;
    std::string describe() const override { return shared_.describe(); }

    /// Begins to dial. I/O thread.
    void open() noexcept;
    /// Waits until the shared connection is up. Fails with what stands in the way when the time is over, or earlier
    /// when waiting cannot help (wrong credentials). Not on the I/O thread.
    result<void> ready(std::int64_t until_ns) noexcept;

    /// No new operations from now on; those that wait for a connection fail with `closed`. Any thread.
    void refuse() noexcept;
    /// Ends all connections, leased ones too. I/O thread, after refuse().
    void close() noexcept;
    /// Every connection is down and no dial is under way. I/O thread.
    bool quiet() const noexcept;

    /// An exclusive connection, in order of arrival. Not on the I/O thread.
    result<Connection*> acquire_lease(std::int64_t until_ns) noexcept;  // pool_leases.cpp
    enum class give_back : bool { reusable, used_up };
    /// The lease is over. A connection that is used up, broken or owed a reply is closed. Any thread.
    void release_lease(Connection& connection, give_back state) noexcept;

    /// For those that wait without a thread (AsyncLease): joins the line, or is served or refused at once. I/O thread.
    void join_lease_line(lease_request& r) noexcept;
    /// False: it is over already.
    bool leave_lease_line(lease_request& r) noexcept;

    /// Counts it among the subscribers as long as it lives, and tells it when the pool closes (at once when it has
    /// closed already). Any thread.
    void track(const std::weak_ptr<PoolGuest>& guest);
    /// Tells the guests of today that the pool closes; close() does it too. I/O thread.
    void dismiss_guests() noexcept;

    Reactor& reactor() noexcept { return reactor_; }
    /// The name of a connection in this role, as CLIENT LIST shows it; each call gives another. I/O thread.
    std::string next_client_name(std::string_view role);

    pool_stats stats() const noexcept;
    const std::string& node() const noexcept { return dial_settings_.node; }

private:
    void on_down(Connection& connection, const error& why) noexcept override;
    void on_room(Connection& connection) noexcept override;

    // The shared connection; I/O thread.
    void dial_shared() noexcept;
    void on_shared_dial(result<int> outcome) noexcept;
    void redial_later(const error& why) noexcept;
    void dial_after(std::chrono::nanoseconds pause) noexcept;
    dial_settings settings_for(std::string_view role);
    void drain_waiting() noexcept;
    void fail_waiting(const error& why) noexcept;

    // Leases; I/O thread.
    struct leased {
        std::unique_ptr<Connection> connection;
        std::int64_t idle_since_ns = 0;
        bool in_use = true;
        bool down = false;
    };
    void refill_leases() noexcept;
    void on_lease_dial(result<int> outcome) noexcept;
    void on_lease_down(Connection& connection) noexcept;
    void retire(Connection& connection) noexcept;
    void remove_locked(std::vector<leased>::iterator which) noexcept;
    void place_locked(leased& l) noexcept;
    std::vector<leased>::iterator find_locked(const Connection& connection) noexcept;
    bool room_locked() const noexcept;
    void look_after_leases() noexcept;
    error no_place_for_leases() const;

    struct Timers;

    Reactor& reactor_;
    const options options_;
    const dial_settings dial_settings_;
    Connection shared_;
    std::atomic<std::size_t> waiting_count_{0};

    mutable std::mutex lock_;
    std::condition_variable changed_;               // the shared connection came up, or an obstacle was met
    WaitingLine waiting_;                           // under lock_
    LeaseLine lease_line_;                          // under lock_
    std::vector<leased> leases_;                    // under lock_: all of them, idle ones included
    std::vector<Connection*> idle_;                 // under lock_: the last one returned serves first
    std::uint32_t lease_dials_ = 0;                 // under lock_
    std::optional<error> obstacle_;                 // under lock_: why there is no connection at present
    std::optional<error> lease_obstacle_;           // under lock_: why the last dial for a lease failed
    std::vector<std::weak_ptr<PoolGuest>> guests_;  // under lock_
    bool looking_after_ = false;                    // under lock_: look_after_leases() will run
    bool lasting_ = false;                          // under lock_: waiting will not remove the obstacle
    bool refusing_ = false;                         // under lock_
    pool_stats counts_;                             // under lock_

    // I/O thread only
    resilience::reconnect_backoff backoff_;
    std::unique_ptr<Timers> timers_;
    std::vector<std::shared_ptr<Dial>> dials_;
    bool dialling_shared_ = false;
    std::chrono::nanoseconds gate_{};  // pause after refused credentials
    std::int64_t connected_at_ns_ = 0;
    std::int64_t lease_dials_from_ns_ = 0;  // after a failed one: not before
    std::uint64_t connection_number_ = 0;
    bool shared_live_ = false;  // adopted, and not yet reported down
    bool closing_ = false;
};

}  // namespace redoubt::core
