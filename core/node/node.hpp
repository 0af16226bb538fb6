// What this process knows of one server, whichever of its clients found it out.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <redoubt/error.hpp>
#include <redoubt/listener.hpp>
#include <redoubt/stats.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/node/auth_gate.hpp"
#include "resilience/circuit_breaker.hpp"
#include "resilience/dial_governor.hpp"
#include "resilience/health_checker.hpp"

namespace redoubt::core {

struct node_policy {
    resilience::breaker_policy breaker{};
    resilience::health_policy health{};
    resilience::dial_policy dials{};
};

/// Shared by all clients of the process with this endpoint: one circuit breaker, one view of its health, one governor
/// of dials. Its changes of state are logged, one line each. Thread safe.
class Node {
public:
    using greeting = AuthGate::key;
    /// What a dial was granted under; goes back with its outcome.
    struct answer {
        bool granted = false;
        std::int64_t ask_again_ns = 0;  ///< Not granted: ask again then; `told`: the watchers will be told.
        std::optional<error> refused;   ///< Not granted, because the server refused this greeting: its words.
        resilience::DialGovernor::grant under = 0;
        greeting who = 0;
        AuthGate::pass pass = 0;
    };
    static constexpr std::int64_t told = resilience::DialGovernor::told;
    using outcome = resilience::DialGovernor::outcome;
    using news = resilience::DialGovernor::news;

    /// Who has to do with the node. Called on any thread, under locks of the node: it may only post.
    class Watcher {
    public:
        /// Something changed that may end a wait: the node answers again, a dial may start, or a series is over.
        virtual void on_node_news(news what) noexcept = 0;
        /// It has a connection that carries commands.
        virtual bool connected() const noexcept { return false; }
        /// Changes of state, each once, in order.
        virtual void on_breaker(const breaker_change&) noexcept {}
        virtual void on_health(const health_change_event&) noexcept {}

    protected:
        ~Watcher() = default;
    };

    /// The one of this process; a child of fork() begins with none. The policies are those of whoever came first.
    static std::shared_ptr<Node> of(const std::string& name, const node_policy& policy);

    /// For of(), and for tests. `gate`: of earlier clients of the same node.
    Node(std::string name, const node_policy& policy, std::shared_ptr<shared_auth_gate> gate = nullptr);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    const std::string& name() const noexcept { return breaker_.name(); }
    resilience::CircuitBreaker& breaker() noexcept { return breaker_; }

    void join(Watcher& w);
    /// When it has returned, the watcher is not called any more. Without effect when it had left before.
    void leave(Watcher& w) noexcept;

    // -- dials --
    /// `who`: by what the connection will be greeted, see greeting_key().
    answer ask_to_dial(std::int64_t now_ns, greeting who = 0);
    /// The end of a dial that was granted. Breaker and health hear of it too; of a failure only if it is news, and if
    /// no watcher has a connection that works: a server without room for one more still serves the others.
    /// `why`: of one that failed.
    news dial_finished(const answer& granted, outcome how, std::int64_t now_ns, const error* why = nullptr);
    enum class owed : bool { nothing, replies };
    /// A connection that had worked since `since_ns` was lost. With nothing owed on it, that is no failure of the node.
    void connection_lost(owed what, std::int64_t now_ns, std::int64_t since_ns, greeting who = 0);

    // -- its name --
    /// A connection was greeted at this numeric address. Empty: it has none.
    void found_at(std::string address);
    /// The last one; empty: none yet.
    std::string last_good_address() const;
    /// The resolver failed with these words, or (empty) knows the name. Each change is told once, in the log, unless
    /// there is no address to fall back on: then the dial that fails tells.
    void resolver_said(std::string_view failure);

    // -- health --
    using probe_answer = resilience::probe_answer;
    /// When begin_probe() is worth asking.
    std::int64_t next_probe_ns(std::int64_t now_ns);
    /// A PING is due, and must be answered by the time returned. nullopt: not now, or another client is at it.
    std::optional<std::int64_t> begin_probe(std::int64_t now_ns);
    void probe_ended(probe_answer what, std::int64_t now_ns);
    void probe_abandoned();
    /// Something else told as much as a probe does.
    void heard(probe_answer what, std::int64_t now_ns);
    /// Replies came.
    void traffic_succeeded(std::int64_t now_ns) noexcept { health_.traffic_succeeded(now_ns); }

    health_stats health_figures() const;
    breaker_stats breaker_figures(std::int64_t now_ns) const;

private:
    void tell(news what) noexcept;
    bool somebody_connected() noexcept;
    void on_breaker(const resilience::breaker_event& e);
    void tell_health_locked(const std::optional<resilience::health_change>& change) noexcept;
    void log_health(const std::optional<resilience::health_change>& change) const;

    resilience::CircuitBreaker breaker_;
    const std::shared_ptr<shared_auth_gate> gate_;  // its lock may be taken under lock_

    mutable std::mutex lock_;
    resilience::DialGovernor governor_;            // under lock_
    resilience::HealthChecker health_;             // under lock_, as far as it asks for that
    bool somebody_waits_ = false;                  // under lock_: a dial was put off until another one ends
    std::string last_good_address_;                // under lock_
    bool resolver_fails_ = false;                  // under lock_, and told
    std::optional<std::int64_t> loss_counted_ns_;  // under lock_: by the breaker; a dial that succeeds soon undoes it
    std::mutex watchers_lock_;                     // may be taken under lock_
    std::vector<Watcher*> watchers_;               // under watchers_lock_
};

}  // namespace redoubt::core
