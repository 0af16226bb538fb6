// Reading a multiplexed connection: who reads, what came, whose it is.
//
//   a reply arrives  → the leader, a calling thread inside lead(), or on_readable() on the I/O thread
//                    → take_in() → decode() → deliver(): the oldest commands, in order
//                    → the leader's own was among them: hand_on_locked(), the oldest waiting caller is called, or the
//                      I/O thread told to watch
#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "core/connection/connection.hpp"
#include "core/connection/connection_scratch.hpp"
#include "core/protocol/server_error.hpp"

namespace redoubt::core {

using lock_guard = std::lock_guard<std::mutex>;

namespace {
// How long after the last asynchronous command the I/O thread goes on reading: they come in batches, and each change of
// the reader costs a system call.
constexpr std::int64_t async_lasts_ns = 1'000'000;
}  // namespace

// -- who reads --

Connection::sleeper Connection::summon_reader_locked(Operation& op) noexcept {
    const bool may_take = op.started_ns - last_async_ns_ > async_lasts_ns;
    if (!op.may_lead()) last_async_ns_ = op.started_ns;
    visit_soon_locked();
    const auto who = mux_.summon_reader(op, may_take);
    if (who == Multiplexer::summons::none) return nullptr;
    set_interest_locked();
    return who == Multiplexer::summons::leader ? call_leader_locked() : nullptr;
}

Connection::sleeper Connection::call_leader_locked() noexcept { return mux_.leader()->give_token(*this); }

// For the leader, which reads no more.
Connection::sleeper Connection::hand_on_locked(Multiplexer::duty& d) noexcept {
    sleeper next = nullptr;
    if (mux_.current() != Multiplexer::state::up) {
        d = mux_.release_reader();
    } else if (mux_.hand_on() == Multiplexer::summons::leader) {
        next = call_leader_locked();
    } else if (end_reported_) {
        (void)mux_.watch();  // it came while a caller read, and nobody reads on
    }
    set_interest_locked();
    return next;
}

void Connection::wake(sleeper s) noexcept {
    if (s != nullptr) reactor_.wake(*s);
}

// What the I/O thread is to be woken for. While callers read, and while nobody does, only the end of the stream.
void Connection::set_interest_locked() noexcept {
    const auto reader = mux_.reader();
    std::uint8_t wanted = Poller::hang_up;
    if (reader == Multiplexer::holder::watch || reader == Multiplexer::holder::reactor) wanted |= Poller::readable;
    if (writer_waits_) wanted |= Poller::writable;
    if (wanted == interest_ || fd_ < 0) return;
    interest_ = wanted;
    reactor_.poller().change(fd_, wanted, *this);
}

void Connection::visit_soon_locked() noexcept {
    if (std::exchange(visits_, true)) return;
    visited_at_ = 0;
    if (reactor_.on_thread()) return reactor_.visit_later(*this);
    reactor_.post([this] {
        if (up()) reactor_.visit_later(*this);
    });
}

// When nothing has happened for a while the I/O thread watches: bytes that nobody asked for would else be taken for the
// next caller's reply. And the memory of busier times goes.
bool Connection::visit() noexcept {
    std::unique_ptr<lead_scratch> unused;
    const lock_guard hold(lock_);
    // A leader that has just been served is still to leave, and would leave nobody.
    const bool quiet = figures_.commands == std::exchange(visited_at_, figures_.commands) && mux_.in_flight() == 0 &&
                       mux_.reader() != Multiplexer::holder::caller;
    visits_ = !quiet && mux_.current() == Multiplexer::state::up;
    if (visits_) return true;
    (void)mux_.watch();
    set_interest_locked();
    mux_.trim();
    if (mux_.reader() == Multiplexer::holder::watch) {
        // This thread's; a caller takes it again only under the lock.
        unused = std::move(lead_scratch_);
        decoder_.trim();
    }
    return false;
}

// -- the I/O thread --

void Connection::adopt(int fd) noexcept {
    decoder_.reset();
    expect_silence();
    last_receive_ns_.store(steady_now_ns(), std::memory_order_relaxed);
    reactor_.connection_opened();
    const bool watched = reactor_.poller().add(fd, Poller::readable, *this);
    const int err = errno;
    {
        const lock_guard hold(lock_);
        fd_ = fd;
        interest_ = Poller::readable;
        writer_waits_ = false;
        end_reported_ = false;
        refused_ = false;
        mux_.keep_readers_out(!callers_lead_);
        mux_.open();
        up_.store(true, std::memory_order_release);  // before a caller can fail it
    }
    if (watched) return;
    fail(system_error(errc::no_resources, err));
    reactor_.post([this] { on_ready(Poller::readable | Poller::writable); });
}

void Connection::on_ready(std::uint8_t what) noexcept {
    bool write = false;
    bool read = false;
    {
        const lock_guard hold(lock_);
        if ((what & Poller::writable) != 0) write = std::exchange(writer_waits_, false);
        if ((what & Poller::readable) != 0) {
            read = mux_.begin_reading();
            end_reported_ |= !read;
        }
        set_interest_locked();
    }
    if (write) {
        const Reactor::Dispatch dispatch(reactor_);
        write_out();  // releases the role when the connection has failed meanwhile
    }
    if (read) on_readable();
}

// One receive, and what it brings. False: nothing more at present.
bool Connection::receive() noexcept {
    const scratch mine{reactor_.read_buffer(), Reactor::read_buffer_size, reactor_.reply_buffer(), batch_max};
    const auto n = calls_.recv(fd_, mine.bytes, mine.bytes_max);
    return take_in(n, errno, mine, reactor_.now_ns());
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
    if (up()) {
        sleeper next = nullptr;
        {
            const lock_guard hold(lock_);
            const bool settled = reactor_.now_ns() - last_async_ns_ > async_lasts_ns;
            if (settled && mux_.hand_to_caller()) {
                next = call_leader_locked();
            } else {
                mux_.end_reading();
            }
            set_interest_locked();
        }
        return wake(next);
    }
    drain({reactor_.read_buffer(), Reactor::read_buffer_size, reactor_.reply_buffer(), batch_max});
    auto duty = Multiplexer::duty::none;
    {
        const lock_guard hold(lock_);
        duty = mux_.release_reader();
        set_interest_locked();
    }
    act_on(duty);
}

// Between two dispatches, so that what the last one collected has been sent. False: wait for the kernel's report.
bool Connection::spin_for_more() noexcept {
    if (!up() || !reactor_.alone() || !spin_.worthwhile(replies_just_now_)) return false;
    const scratch mine{reactor_.read_buffer(), Reactor::read_buffer_size, reactor_.reply_buffer(), batch_max};
    const auto until = steady_now_ns() + spin_.length_ns();
    do {
        const auto n = calls_.recv(fd_, mine.bytes, mine.bytes_max);
        const int err = errno;
        if (n < 0 && (err == EAGAIN || err == EINTR)) continue;
        spin_.found();
        const Reactor::Dispatch dispatch(reactor_);
        replies_just_now_ = 0;
        (void)take_in(n, err, mine, reactor_.now_ns());
        return up();
    } while (reactor_.inbox_empty() && steady_now_ns() < until);
    spin_.found_nothing();
    return false;
}

// -- the leader --

// Nobody touches the decoder now, and nobody begins to without the lock.
bool Connection::nobody_reads_locked() const noexcept {
    return mux_.reader() == Multiplexer::holder::none || mux_.reader() == Multiplexer::holder::watch;
}

// By the writer, for the leader of a connection on which nothing else is owed, before its command is sent: what is
// there now is not its reply. The end of the stream is noticed here as well, and then the command has not left.
void Connection::look_before_asking(bool half_a_reply) noexcept {
    if (!half_a_reply && !calls_.something_there(fd_)) return;
    char byte = 0;
    const auto n = half_a_reply ? 1 : calls_.recv(fd_, &byte, 1);
    if (n > 0) return fail(unasked());
    fail(n == 0 ? node_error(errc::connection_lost, fate::unknown, phase::sent)
                : system_error(errc::connection_lost, errno));
}

error Connection::unasked() const {
    return {
        errc::protocol_error, fate::unknown, phase::reply, {.node = node_, .text = "bytes that no command asked for"}};
}

bool Connection::settled() noexcept {
    const lock_guard hold(lock_);
    if (mux_.current() != Multiplexer::state::up || mux_.in_flight() != 0 || mux_.unsent_bytes() != 0) return false;
    if (nobody_reads_locked()) return !decoder_.partial() && !calls_.something_there(fd_);
    // The I/O thread gives it back in the middle of reading, and will see what else there is.
    return mux_.reader() == Multiplexer::holder::reactor && reactor_.on_thread();
}

void Connection::lead(Operation& own) noexcept {
    if (!lead_scratch_) lead_scratch_.reset(new (std::nothrow) lead_scratch);
    if (!lead_scratch_) fail(node_error(errc::no_resources, fate::unknown, phase::sent));
    for (bool first = true; up(); first = false) {
        // A large reply may keep it busy beyond its time.
        const bool late = !first && steady_now_ns() >= own.expires_ns();
        const auto mine = lead_scratch_->all();
        ssize_t n = 0;
        int err = 0;
        if (!late && await_bytes(own, mine, n, err)) {
            const Burst burst;
            replies_just_now_ = 0;
            (void)take_in(n, err, mine, steady_now_ns());
        } else if (own.expire(steady_now_ns())) {
            return;  // cancel() has handed the token on
        }
        if (up() && !lead_on(own)) return;
    }
    drain_as_leader();
    (void)lead_on(own);
}

void Connection::drain_as_leader() noexcept {
    if (!lead_scratch_) return;
    const Burst burst;
    drain(lead_scratch_->all());
}

// False: its own time is over.
bool Connection::await_bytes(const Operation& own, const scratch& s, ssize_t& n, int& err) noexcept {
    const auto came = [&] {
        n = calls_.recv(fd_, s.bytes, s.bytes_max);
        err = errno;
        return n >= 0 || (err != EAGAIN && err != EWOULDBLOCK && err != EINTR);
    };
    if (lead_spin_.worthwhile(replies_just_now_)) {
        const auto until = steady_now_ns() + lead_spin_.length_ns();
        do {
            if (came()) return lead_spin_.found(), true;
        } while (steady_now_ns() < until);
        lead_spin_.found_nothing();
    }
    do {
        calls_.await_readable(fd_, own.expires_ns());
        if (came()) return true;
    } while (steady_now_ns() < own.expires_ns());
    return false;
}

bool Connection::pending_here(const Operation& own) const noexcept {
    return own.holder.load(std::memory_order_relaxed) == static_cast<const Layer*>(this);
}

// As long as its own command is pending here. Else the token is handed on; nothing here may be touched any more.
bool Connection::lead_on(const Operation& own) noexcept {
    auto duty = Multiplexer::duty::none;
    sleeper next = nullptr;
    {
        const lock_guard hold(lock_);
        if (pending_here(own) && mux_.current() == Multiplexer::state::up) return true;
        next = hand_on_locked(duty);
    }
    wake(next);
    act_on(duty);
    return false;
}

// -- what came --

bool Connection::take_in(ssize_t n, int err, const scratch& s, std::int64_t now_ns) noexcept {
    if (n > 0) {
        const auto size = static_cast<std::size_t>(n);
        last_receive_ns_.store(now_ns, std::memory_order_relaxed);
        receives_.store(receives_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        bytes_in_.store(bytes_in_.load(std::memory_order_relaxed) + size, std::memory_order_relaxed);
        decoder_.supply({s.bytes, size});
        return decode(s) && size == s.bytes_max;
    }
    if (n < 0 && err == EINTR) return true;
    if (n < 0 && (err == EAGAIN || err == EWOULDBLOCK)) return false;
    fail(n == 0 ? node_error(errc::connection_lost, fate::unknown, phase::sent)
                : system_error(errc::connection_lost, err));
    return false;
}

// A send that failed says nothing of the replies that had come before: they are still delivered.
void Connection::drain(const scratch& s) noexcept {
    {
        const lock_guard hold(lock_);
        if (cause_ != errc::write_failed) return;
    }
    constexpr int receives_max = 64;  // as much as a socket's buffer holds
    for (int i = 0; i < receives_max; ++i) {
        const auto n = calls_.recv(fd_, s.bytes, s.bytes_max);
        if (n <= 0) return;
        decoder_.supply({s.bytes, static_cast<std::size_t>(n)});
        if (!decode(s)) return;
    }
}

bool Connection::decode(const scratch& s) noexcept {
    for (;;) {
        std::size_t n = 0;
        auto step = Decoder::step::reply;
        while (n < s.replies_max && (step = decoder_.next(s.replies[n])) == Decoder::step::reply) ++n;
        if (n != 0 && !deliver(s, n)) return false;
        if (step == Decoder::step::need_more) return true;
        if (step == Decoder::step::failed) {
            fail(error(decoder_.error_kind(), fate::unknown, phase::reply,
                       {.node = node_, .text = std::string(decoder_.error())}));
            return false;
        }
    }
}

bool Connection::deliver(const scratch& s, std::size_t n) noexcept {
    std::array<Operation*, batch_max> owners;  // NOLINT: filled below
    std::size_t known = 0;
    replies_just_now_ += n;
    if (listening_) {
        for (std::size_t i = 0; i < n && push_listener_ != nullptr; ++i)
            push_listener_->on_push(std::move(s.replies[i]));
        return up();
    }
    {
        const lock_guard hold(lock_);
        known = mux_.take(owners.data(), n);
    }
    for (std::size_t i = 0; i < known; ++i) {
        if (i + 1 < known) __builtin_prefetch(owners[i + 1], 1);
        if (owners[i] != nullptr) answer(*owners[i], std::move(s.replies[i]));
    }
    if (known == n) return true;
    fail(error(errc::protocol_error, fate::unknown, phase::reply,
               {.node = node_, .text = "a reply that no command is waiting for: " + s.replies[known].describe(100)}));
    return false;
}

namespace {
bool tells_state(errc code) noexcept {
    switch (code) {
        case errc::read_only:
        case errc::no_auth:
        case errc::loading:
        case errc::busy:
        case errc::denied:
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

}  // namespace redoubt::core
