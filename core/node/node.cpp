// One node: what is heard of it goes to its governor, its breaker and its health checker.
#include "core/node/node.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/log.hpp"
#include "core/per_process.hpp"
#include "core/stack/clock.hpp"
#include "core/stack/duration_text.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {

// A redial that took longer was an interruption that callers have felt.
constexpr std::int64_t at_once_ns = 1'000'000'000;

struct Registry {
    std::mutex lock;
    std::map<std::string, std::weak_ptr<Node>> nodes;
    std::map<std::string, std::shared_ptr<shared_auth_gate>> gates;  // also of nodes that were given up lately

    void forget_locked(std::int64_t now_ns) {
        std::erase_if(nodes, [](const auto& n) { return n.second.expired(); });
        std::erase_if(gates, [&](const auto& g) {
            const lock_guard hold(g.second->lock);
            return !nodes.contains(g.first) && g.second->gate.retire(now_ns);
        });
    }
};

// The words of an error without what the reader of a rejection knows already: node, fate, remedy.
std::string briefly(const error& e) {
    std::string out(e.text());
    if (e.cause()) out += (out.empty() ? "" : ": ") + e.cause().message();
    return out.empty() ? make_error_code(e.kind()).message() : out;
}

AuthGate::outcome at_the_gate(Node::outcome how) {
    switch (how) {
        case Node::outcome::connected: return AuthGate::outcome::greeted;
        case Node::outcome::refused: return AuthGate::outcome::refused;
        case Node::outcome::full:
        case Node::outcome::failed: return AuthGate::outcome::nothing;
        case Node::outcome::abandoned: break;
    }
    return AuthGate::outcome::withdrawn;
}

}  // namespace

std::shared_ptr<Node> Node::of(const std::string& name, const node_policy& policy) {
    auto& all = per_process<Registry>();
    const lock_guard hold(all.lock);
    all.forget_locked(steady_now_ns());
    if (auto known = all.nodes[name].lock()) return known;
    auto& gate = all.gates[name];
    if (!gate) gate = std::make_shared<shared_auth_gate>();
    auto fresh = std::make_shared<Node>(name, policy, gate);
    all.nodes[name] = fresh;
    return fresh;
}

Node::Node(std::string name, const node_policy& policy, std::shared_ptr<shared_auth_gate> gate)
    : breaker_(std::move(name), policy.breaker, [this](const auto& e) { on_breaker(e); }),
      gate_(gate ? std::move(gate) : std::make_shared<shared_auth_gate>()),
      governor_(policy.dials, resilience::random_seed()),
      health_(policy.health) {}

// -- watchers --

void Node::join(Watcher& w) {
    const lock_guard hold(watchers_lock_);
    watchers_.push_back(&w);
}

void Node::leave(Watcher& w) noexcept {
    const lock_guard hold(watchers_lock_);
    std::erase(watchers_, &w);
}

void Node::tell(news what) noexcept {
    const lock_guard hold(watchers_lock_);
    for (auto* const w : watchers_) w->on_node_news(what);
}

bool Node::somebody_connected() noexcept {
    const lock_guard hold(watchers_lock_);
    return std::any_of(watchers_.begin(), watchers_.end(), [](const Watcher* w) { return w->connected(); });
}

// -- dials --

Node::answer Node::ask_to_dial(std::int64_t now_ns, greeting who) {
    static_assert(AuthGate::told == told);
    const lock_guard hold(lock_);
    const lock_guard at_gate(gate_->lock);
    const auto gate = gate_->gate.ask(who, now_ns);
    if (!gate.open) {
        if (gate.ask_again_ns == told) somebody_waits_ = true;
        return {.ask_again_ns = gate.ask_again_ns, .refused = gate.refused};
    }
    const auto a = governor_.ask(now_ns);
    if (!a.granted) {
        (void)gate_->gate.finished(who, gate.under, AuthGate::outcome::withdrawn, now_ns);
        if (a.ask_again_ns == told) somebody_waits_ = true;
    }
    return {.granted = a.granted,
            .ask_again_ns = a.ask_again_ns,
            .refused = {},
            .under = a.under,
            .who = who,
            .pass = gate.under};
}

Node::news Node::dial_finished(const answer& granted, outcome how, std::int64_t now_ns, const error* why) {
    auto heard_of = news::none;
    bool waited = false;
    bool at_once = false;
    const bool failed = how == outcome::failed || how == outcome::full;
    // A name that is not found says nothing about the server.
    bool counts = failed && (why == nullptr || *why != errc::resolve_failed) && !somebody_connected();
    {
        const lock_guard hold(lock_);
        counts = counts && governor_.current(granted.under);
        heard_of = governor_.finished(granted.under, how, now_ns);
        const lock_guard at_gate(gate_->lock);
        waited = gate_->gate.finished(granted.who, granted.pass, at_the_gate(how), now_ns, why);
        waited |= std::exchange(somebody_waits_, false);
        if (how != outcome::abandoned) {
            const auto lost_ns = std::exchange(loss_counted_ns_, std::nullopt);
            at_once = lost_ns && now_ns - *lost_ns <= at_once_ns;
        }
    }
    const auto words = why != nullptr ? briefly(*why) : std::string();
    switch (how) {
        case outcome::connected:
            if (at_once) breaker_.withdraw_connection_failure();
            breaker_.reachable(now_ns);
            health_.traffic_succeeded(now_ns);  // no PING is needed for some time
            heard(probe_answer::alive, now_ns);
            break;
        case outcome::refused: heard(probe_answer::alive, now_ns); break;
        case outcome::full:
        case outcome::failed:
            if (counts) breaker_.dial_failed(now_ns, words);
            if (counts && how == outcome::failed) heard(probe_answer::failed, now_ns);
            break;
        case outcome::abandoned: break;
    }
    if (waited || heard_of != news::none) tell(heard_of);
    return heard_of;
}

void Node::connection_lost(owed what, std::int64_t now_ns, std::int64_t since_ns, greeting who) {
    {
        const lock_guard hold(lock_);
        const lock_guard at_gate(gate_->lock);
        gate_->gate.doubt(who);
        governor_.lost(now_ns, since_ns);
        // Where a pause comes first, the server is one that accepts and drops: no redial makes up for that.
        if (governor_.probing()) {
            loss_counted_ns_.reset();
        } else if (what == owed::replies && !loss_counted_ns_) {
            loss_counted_ns_ = now_ns;
        }
    }
    if (what == owed::replies) breaker_.connection_failed(now_ns);
}

// -- its name --

void Node::found_at(std::string address) {
    if (address.empty()) return;
    const lock_guard hold(lock_);
    last_good_address_ = std::move(address);
}

std::string Node::last_good_address() const {
    const lock_guard hold(lock_);
    return last_good_address_;
}

void Node::resolver_said(std::string_view failure) {
    std::string line = "the resolver knows " + name() + " again";
    {
        const lock_guard hold(lock_);
        const bool fails = !failure.empty();
        if (fails == resolver_fails_ || (fails && last_good_address_.empty())) return;
        resolver_fails_ = fails;
        if (fails) {
            line = "the resolver fails for " + name() + " (" + std::string(failure) +
                   "); dialling its last good address, " + last_good_address_;
        }
    }
    log_state(failure.empty() ? log_level::info : log_level::warning, {"resolver", name()}, line);
}

// -- health --

std::int64_t Node::next_probe_ns(std::int64_t now_ns) {
    const lock_guard hold(lock_);
    // While another client asks: look again, it may go away.
    return std::min(health_.next_probe_ns(now_ns), now_ns + health_.policy().interval.count());
}

std::optional<std::int64_t> Node::begin_probe(std::int64_t now_ns) {
    const lock_guard hold(lock_);
    if (health_.next_probe_ns(now_ns) > now_ns) return std::nullopt;
    health_.probe_began(now_ns);
    return now_ns + health_.policy().timeout.count();
}

void Node::probe_ended(probe_answer what, std::int64_t now_ns) {
    std::optional<resilience::health_change> change;
    {
        const lock_guard hold(lock_);
        change = health_.probe_ended(what, now_ns);
        tell_health_locked(change);
    }
    if (what == probe_answer::alive) breaker_.reachable(now_ns);
    log_health(change);
}

void Node::probe_abandoned() {
    const lock_guard hold(lock_);
    health_.probe_abandoned();
}

void Node::heard(probe_answer what, std::int64_t now_ns) {
    std::optional<resilience::health_change> change;
    {
        const lock_guard hold(lock_);
        change = health_.heard(what, now_ns);
        tell_health_locked(change);
    }
    log_health(change);
}

// Under the lock under which it was decided, so that no two changes change places.
void Node::tell_health_locked(const std::optional<resilience::health_change>& change) noexcept {
    if (!change) return;
    const health_change_event event{.node = name(),
                                    .from = change->from,
                                    .to = change->to,
                                    .failed = change->failed,
                                    .flapping_began = change->flapping_began};
    const lock_guard hold(watchers_lock_);
    for (auto* const w : watchers_) w->on_health(event);
}

void Node::log_health(const std::optional<resilience::health_change>& change) const {
    // That a server is there is what one expects.
    if (!change || (change->from == health_state::unknown && change->to == health_state::healthy)) return;
    std::string line =
        name() + " is " + std::string(to_string(change->to)) + ", was " + std::string(to_string(change->from));
    if (change->failed != 0) line += "; " + std::to_string(change->failed) + " failures since";
    if (change->suppressed != 0) line += "; " + std::to_string(change->suppressed) + " lines suppressed";
    if (change->flapping_began) line += "; it is flapping";
    log_state(change->to == health_state::healthy ? log_level::info : log_level::warning, {"health", name()}, line);
}

health_stats Node::health_figures() const {
    const lock_guard hold(lock_);
    return {.state = health_.state(),
            .changes = health_.changes(),
            .probes = health_.probes(),
            .probes_failed = health_.probes_failed()};
}

// -- breaker --

void Node::on_breaker(const resilience::breaker_event& e) {
    const breaker_change change{.node = name(),
                                .from = e.from,
                                .to = e.to,
                                .text = e.text.empty() ? std::string(to_string(e.reason)) : e.text,
                                .open_for = e.open_for};
    {
        const lock_guard hold(watchers_lock_);
        for (auto* const w : watchers_) w->on_breaker(change);
    }
    std::string line = "circuit '" + name() + "' is " + std::string(to_string(e.to));
    if (e.to == breaker_state::open) line += " for " + rounded_duration_text(e.open_for);
    line += ": " + change.text;
    log_state(e.to == breaker_state::open ? log_level::warning : log_level::info, {"breaker", name()}, line);
}

breaker_stats Node::breaker_figures(std::int64_t now_ns) const {
    const auto s = breaker_.snapshot(now_ns);
    return {.state = s.state, .opened = s.opened, .rejected = s.rejected, .stale_results = s.stale_results};
}

}  // namespace redoubt::core
