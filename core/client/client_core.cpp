// Opening, running and ending a client.
#include "core/client/client_core.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <limits>
#include <new>
#include <redoubt/detail/async_call.hpp>
#include <thread>

#include "core/log.hpp"
#include "core/stack/blocking_operation.hpp"
#include "core/stack/duration_text.hpp"

namespace redoubt::core {

namespace {

// Signals are the application's business: its threads handle them, not the I/O thread. Those that report a crash of
// the thread itself stay open.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t set;
        sigfillset(&set);
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&set, own);
        pthread_sigmask(SIG_SETMASK, &set, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

node_policy policy_of(const options& o) {
    node_policy p;
    p.dials.reconnect = {
        .backoff = {.base = o.reconnect.base, .cap = o.reconnect.cap, .growth_percent = o.reconnect.factor * 100},
        .attempts_max = o.reconnect.attempts_max};
    p.health = {
        .interval = o.health.interval, .timeout = o.health.timeout, .fall = o.health.fall, .rise = o.health.rise};
    const auto b = o.breaker.value_or(breaker_options{});
    p.breaker.calls_min = b.calls_min;
    p.breaker.failure_percent = b.failure_percent;
    p.breaker.dials_max = o.breaker ? b.dials_max : 0;
    p.breaker.open_base = b.open_base;
    p.breaker.open_max = b.open_max;
    p.breaker.attempt_timeout = o.attempt_timeout;
    return p;
}

std::shared_ptr<Node> node_of(const options& o) {
    return Node::of(node_name(*parse_endpoint(o.endpoints.front())), policy_of(o));
}

// Its one owner is the announcer, which lets go of it: it may hold a handle of this client.
options without_listener(options o) {
    o.listener.reset();
    return o;
}

error operations_ended(const std::string& node) {
    return {errc::deadline_exceeded,
            fate::unknown,
            phase::none,
            {.node = node, .text = "operations were still under way and were ended with `closed`"}};
}

bool in_use(const LimiterLayer& l) { return l.limiter().snapshot().in_use != 0; }

constexpr auto drain_poll = std::chrono::milliseconds(1);

retry_settings make_retry(const retry_options& r) {
    return {.policy = {.attempts_max = r.attempts_max, .backoff = {.base = r.base, .cap = r.cap}},
            .budget = {.cap = r.budget_max,
                       .deposit_thousandths = r.budget_per_success_thousandths,
                       .per_second = r.budget_per_second}};
}

}  // namespace

ClientCore::ClientCore(const options& o)
    : options_(without_listener(o)),
      node_(node_of(options_)),
      announcer_(reactor_, o.listener, node_),
      queued_bytes_(o.queue_bytes_max),
      pool_(reactor_, options_, node_, &announcer_),
      attempt_(pool_, o.attempt_timeout),
      deadline_(build_layers(), o.deadline),
      top_(&deadline_),
      born_(fork_number()) {}

// From the inside out, each before the last; those that the options leave out are not there.
Layer& ClientCore::build_layers() {
    constexpr auto queue_max = std::numeric_limits<std::uint32_t>::max();  // who may wait is bounded further out
    Layer* outermost = &node_limit_.emplace(attempt_, options_.node_limit, queue_max,
                                            limiter_label{"node", phase::queue}, &queued_bytes_);
    if (options_.breaker) outermost = &breaker_.emplace(*outermost, node_->breaker());
    if (const auto& r = options_.retry) {
        outermost = &retry_.emplace(*outermost, make_retry(*r), resilience::random_seed(), steady_now_ns());
    }
    if (const auto& l = options_.limiter) {
        outermost = &limiter_.emplace(*outermost, l->limit, l->queue_max, limiter_label{}, &queued_bytes_);
    }
    return *outermost;
}

ClientCore::~ClientCore() = default;

std::shared_ptr<ClientCore> ClientCore::open(const options& o) {
    auto core = std::make_shared<ClientCore>(o);
    core->start_thread();
    return core;
}

void ClientCore::start_thread() {
    prepare_log();
    const SignalsBlocked blocked;  // inherited by the thread
    reactor_.post([this] { pool_.open(); });
    thread_ = IoThread(options_.io_stack_bytes, [self = shared_from_this()]() mutable {
        pthread_setname_np(pthread_self(), "redoubt-io");
        self->reactor_.run([&core = *self] { detail::handler_threw(core); });
        self.reset();
    });
}

// -- calls --

std::int64_t ClientCore::deadline_ns(const call_options& call) const noexcept {
    const auto at = call.deadline.resolve(std::chrono::steady_clock::now(), options_.deadline);
    return at == std::chrono::steady_clock::time_point::max() ? never_ns : at.time_since_epoch().count();
}

bool ClientCore::usable(const command_base& command, error& failure) const noexcept {
    if (foreign()) {
        failure = error(errc::forked);
    } else if (!accepting_.load(std::memory_order_acquire)) {
        failure = error(errc::closed);
    } else if (has(command.flags(), command_flag::malformed)) {
        failure =
            error(errc::invalid_command, fate::not_applied, phase::none, {.text = std::string(command.problem())});
    } else if (has(command.flags(), command_flag::refused)) {
        failure = error(errc::refused_command, fate::not_applied, phase::none, {.text = std::string(command.name())});
    } else {
        return true;
    }
    return false;
}

void ClientCore::prepare(Operation& op, const call_options& call) const noexcept {
    op.attempts_max = static_cast<std::uint8_t>(std::min(call.attempts_max, 100U));
    op.idempotent = call.idempotent;
}

bool ClientCore::run(const command_base& command, const call_options& call, reply& value, error& failure) noexcept {
    if (!usable(command, failure)) return false;
    if (reactor_.on_thread()) return failure = error(errc::would_deadlock), false;
    BlockingOperation op(reactor_);
    op.command = &command;
    prepare(op, call);
    if (call.deadline.is_set()) {
        op.deadline_set = true;
        op.deadline_ns = deadline_ns(call);
    }
    top_->start(op);
    op.wait(options_.attempt_timeout);
    if (op.failed()) return failure = std::move(op.failure()), false;
    value = std::move(op.value());
    return true;
}

bool ClientCore::run_on(Connection& connection, const command_base& command, const call_options& call, reply& value,
                        error& failure) noexcept {
    if (!usable(command, failure)) return false;
    if (reactor_.on_thread()) return failure = error(errc::would_deadlock), false;
    BlockingOperation op(reactor_);
    op.command = &command;
    op.attempts = 1;
    op.started_ns = steady_now_ns();
    if (call.deadline.is_set() || !has(command.flags(), command_flag::blocking)) {
        op.deadline_ns = deadline_ns(call);
    } else if (command.block_ms() >= 0) {
        op.deadline_ns = later_ns(op.started_ns, command.block_ms() * 1'000'000 + blocking_margin_ns);
    }
    connection.start(op);
    op.wait({});
    if (op.failed()) return failure = std::move(op.failure().with_attempts(1)), false;
    value = std::move(op.value());
    return true;
}

void ClientCore::launch(AsyncOperation& op, const call_options& call, DedicatedLine* line) noexcept {
    auto& first = line != nullptr ? static_cast<Layer&>(*line) : *top_;
    prepare(op, call);
    if (line != nullptr) {
        DedicatedLine::set_times(op, call.deadline.is_set(), deadline_ns(call));
    } else if (call.deadline.is_set() || !reactor_.on_thread()) {
        op.deadline_set = true;
        op.deadline_ns = deadline_ns(call);
    }
    const bool here = reactor_.on_thread();
    if (!here) launching_.fetch_add(1, std::memory_order_seq_cst);
    error refusal;
    if (!usable(*op.command, refusal)) {
        // The I/O thread of a closed client may have ended; its handlers then run on Asio's own threads.
        refusal == errc::closed || refusal == errc::forked ? op.fail_elsewhere(std::move(refusal), shared_from_this())
                                                           : op.fail_later(std::move(refusal));
    } else {
        if (line != nullptr) line->expect();  // its client may be gone before the I/O thread comes to it
        here ? op.launch(first) : op.proceed(first);
    }
    if (!here) launching_.fetch_sub(1, std::memory_order_release);
}

// -- dedicated lines --

result<std::shared_ptr<DedicatedLine>> ClientCore::make_line() {
    if (foreign()) return errc::forked;
    if (options_.pool.connections_max == 1) return *pool_.lease_refusal();
    const std::lock_guard<std::mutex> hold(lines_lock_);
    if (!accepting_.load(std::memory_order_acquire)) return errc::closed;
    auto line = std::make_shared<DedicatedLine>(reactor_, std::make_unique<PoolLeases>(pool_));
    std::erase_if(lines_, [](const auto& l) { return l.expired(); });
    lines_.push_back(line);
    return line;
}

std::vector<std::shared_ptr<DedicatedLine>> ClientCore::lines() const {
    std::vector<std::shared_ptr<DedicatedLine>> living;
    const std::lock_guard<std::mutex> hold(lines_lock_);
    for (const auto& l : lines_) {
        if (auto line = l.lock()) living.push_back(std::move(line));
    }
    return living;
}

bool ClientCore::run_on(DedicatedLine& line, const command_base& command, const call_options& call, reply& value,
                        error& failure) noexcept {
    if (!usable(command, failure)) return false;
    if (reactor_.on_thread()) return failure = error(errc::would_deadlock), false;
    DedicatedLine::Call op(reactor_);
    op.command = &command;
    DedicatedLine::set_times(op, call.deadline.is_set(), deadline_ns(call));
    line.expect();
    line.start(op);
    op.wait({});
    if (op.failed()) return failure = std::move(op.failure()), false;
    value = std::move(op.value());
    return true;
}

result<void> ClientCore::close_line(DedicatedLine& line, std::int64_t until_ns) noexcept {
    if (foreign()) return errc::forked;
    if (reactor_.on_thread()) return errc::would_deadlock;
    if (line.close(until_ns)) return ok();
    return operations_ended(pool_.node());
}

// -- readiness and the end --

result<void> ClientCore::ready(std::int64_t until_ns) noexcept {
    if (foreign()) return errc::forked;
    if (reactor_.on_thread()) return errc::would_deadlock;
    return pool_.ready(until_ns);
}

bool ClientCore::idle() const noexcept {
    if (limiter_) {
        const auto s = limiter_->limiter().snapshot();
        if (s.in_use != 0 || s.waiting != 0) return false;
    }
    if (retry_ && retry_->pausing() != 0) return false;
    const auto dedicated = lines();
    if (!std::all_of(dedicated.begin(), dedicated.end(), [](const auto& l) { return l->idle(); })) return false;
    const auto s = pool_.stats();
    return s.waiting == 0 && s.in_flight == 0 && s.leases_in_use == 0;
}

// Asked on the I/O thread between two of its steps: there every asynchronous operation is in the inbox, held by a
// layer, or over. Anybody else would overlook those on their way from one to the next.
bool ClientCore::drain(std::int64_t until_ns) noexcept {
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(until_ns)};
    for (;; std::this_thread::sleep_for(drain_poll)) {
        const auto asked = std::make_shared<std::promise<bool>>();
        auto answer = asked->get_future();
        reactor_.post([this, asked] { asked->set_value(reactor_.inbox_empty() && idle()); });
        if (until_ns != never_ns && answer.wait_until(until) == std::future_status::timeout) return idle();
        if (answer.get()) return true;
    }
}

result<void> ClientCore::close(std::int64_t until_ns) noexcept {
    if (foreign()) return errc::forked;
    if (reactor_.on_thread()) return errc::would_deadlock;
    accepting_.store(false, std::memory_order_seq_cst);
    const std::lock_guard<std::mutex> hold(shutdown_lock_);
    if (joined_) return ok();
    while (launching_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
    reactor_.post([this] { pool_.dismiss_guests(); });  // they would not end by themselves
    for (const auto& l : lines()) l->finish();
    const bool drained = drain(until_ns);
    reactor_.post([this] { begin_shutdown(); });
    thread_.join();
    joined_ = true;
    announcer_.forget();
    if (drained) return ok();
    return operations_ended(pool_.node());
}

// In a child of fork(): the thread exists only in the parent, and the descriptors are the parent's.
void ClientCore::leak() noexcept {
    if (auto* const grave = new (std::nothrow) std::shared_ptr<ClientCore>) *grave = shared_from_this();
}

void ClientCore::abandon() noexcept {
    if (foreign()) return leak();
    accepting_.store(false, std::memory_order_seq_cst);
    if (Reactor::on_any_thread()) {
        // An I/O thread cannot wait for itself, nor for one that may be waiting for it: this client's ends what is left
        // and lets go of the rest.
        const std::lock_guard<std::mutex> hold(shutdown_lock_);
        if (std::exchange(joined_, true)) return;
        thread_.detach();
        reactor_.post([this] { begin_shutdown(); });
        return;
    }
    (void)close(steady_now_ns());
}

void ClientCore::begin_shutdown() noexcept {
    if (std::exchange(shutting_down_, true)) return;
    announcer_.stop();
    if (limiter_) limiter_->close();
    if (retry_) retry_->close();
    node_limit_->close();
    for (const auto& l : lines()) l->end();
    pool_.refuse();
    pool_.close();
    finish_shutdown();
}

// Until everything is down and every outcome has been delivered. A permit in use: an operation that a calling thread is
// handing on at this moment is neither in a line nor in the inbox.
void ClientCore::finish_shutdown() noexcept {
    const bool on_the_way =
        launching_.load(std::memory_order_acquire) != 0 || in_use(*node_limit_) || (limiter_ && in_use(*limiter_));
    if (!on_the_way && pool_.quiet() && reactor_.inbox_empty()) return reactor_.stop();
    reactor_.post([this] { finish_shutdown(); });
}

std::string ClientCore::describe(const DedicatedLine& line) const {
    return "deadline(" + duration_text(options_.deadline) + ") > " + line.describe();
}

client_stats ClientCore::stats() const {
    client_stats s;
    s.closed = !accepting_.load(std::memory_order_relaxed);
    s.node = pool_.node();
    s.pool = pool_.stats();
    if (limiter_) {
        const auto l = limiter_->limiter().snapshot();
        s.limiter = {.limit = l.limit, .in_use = l.in_use, .waiting = l.waiting, .rejected = l.rejected};
    }
    s.limiter.rejected += queued_bytes_.rejected();
    if (retry_) s.retry = retry_->snapshot(steady_now_ns());
    s.breaker = node_->breaker_figures(steady_now_ns());
    s.health = node_->health_figures();
    s.listener_exceptions = announcer_.exceptions();
    s.handler_exceptions = handler_exceptions_.load(std::memory_order_relaxed);
    return s;
}

}  // namespace redoubt::core
