// The connections to one target: a shared one that carries ordinary commands, exclusive ones on lease, one budget.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <redoubt/options.hpp>
#include <redoubt/stats.hpp>
#include <string>
#include <vector>

#include "core/connection/connection.hpp"
#include "core/connection/dial.hpp"
#include "core/node/announcer.hpp"
#include "core/node/node.hpp"
#include "core/pool/control_operation.hpp"
#include "core/pool/guest.hpp"
#include "core/pool/lease_line.hpp"
#include "core/pool/progress_watch.hpp"
#include "core/stack/layer.hpp"
#include "core/stack/waiting_line.hpp"
#include "resilience/random.hpp"

namespace redoubt::core {

/// The innermost layer: names the connection that carries a command, and lets operations wait while there is none.
///
/// The shared connection is dialled when the pool opens, and again whenever it is lost, as the node's governor allows.
/// It is replaced while it works when it has grown old, or when its server refuses to serve it (READONLY, NOAUTH), and
/// when it has fallen silent and another one is answered. Leased connections are dialled on demand, within
/// `connections_max`, and only while the shared connection shows that the server answers.
class Pool final : public Layer, public Connection::Listener, private Node::Watcher {
public:
    /// `announcer`, if any: hears of the shared connection.
    Pool(Reactor& reactor, const options& o, std::shared_ptr<Node> node, Announcer* announcer = nullptr);
    ~Pool() override;

    void start(Operation& op) noexcept override;
    bool cancel(Operation& op, errc reason) noexcept override;
    std::string describe() const override { return "connection[" + node() + "]"; }

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
    /// `told` is called on the I/O thread when a lease that refused a command has room again, until it is given back.
    void when_lease_has_room(Connection& connection, std::function<void()> told);
    /// For those that wait without a thread (AsyncLease): joins the line, or is served or refused at once. I/O thread.
    void join_lease_line(lease_request& r) noexcept;
    /// False: it is over already.
    bool leave_lease_line(lease_request& r) noexcept;
    /// Why no lease can even be waited for; nullopt: it can. Any thread.
    std::optional<error> lease_refusal() const noexcept;
    /// What somebody is told whose wait for a lease was in vain. Any thread.
    error late_for_lease(errc code) const noexcept;
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
    void on_silence(Connection& connection, errc reason) noexcept override;
    void on_refusal(Connection& connection, errc code) noexcept override;
    void on_node_news(Node::news what) noexcept override;
    bool connected() const noexcept override { return usable(); }

    // The way of a command.
    bool usable() const noexcept {
        const auto* const c = current_.load(std::memory_order_acquire);
        return c != nullptr && c->up();
    }
    error node_error(errc code, fate f, phase p) const noexcept {
        return error(code, f, p).with_details_of(node_details_);
    }
    error not_connected_locked(errc code, phase p) const noexcept;
    std::optional<error> refusal_locked() const noexcept;
    void drain_waiting() noexcept;
    void fail_waiting(const error& why) noexcept;
    dial_settings settings_for(std::string_view role);
    Connection::settings connection_settings() const;
    /// At once when this is the I/O thread.
    template <class F> void on_io_thread(F f) { reactor_.on_thread() ? f() : reactor_.post(std::move(f)); }

    // The shared connection (pool_dials.cpp, pool_links.cpp); I/O thread. Two more are enough for those that are on
    // their way out.
    enum class role : std::uint8_t {
        spare,     // down
        current,   // carries commands
        suspect,   // silent for too long: takes no commands until it, or a new connection, is answered
        draining,  // replaced: answers what it owes, then it is closed
    };
    struct link {
        std::unique_ptr<Connection> connection;
        enum role role = role::spare;
        std::int64_t until_ns = never_ns;  // suspect or draining: closed then
        std::uint64_t receives_seen = 0;   // suspect: one more, and it lives
        std::int64_t since_ns = 0;         // up
    };
    enum class want : std::uint8_t { connection, replacement, proof };  // what the next dial is for
    void connect() noexcept;
    void connect_at(std::int64_t when_ns) noexcept;
    void on_shared_dial(const Node::answer& granted, result<int> outcome) noexcept;
    void dial_failed(const error& why, Node::news news) noexcept;
    void take_over(int fd) noexcept;
    void reconsider(Node::news what) noexcept;
    void series_over() noexcept;
    void start_new_series() noexcept;
    void refuse_by_gate(const error& why) noexcept;
    void end_silent(link& l, std::int64_t now_ns) noexcept;
    void end_lifetime() noexcept;
    void replace(std::string_view why) noexcept;
    void replace_after_closing(std::string_view why) noexcept;
    void being_replaced_locked(std::string_view why);
    void suspect() noexcept;
    void recovered(link& l) noexcept;
    void retire(link& l, std::int64_t now_ns) noexcept;
    void look_after_links() noexcept;
    void look_after_links_soon() noexcept;
    void on_link_down(link& l, const error& why) noexcept;
    void tell(connection_event what, const error& why = {}) noexcept {
        if (announcer_ != nullptr) announcer_->tell(what, why);
    }
    link* find_link(const Connection* connection) noexcept;
    link* find_link(enum role r) noexcept;
    std::uint32_t links_live() const noexcept;
    bool room_for_another_link() const noexcept;

    // Is it alive (pool_watch.cpp); I/O thread.
    void watch_progress() noexcept;
    void plan_probe() noexcept;
    void send_probe() noexcept;
    void on_probe_answer(bool failed) noexcept;

    // Leases; I/O thread.
    struct leased {
        std::unique_ptr<Connection> connection;
        std::int64_t idle_since_ns = 0;
        std::int64_t retire_at_ns = never_ns;
        std::function<void()> on_room{};  // its holder wants to know
        bool in_use = true;
        bool down = false;
    };
    void refill_leases() noexcept;
    void on_lease_room(Connection& connection) noexcept;
    void on_lease_dial(const Node::answer& granted, result<int> outcome) noexcept;
    void on_lease_down(Connection& connection, const error& why) noexcept;
    void drop_leases_of_this_age() noexcept;
    void retire(Connection& connection) noexcept;
    void remove_locked(std::vector<leased>::iterator which) noexcept;
    void place_locked(leased& l) noexcept;
    std::vector<leased>::iterator find_locked(const Connection& connection) noexcept;
    bool room_locked() const noexcept;
    void look_after_leases() noexcept;
    error no_place_for_leases() const;
    Connection* take_idle_locked() noexcept;
    std::optional<error> lease_refusal_locked() const noexcept;
    error late_for_lease_locked(errc code) const noexcept;
    static Node::outcome outcome_of(const error& why) noexcept;
    std::int64_t lifetime_end_ns(std::int64_t now_ns) noexcept;

    struct Timers;

    Reactor& reactor_;
    const options options_;
    const dial_settings dial_settings_;
    const Node::greeting greeting_;
    const error node_details_;
    const std::shared_ptr<Node> node_;
    Announcer* const announcer_;
    std::array<link, 3> links_;  // `connection` is set for good; the rest is the I/O thread's
    std::atomic<Connection*> current_{nullptr};
    std::atomic<std::size_t> waiting_count_{0};
    std::atomic<bool> exhausted_{false};  // a series of dials has ended: the next call starts another one; set under
                                          // lock_

    mutable std::mutex lock_;
    std::condition_variable changed_;      // the shared connection came up, or an obstacle was met
    WaitingLine waiting_;                  // under lock_
    LeaseLine lease_line_;                 // under lock_
    std::vector<leased> leases_;           // under lock_: all of them, idle ones included
    std::vector<Connection*> idle_;        // under lock_: the last one returned serves first
    std::uint32_t lease_dials_ = 0;        // under lock_
    std::uint32_t link_places_ = 1;        // under lock_: of the shared connection, and of those that replace it
    std::optional<error> obstacle_;        // under lock_: why there is no connection at present
    std::optional<error> lease_obstacle_;  // under lock_: why the last dial for a lease failed
    std::vector<std::weak_ptr<PoolGuest>> guests_;  // under lock_
    bool looking_after_ = false;                    // under lock_: look_after_leases() will run
    bool being_replaced_ = false;                   // under lock_: there is no connection by our own doing
    bool lasting_ = false;                          // under lock_: waiting will not remove the obstacle
    bool refusing_ = false;                         // under lock_
    pool_stats counts_;                             // under lock_

    // I/O thread only
    std::unique_ptr<Timers> timers_;
    std::vector<std::shared_ptr<Dial>> dials_;
    want wanted_ = want::connection;
    bool dialling_shared_ = false;
    bool looking_after_links_ = false;
    std::atomic<std::int64_t> replaced_at_ns_{0};  // because of a refusal
    std::int64_t lost_at_ns_ = 0;                  // 0: there is a connection, or there never was one
    std::uint64_t failed_since_lost_ = 0;
    bool loss_reported_ = false;
    std::uint64_t connection_number_ = 0;
    resilience::random_engine random_;
    ProgressWatch progress_;
    ControlOperation probe_;
    std::uint64_t receives_at_probe_ = 0;
    bool closing_ = false;
};

}  // namespace redoubt::core
