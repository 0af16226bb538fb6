// A multiplexed connection: adding commands, writing them, its end. Reading is in connection_reading.cpp.
#include "core/connection/connection.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/connection/connection_scratch.hpp"

namespace redoubt::core {

namespace {
constexpr std::size_t crowd_min = 2;  // commands in flight from which on a writer waits a moment for company
}
using lock_guard = std::lock_guard<std::mutex>;

Connection::Connection(Reactor& reactor, Listener& listener, const settings& s, const syscalls& calls)
    : reactor_(reactor),
      listener_(listener),
      calls_(calls),
      node_(s.node),
      node_details_(errc::closed, fate::not_applied, phase::none, {.node = s.node}),
      room_again_(s.output_bytes_max / 2),
      callers_lead_(s.callers_lead),
      mux_(*this, s.output_bytes_max, s.callers_lead),
      decoder_(s.replies),
      lead_spin_(s.spin.count()),
      spin_(s.spin.count()) {}

Connection::~Connection() {
    reactor_.forget(static_cast<Flushable&>(*this));
    reactor_.forget(static_cast<const Visited&>(*this));
}

// -- submitting --

Connection::admission Connection::submit(Operation& op) noexcept {
    const bool here = reactor_.on_thread();
    auto* const burst = here ? nullptr : Burst::current();
    bool write_now = false;
    bool crowd = false;
    bool flush_now = false;
    bool alone = false;
    bool half = false;
    sleeper reader = nullptr;
    {
        const lock_guard hold(lock_);
        admission answer{};
        try {
            answer = mux_.append(op);
        } catch (const std::bad_alloc&) {
            answer = admission::full;
        }
        if (answer != admission::accepted) {
            refused_ |= answer == admission::full;
            return answer;
        }
        ++figures_.commands;
        alone = mux_.in_flight() == 1 && nobody_reads_locked();
        half = alone && decoder_.partial();
        reader = summon_reader_locked(op);
        alone = alone && mux_.leads(op);
        if (here) {
            // Client and server would run in lockstep if everything were kept to the end of a long dispatch.
            const auto enough = std::clamp<std::size_t>(mux_.in_flight() / 6, 16, 128);
            flush_now = ++unflushed_ >= enough && mux_.take_writer(Multiplexer::holder::reactor);
        } else if (burst == nullptr) {
            write_now = mux_.take_writer(Multiplexer::holder::caller);
            crowd = mux_.in_flight() > crowd_min;
        }
    }
    // From here on the operation may be over and gone.
    if (write_now) {
        // Others are about to add their commands: let them, and send all at once.
        if (crowd) wait_for_company();
        if (alone) look_before_asking(half);
        write_out();
    } else if (flush_now) {
        unflushed_ = 0;
        write_out();
    } else if (burst != nullptr) {
        burst->flush_later(*this);
    } else if (here && !std::exchange(flush_due_, true)) {
        reactor_.flush_later(*this);
    }
    wake(reader);
    return admission::accepted;
}

void Connection::start(Operation& op) noexcept {
    switch (submit(op)) {
        case admission::accepted: return;
        case admission::full: return op.fail(node_error(errc::connection_full, fate::not_applied, phase::queue));
        case admission::not_up: break;
    }
    error why;
    {
        const lock_guard hold(lock_);
        why = cause_;
    }
    op.fail(why.with_fate(fate::not_applied).with_phase(phase::queue));
}

void Connection::listen(PushListener* to) noexcept {
    {
        const lock_guard hold(lock_);
        mux_.keep_readers_out(true);
        (void)mux_.watch();
        set_interest_locked();
    }
    listening_ = true;
    push_listener_ = to;
}

bool Connection::push(std::string_view bytes) noexcept {
    {
        const lock_guard hold(lock_);
        try {
            if (mux_.append_unanswered(bytes) != admission::accepted) return false;
        } catch (const std::bad_alloc&) {
            return false;
        }
        ++figures_.commands;
    }
    if (!std::exchange(flush_due_, true)) reactor_.flush_later(*this);
    return true;
}

bool Connection::cancel(Operation& op, errc reason) noexcept {
    auto outcome = Multiplexer::departure::unknown_operation;
    bool room = false;
    bool led = false;
    bool gone = false;
    auto duty = Multiplexer::duty::none;
    sleeper next = nullptr;
    {
        std::unique_lock hold(lock_);
        led = mux_.leads(op) && pending_here(op);
        if (led) op.take_token();
        if (led && mux_.current() != Multiplexer::state::up && lead_scratch_) {
            // The reply may have come before the connection failed.
            hold.unlock();
            drain_as_leader();
            hold.lock();
        }
        outcome = mux_.leave(op);
        gone = led && outcome == Multiplexer::departure::unknown_operation;
        if (led) next = hand_on_locked(duty);  // whether it had begun to read or not: this is its thread
        room = room_again_locked();            // nobody may be left to write, and to tell of it
    }
    wake(next);
    act_on(duty);
    if (room) reactor_.post([this] { listener_.on_room(*this); });
    if (outcome == Multiplexer::departure::unknown_operation) return gone;  // answered after all
    const bool cut = outcome == Multiplexer::departure::not_applied;
    if (!cut && (reason == errc::attempt_timeout || reason == errc::deadline_exceeded) &&
        !silence_told_.exchange(true, std::memory_order_relaxed)) {
        reactor_.post([this, reason] { listener_.on_silence(*this, reason); });
    }
    op.fail(node_error(reason, cut ? fate::not_applied : fate::unknown, cut ? phase::queue : phase::sent)
                .with_read_only(has(op.command->flags(), command_flag::read_only)));
    return true;
}

// -- writing --

void Connection::wait_for_company() noexcept {
    auto& guard = reactor_.yield_guard();
    if (!guard.allowed()) return;
    const auto before = steady_now_ns();
    ::sched_yield();
    guard.took(steady_now_ns() - before);
}

void Connection::flush() noexcept {
    const bool here = reactor_.on_thread();
    if (here) {
        flush_due_ = false;
        unflushed_ = 0;
    }
    bool mine = false;
    {
        const lock_guard hold(lock_);
        mine = mux_.take_writer(here ? Multiplexer::holder::reactor : Multiplexer::holder::caller);
    }
    if (mine) write_out();
}

// True once after a refusal: its commands may come now.
bool Connection::room_again_locked() noexcept {
    return mux_.unsent_bytes() <= room_again_ && std::exchange(refused_, false);
}

// For the holder of the writer role.
void Connection::write_out() noexcept {
    constexpr int rounds_max = 8;  // then a caller stops writing for others, and the I/O thread sees to its other work
    std::size_t sent = 0;
    for (int round = 0;; ++round) {
        std::string_view bytes;
        bool room = false;
        bool hand_over = false;
        auto duty = Multiplexer::duty::none;
        {
            const lock_guard hold(lock_);
            if (sent != 0) {
                mux_.sent(sent);
                figures_.bytes_out += sent;
                ++figures_.sends;
            }
            room = room_again_locked();
            bytes = mux_.next_to_send();
            if (bytes.empty()) {
                duty = mux_.release_writer();
            } else if (round == rounds_max) {
                mux_.park_writer();
                hand_over = true;
            }
        }
        if (room) reactor_.post([this] { listener_.on_room(*this); });
        if (bytes.empty()) return act_on(duty);
        if (hand_over) return reactor_.post([this] { write_out(); });
        const auto n = calls_.send(fd_, bytes.data(), bytes.size());
        if (n >= 0) {
            sent = static_cast<std::size_t>(n);
            continue;
        }
        sent = 0;
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return wait_writable();
        fail(system_error(errc::write_failed, errno));  // the next round releases the role
    }
}

// Nobody who has a reply to wait for waits here: a server may read on only when its own replies are read.
void Connection::wait_writable() noexcept {
    const lock_guard hold(lock_);
    mux_.park_writer();
    writer_waits_ = true;
    set_interest_locked();
}

// -- the end --

Multiplexer::duty Connection::fail_locked(error&& why) noexcept {
    up_.store(false, std::memory_order_release);
    cause_ = std::move(why);
    replies_owed_ = mux_.replies_owed();
    const auto duty = mux_.fail();
    calls_.shutdown(fd_);  // wakes the I/O thread, which then releases the reader role
    return duty;
}

void Connection::fail(error why) noexcept {
    auto duty = Multiplexer::duty::none;
    {
        const lock_guard hold(lock_);
        if (mux_.current() != Multiplexer::state::up) return;
        duty = fail_locked(std::move(why));
    }
    act_on(duty);
}

bool Connection::fail_if_idle(error why) noexcept {
    auto duty = Multiplexer::duty::none;
    {
        const lock_guard hold(lock_);
        if (mux_.current() != Multiplexer::state::up || mux_.in_flight() != 0 || mux_.unsent_bytes() != 0) return false;
        duty = fail_locked(std::move(why));
    }
    act_on(duty);
    return true;
}

void Connection::act_on(Multiplexer::duty d) noexcept {
    if (d == Multiplexer::duty::sweep) sweep();
}

void Connection::sweep() noexcept {
    error why;
    for (;;) {
        Multiplexer::leftover left;
        {
            const lock_guard hold(lock_);
            left = mux_.sweep_next();
            why = cause_;
        }
        if (left.op == nullptr) break;
        const bool sent = left.outcome == fate::unknown;
        left.op->fail(why.with_fate(left.outcome)
                          .with_phase(sent ? phase::sent : phase::queue)
                          .with_read_only(has(left.op->command->flags(), command_flag::read_only)));
    }
    reactor_.on_thread() ? finish_down() : reactor_.post([this] { finish_down(); });
}

void Connection::finish_down() noexcept {
    const Reactor::Dispatch dispatch(reactor_);
    reactor_.forget(static_cast<const Visited&>(*this));
    error why;
    {
        const lock_guard hold(lock_);
        reactor_.poller().remove(fd_, *this);
        calls_.close(fd_);
        fd_ = -1;
        visits_ = false;
        why = cause_;
    }
    reactor_.connection_closed();
    decoder_.reset();
    lead_scratch_.reset();
    if (auto* const told = std::exchange(push_listener_, nullptr)) told->on_push_down(why);
    listening_ = false;
    listener_.on_down(*this, why);
}

std::size_t Connection::in_flight() const noexcept {
    const lock_guard hold(lock_);
    return mux_.in_flight();
}

connection_figures Connection::figures() const noexcept {
    const lock_guard hold(lock_);
    auto copy = figures_;
    copy.bytes_in = bytes_in_.load(std::memory_order_relaxed);
    copy.receives = receives_.load(std::memory_order_relaxed);
    copy.in_flight = mux_.in_flight();
    return copy;
}

error Connection::system_error(errc code, int err) const noexcept {
    return error(code, fate::unknown, phase::sent, {.node = node_, .cause = {err, std::system_category()}});
}

}  // namespace redoubt::core
