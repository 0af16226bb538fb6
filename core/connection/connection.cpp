// The I/O of a multiplexed connection.
#include "core/connection/connection.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <system_error>

#include "core/protocol/server_error.hpp"

namespace redoubt::core {

namespace asio = boost::asio;

namespace {
constexpr std::size_t crowd_min = 2;  // commands in flight from which on a writer waits a moment for company
}
using lock_guard = std::lock_guard<std::mutex>;

struct Connection::Descriptor {
    asio::posix::stream_descriptor waiter;
};

Connection::Connection(Reactor& reactor, Listener& listener, const settings& s, const syscalls& calls)
    : reactor_(reactor),
      listener_(listener),
      calls_(calls),
      node_(s.node),
      node_details_(errc::closed, fate::not_applied, phase::none, {.node = s.node}),
      room_again_(s.output_bytes_max / 2),
      mux_(*this, s.output_bytes_max),
      decoder_(s.replies),
      spin_(s.spin.count()) {}

Connection::~Connection() { reactor_.forget(*this); }

// -- submitting --

Connection::admission Connection::submit(Operation& op) noexcept {
    const bool here = reactor_.on_thread();
    bool write_now = false;
    bool crowd = false;
    bool flush_now = false;
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
        if (!here) {
            write_now = mux_.take_writer(Multiplexer::holder::caller);
            crowd = mux_.in_flight() > crowd_min;
        } else {
            // Client and server would run in lockstep if everything were kept to the end of a long dispatch.
            const auto enough = std::clamp<std::size_t>(mux_.in_flight() / 6, 16, 128);
            flush_now = ++unflushed_ >= enough && mux_.take_writer(Multiplexer::holder::reactor);
        }
    }
    if (write_now) {
        // Others are about to add their commands: let them, and send all at once.
        if (crowd) wait_for_company();
        write_out();
    } else if (flush_now) {
        unflushed_ = 0;
        write_out();
    } else if (here && !std::exchange(flush_due_, true)) {
        reactor_.flush_later(*this);
    }
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
    {
        const lock_guard hold(lock_);
        outcome = mux_.leave(op);
        room = room_again_locked();  // nobody may be left to write, and to tell of it
    }
    if (room) reactor_.post([this] { listener_.on_room(*this); });
    if (outcome == Multiplexer::departure::unknown_operation) return false;
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
    flush_due_ = false;
    unflushed_ = 0;
    bool mine = false;
    {
        const lock_guard hold(lock_);
        mine = mux_.take_writer(Multiplexer::holder::reactor);
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
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            {
                const lock_guard hold(lock_);
                mux_.park_writer();
            }
            return reactor_.on_thread() ? wait_writable() : reactor_.post([this] { wait_writable(); });
        }
        fail(system_error(errc::write_failed, errno));  // the next round releases the role
    }
}

void Connection::wait_writable() noexcept {
    descriptor_->waiter.async_wait(asio::posix::stream_descriptor::wait_write, [this](const auto&) {
        const Reactor::Dispatch dispatch(reactor_);
        write_out();  // releases the role when the connection has failed meanwhile
    });
}

// -- reading --

void Connection::adopt(int fd) noexcept {
    decoder_.reset();
    fd_ = fd;
    expect_silence();
    last_receive_ns_ = steady_now_ns();
    reactor_.connection_opened();
    descriptor_ = std::make_unique<Descriptor>(Descriptor{asio::posix::stream_descriptor(reactor_.context(), fd)});
    {
        const lock_guard hold(lock_);
        refused_ = false;
        mux_.open();
        up_.store(true, std::memory_order_release);  // before a caller can fail it
    }
    wait_readable();
}

void Connection::wait_readable() noexcept {
    descriptor_->waiter.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto&) { on_readable(); });
}

// One receive, and what it brings. False: nothing more at present.
bool Connection::receive() noexcept {
    const auto n = calls_.recv(fd_, reactor_.read_buffer(), Reactor::read_buffer_size);
    return take_in(n, errno);
}

bool Connection::take_in(ssize_t n, int err) noexcept {
    if (n > 0) {
        const auto size = static_cast<std::size_t>(n);
        last_receive_ns_ = reactor_.now_ns();
        receives_.store(receives_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        bytes_in_.store(bytes_in_.load(std::memory_order_relaxed) + size, std::memory_order_relaxed);
        decoder_.supply({reactor_.read_buffer(), size});
        return decode() && size == Reactor::read_buffer_size;
    }
    if (n < 0 && err == EINTR) return true;
    if (n < 0 && (err == EAGAIN || err == EWOULDBLOCK)) return false;
    fail(n == 0 ? node_error(errc::connection_lost, fate::unknown, phase::sent)
                : system_error(errc::connection_lost, err));
    return false;
}

void Connection::on_readable() noexcept {
    constexpr int receives_max = 4;  // then the others' turn
    constexpr int spins_max = 16;    // likewise
    {
        const Reactor::Dispatch dispatch(reactor_);
        replies_just_now_ = 0;
        for (int i = 0; up() && i < receives_max && receive(); ++i) {
        }
    }
    for (int i = 0; i < spins_max && spin_for_more(); ++i) {
    }
    const Reactor::Dispatch dispatch(reactor_);
    if (up()) return wait_readable();
    drain();
    auto duty = Multiplexer::duty::none;
    {
        const lock_guard hold(lock_);
        duty = mux_.release_reader();
    }
    act_on(duty);
}

// Between two dispatches, so that what the last one collected has been sent. False: wait for the kernel's report.
bool Connection::spin_for_more() noexcept {
    if (!up() || !reactor_.alone() || !spin_.worthwhile(replies_just_now_)) return false;
    const auto until = steady_now_ns() + spin_.length_ns();
    do {
        const auto n = calls_.recv(fd_, reactor_.read_buffer(), Reactor::read_buffer_size);
        const int err = errno;
        if (n < 0 && (err == EAGAIN || err == EINTR)) continue;
        spin_.found();
        const Reactor::Dispatch dispatch(reactor_);
        replies_just_now_ = 0;
        (void)take_in(n, err);
        return up();
    } while (reactor_.inbox_empty() && steady_now_ns() < until);
    spin_.found_nothing();
    return false;
}

// A send that failed says nothing of the replies that had come before: they are still delivered.
void Connection::drain() noexcept {
    {
        const lock_guard hold(lock_);
        if (cause_ != errc::write_failed) return;
    }
    constexpr int receives_max = 64;  // as much as a socket's buffer holds
    for (int i = 0; i < receives_max; ++i) {
        const auto n = calls_.recv(fd_, reactor_.read_buffer(), Reactor::read_buffer_size);
        if (n <= 0) return;
        decoder_.supply({reactor_.read_buffer(), static_cast<std::size_t>(n)});
        if (!decode()) return;
    }
}

bool Connection::decode() noexcept {
    auto* const replies = reactor_.reply_buffer();
    for (;;) {
        std::size_t n = 0;
        auto step = Decoder::step::reply;
        while (n < batch_max && (step = decoder_.next(replies[n])) == Decoder::step::reply) ++n;
        if (n != 0 && !deliver(n)) return false;
        if (step == Decoder::step::need_more) return true;
        if (step == Decoder::step::failed) {
            fail(error(decoder_.error_kind(), fate::unknown, phase::reply,
                       {.node = node_, .text = std::string(decoder_.error())}));
            return false;
        }
    }
}

bool Connection::deliver(std::size_t n) noexcept {
    auto* const replies = reactor_.reply_buffer();
    std::array<Operation*, batch_max> owners;  // NOLINT: filled below
    std::size_t known = 0;
    replies_just_now_ += n;
    if (listening_) {
        for (std::size_t i = 0; i < n && push_listener_ != nullptr; ++i) push_listener_->on_push(std::move(replies[i]));
        return up();
    }
    {
        const lock_guard hold(lock_);
        known = mux_.take(owners.data(), n);
    }
    for (std::size_t i = 0; i < known; ++i) {
        if (i + 1 < known) __builtin_prefetch(owners[i + 1], 1);
        if (owners[i] != nullptr) answer(*owners[i], std::move(replies[i]));
    }
    if (known == n) return true;
    fail(error(errc::protocol_error, fate::unknown, phase::reply,
               {.node = node_, .text = "a reply that no command is waiting for: " + replies[known].describe(100)}));
    return false;
}

namespace {
bool tells_state(errc code) noexcept {
    switch (code) {
        case errc::read_only:
        case errc::no_auth:
        case errc::loading:
        case errc::busy:
        case errc::master_down: return true;
        default: return false;
    }
}
}  // namespace

void Connection::answer(Operation& op, reply&& value) noexcept {
    if (!value.is_error()) return op.succeed(std::move(value));
    const auto meaning = read_server_error(value.text(), op.command->flags());
    if (tells_state(meaning.code) && !has(op.command->flags(), command_flag::script)) {
        listener_.on_refusal(*this, meaning.code);
    }
    op.fail(error(meaning.code, meaning.fate, phase::reply, {.node = node_, .text = std::string(value.text())})
                .with_partial(meaning.partial)
                .with_read_only(has(op.command->flags(), command_flag::read_only)));
}

// -- the end --

Multiplexer::duty Connection::fail_locked(error&& why) noexcept {
    up_.store(false, std::memory_order_release);
    cause_ = std::move(why);
    replies_owed_ = mux_.in_flight() != 0;
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
    if (descriptor_) {
        descriptor_->waiter.release();  // leaves epoll; pending waits end
        descriptor_.reset();
        calls_.close(fd_);
        reactor_.connection_closed();
        fd_ = -1;
    }
    decoder_.reset();
    error why;
    {
        const lock_guard hold(lock_);
        why = cause_;
    }
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
