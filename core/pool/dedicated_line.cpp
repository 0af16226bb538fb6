// Waiting for a connection, using it, noticing its loss, giving it back.
#include "core/pool/dedicated_line.hpp"

#include <utility>

#include "core/pool/control_operation.hpp"
#include "core/pool/verdicts.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {

constexpr std::int64_t naming_time_ns = 5'000'000'000;
constexpr std::int64_t leave_again_after_ns = 5'000'000'000;  // a server that stays so is not dialled for each answer

bool has_own_time(const Operation& op) noexcept {
    return !op.deadline_set && has(op.command->flags(), command_flag::blocking);
}
bool changes_state(const Operation& op) noexcept { return has(op.command->flags(), command_flag::connection_state); }

}  // namespace

DedicatedLine::DedicatedLine(Reactor& reactor, std::unique_ptr<LeaseSource> source)
    : reactor_(reactor), source_(std::move(source)) {}

void DedicatedLine::set_times(Operation& op, bool deadline_given, std::int64_t until_ns) noexcept {
    op.started_ns = op.reactor->now_ns();
    op.deadline_set = deadline_given;
    if (has_own_time(op)) {
        op.attempt_deadline_ns.store(until_ns, std::memory_order_relaxed);
    } else {
        op.deadline_ns = until_ns;
    }
}

error DedicatedLine::line_error(errc code, phase p, std::string text) const noexcept {
    return {code, fate::not_applied, p, {.node = source_->node(), .text = std::move(text)}};
}

// -- the way of an operation --

void DedicatedLine::expect() noexcept {
    const lock_guard hold(lock_);
    ++under_way_;
}

void DedicatedLine::start(Operation& op) noexcept {
    leave_frame(op);
    const bool late = op.started_ns >= op.expires_ns();
    if (op.asynchronous()) reactor_.watch(op);
    std::optional<error> refusal;
    connection_ptr gone;
    connection_ptr carrier;
    bool without = false;
    {
        const lock_guard hold(lock_);
        check_connection_locked(gone);
        refusal = refusal_locked();
        if (!refusal && !late) carrier = carrier_locked(op);
        without = !connection_;
    }
    gone.reset();
    if (!refusal && late) refusal = line_error(errc::deadline_exceeded, phase::none);
    if (!refusal && without) refusal = source_->refusal();
    if (refusal) return op.fail(*refusal);
    if (carrier && submit(op, carrier)) return;
    wait(op);
}

std::optional<error> DedicatedLine::refusal_locked() const noexcept {
    if (ended_ || closed()) return line_error(errc::closed, phase::none);
    if (!stranded_) return std::nullopt;
    return line_error(errc::connection_lost, phase::none,
                      "the connection of this dedicated client was lost, and with it what its commands had set up "
                      "(database, transaction, subscriptions): make a new dedicated client and set it up again");
}

void DedicatedLine::check_connection_locked(connection_ptr& gone) noexcept {
    if (!connection_) return;
    if (connection_->connection.up()) {
        // What was set up on it cannot be set up anew from here.
        const bool leave = connection_->to_be_left && connection_->state_commands == 0;
        if (!leave || connection_->connection.in_flight() != 0) return;
    }
    stranded_ = connection_->state_commands != 0;
    gone = std::exchange(connection_, nullptr);
}

// Null: it has to wait.
DedicatedLine::connection_ptr DedicatedLine::carrier_locked(const Operation& op) const noexcept {
    if (!connection_ || !waiting_.empty()) return nullptr;
    // Before it is sent: whoever finds the connection lost must know.
    if (changes_state(op)) ++connection_->state_commands;
    return connection_;
}

// Never under the lock: a submit that fails may complete others, whose handlers start the next ones right here.
bool DedicatedLine::submit(Operation& op, const connection_ptr& on) noexcept {
    const bool state = changes_state(op);
    const auto waits_until = op.attempt_deadline_ns.load(std::memory_order_relaxed);
    if (has_own_time(op)) {
        const auto own = op.command->block_ms();
        op.pause_until(own < 0 ? never_ns : later_ns(reactor_.now_ns(), own * 1'000'000 + blocking_margin_ns));
    }
    op.attempts = 1;
    if (!op.asynchronous()) static_cast<Call&>(op).keeps_ = on;
    if (on->connection.submit(op) == Connection::admission::accepted) return true;
    op.attempts = 0;
    if (has_own_time(op)) op.pause_until(waits_until);
    if (!op.asynchronous()) static_cast<Call&>(op).keeps_.reset();
    if (state) {
        const lock_guard hold(lock_);
        --on->state_commands;
    }
    return false;
}

void DedicatedLine::wait(Operation& op) noexcept {
    std::optional<error> refusal;
    {
        const lock_guard hold(lock_);
        refusal = refusal_locked();
        if (!refusal) {
            op.holder.store(this, std::memory_order_release);
            waiting_.push_back(op);
        }
    }
    if (refusal) return op.fail(*refusal);
    look_soon();
}

bool DedicatedLine::cancel(Operation& op, errc reason) noexcept {
    bool without = false;
    bool last = false;
    {
        const lock_guard hold(lock_);
        if (op.holder.load(std::memory_order_relaxed) != this) return false;
        waiting_.erase(op);
        op.holder.store(nullptr, std::memory_order_release);
        without = !connection_;
        last = waiting_.empty();
    }
    if (last) look_soon();
    op.fail(without ? source_->too_late(reason) : line_error(reason, phase::queue));
    return true;
}

void DedicatedLine::completed(Operation& op, std::array<std::uint64_t, 2>) noexcept {
    if (op.asynchronous()) reactor_.unwatch(op);
    if (op.failed()) {
        auto& why = op.failure();
        // An attempt's time is what this layer limits its own waits with.
        if (why == errc::attempt_timeout) {
            why = error(errc::deadline_exceeded, why.fate(), why.phase()).with_details_of(error(why));
        }
        why.with_attempts(op.attempts);
        act_on_answer(why);
    }
    ended_one();
    op.complete();
}

void DedicatedLine::act_on_answer(const error& why) noexcept {
    const auto verdict = judge_lease(why);
    if (verdict == lease_verdict::keep) return;
    connection_ptr closing;
    {
        const lock_guard hold(lock_);
        if (!connection_) return;
        if (verdict == lease_verdict::close) {
            closing = connection_;
        } else if (const auto now = reactor_.now_ns(); now >= leave_again_ns_) {
            leave_again_ns_ = now + leave_again_after_ns;
            connection_->to_be_left = true;
        }
    }
    if (closing) closing->connection.fail(closed_by_its_server(why));
}

void DedicatedLine::ended_one() noexcept {
    std::shared_ptr<DedicatedLine> self;
    bool look = false;
    bool end_now = false;
    {
        const lock_guard hold(lock_);
        --under_way_;
        look = !waiting_.empty();
        if (under_way_ == 0) {
            self = std::exchange(self_, nullptr);
            end_now = finishing_ && !ended_;
            changed_.notify_all();
        }
    }
    if (look) look_soon();
    if (end_now) end();
}

// -- the I/O thread's part: whoever waits, and the request for a connection --

void DedicatedLine::look_soon() noexcept {
    {
        const lock_guard hold(lock_);
        if (std::exchange(looking_, true)) return;
    }
    reactor_.post([self = shared_from_this()] { self->look(); });
}

void DedicatedLine::look() noexcept {
    {
        const lock_guard hold(lock_);
        looking_ = false;
    }
    while (drain()) {
    }
    manage_request();
}

// Only the I/O thread takes operations out of the line to send them, so putting one back keeps the order. False: as far
// as one gets.
bool DedicatedLine::drain() noexcept {
    Operation* op = nullptr;
    std::optional<error> refusal;
    connection_ptr gone;
    connection_ptr carrier;
    {
        const lock_guard hold(lock_);
        check_connection_locked(gone);
        if (waiting_.empty()) return false;
        refusal = refusal_locked();
        // What waits when close() begins may still end well.
        if (refusal && !ended_ && *refusal == errc::closed) refusal.reset();
        if (!refusal && !connection_) return false;
        op = waiting_.pop_front();
        op->holder.store(nullptr, std::memory_order_release);
        if (!refusal) {
            carrier = connection_;
            if (changes_state(*op)) ++carrier->state_commands;
        }
    }
    if (refusal) return op->fail(*refusal), true;
    if (submit(*op, carrier)) return true;
    const lock_guard hold(lock_);
    op->holder.store(this, std::memory_order_release);
    waiting_.push_front(*op);
    return !carrier->connection.up();  // then another one is asked for; else it is full, and tells when it has room
}

void DedicatedLine::fail_waiting(const error& why) noexcept {
    std::size_t here = 0;
    {
        const lock_guard hold(lock_);
        here = waiting_.size();
    }
    for (; here != 0; --here) {  // not those that come because of it
        Operation* op = nullptr;
        {
            const lock_guard hold(lock_);
            op = waiting_.pop_front();
            if (op == nullptr) return;
            op->holder.store(nullptr, std::memory_order_release);
        }
        op->fail(why);
    }
}

void DedicatedLine::manage_request() noexcept {
    bool wanted = false;
    {
        const lock_guard hold(lock_);
        wanted = !connection_ && !waiting_.empty() && !ended_;
    }
    if (wanted == requested_) return;
    requested_ = wanted;
    if (!wanted) return source_->cancel_request();
    // The request must not keep the line: a loop that ends would leave both behind.
    source_->request([weak = weak_from_this()](const result<Connection*>& taken) {
        if (const auto self = weak.lock()) self->on_taken(taken);
    });
}

void DedicatedLine::on_taken(const result<Connection*>& taken) noexcept {
    requested_ = false;
    if (!taken) return fail_waiting(error(taken.error()).with_fate(fate::not_applied)), look();
    auto fresh = std::make_shared<borrowed>(*source_, **taken);
    // What made it full need not be an operation that completes here: a name, or one whose caller has left.
    source_->when_room(fresh->connection, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->look_soon();
    });
    give_name(fresh);
    {
        const lock_guard hold(lock_);
        if (!ended_) connection_ = std::move(fresh);
    }
    fresh.reset();
    look();
}

// Ahead of the operations, which need not wait for its answer; a server that refuses it serves all the same.
void DedicatedLine::give_name(const connection_ptr& to) noexcept {
    const auto naming = std::make_shared<ControlOperation>(reactor_);
    naming->run(to->connection, redoubt::command("CLIENT SETNAME", source_->next_name()),
                reactor_.now_ns() + naming_time_ns, [naming](ControlOperation&) {});
}

// -- the end --

bool DedicatedLine::close(std::int64_t until_ns) noexcept {
    bool all = false;
    {
        std::unique_lock hold(lock_);
        closed_.store(true, std::memory_order_relaxed);
        const auto over = [this] { return under_way_ == 0; };
        const auto until = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(until_ns));
        if (until_ns == never_ns) {
            changed_.wait(hold, over);
        } else {
            changed_.wait_until(hold, until, over);
        }
        all = over();
    }
    end();
    return all;
}

void DedicatedLine::finish() noexcept {
    {
        const lock_guard hold(lock_);
        closed_.store(true, std::memory_order_relaxed);
        finishing_ = true;
        if (under_way_ != 0) return;
    }
    end();
}

void DedicatedLine::end() noexcept {
    connection_ptr mine;
    bool busy = false;
    {
        const lock_guard hold(lock_);
        closed_.store(true, std::memory_order_relaxed);
        if (std::exchange(ended_, true)) return;
        mine = std::exchange(connection_, nullptr);
        busy = under_way_ != 0;
        if (busy) self_ = shared_from_this();
    }
    if (busy && mine) {
        mine->connection.fail(error(errc::closed, fate::unknown, phase::none, {.node = source_->node()}));
    }
    mine.reset();
    look_soon();
}

bool DedicatedLine::idle() const noexcept {
    const lock_guard hold(lock_);
    return under_way_ == 0;
}

}  // namespace redoubt::core
