// The I/O of a dial: thin, over AddressTurns and Handshake.
#include "core/connection/dial.hpp"

#include <sys/un.h>

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <optional>
#include <vector>

#include "core/connection/dial_addresses.hpp"
#include "core/connection/socket_options.hpp"
#include "core/connection/syscalls.hpp"
#include "core/log.hpp"
#include "core/protocol/decoder.hpp"

namespace redoubt::core {

namespace asio = boost::asio;
using asio::ip::tcp;

class Dial : public std::enable_shared_from_this<Dial> {
    // A handler that does nothing once the dial is over.
    template <class F> auto guarded(F f) {
        return [self = shared_from_this(), f](const auto&... arguments) {
            const Reactor::Dispatch dispatch(self->reactor_);
            if (self->done_) f(*self, arguments...);
        };
    }

public:
    Dial(Reactor& reactor, dial_settings&& s, dial_handler done)
        : reactor_(reactor),
          settings_(std::move(s)),
          done_(std::move(done)),
          deadline_ns_(later_ns(steady_now_ns(), settings_.connect.timeout.count())),
          overall_(reactor.context()),
          turn_(reactor.context()),
          resolver_(reactor.context()),
          socket_(reactor.context()),
          handshake_(settings_.greeting),
          decoder_(settings_.replies) {}

    void begin() {
        overall_.expires_after(settings_.connect.timeout);
        overall_.async_wait(guarded([](Dial& d, const auto& ec) {
            if (!ec) d.time_is_over();
        }));
        if (settings_.to.kind == endpoint::kind::unix_socket) {
            turns_.emplace(1, deadline_ns_);
            return connect_unix();
        }
        // A numeric address needs no resolver, nor the thread that Asio starts for it.
        boost::system::error_code not_numeric;
        const auto address = asio::ip::make_address(settings_.to.host, not_numeric);
        if (!not_numeric) {
            addresses_.emplace_back(address, settings_.to.port);
            return connect_first();
        }
        resolving_ = true;
        if (!settings_.last_good.empty()) {
            turn_.expires_after(settings_.connect.timeout / 2);
            turn_.async_wait(guarded([](Dial& d, const auto& cancelled) {
                if (!cancelled && d.resolving_) d.resolver_failed("the resolver does not answer");
            }));
        }
        resolver_.async_resolve(settings_.to.host, std::to_string(settings_.to.port),
                                [self = shared_from_this()](const auto& ec, const tcp::resolver::results_type& found) {
                                    const Reactor::Dispatch dispatch(self->reactor_);
                                    if (self->done_ && self->resolving_) self->on_resolved(ec, found);
                                });
    }

    void cancel() noexcept { end(error(errc::closed, fate::not_applied, phase::dial, {.node = settings_.node})); }

    bool over() const noexcept { return !done_; }

private:
    void on_resolved(const boost::system::error_code& ec, const tcp::resolver::results_type& found) {
        if (ec || found.empty()) return resolver_failed(ec ? ec.message() : "it has no address");
        resolver_ended({});
        for (const auto& one : found) addresses_.push_back(one.endpoint());
        connect_first();
    }

    void connect_first() {
        turns_.emplace(addresses_.size(), deadline_ns_);
        connect_next();
    }

    void resolver_ended(std::string_view failure) {
        resolving_ = false;
        turn_.cancel();
        if (settings_.resolver_said) settings_.resolver_said(failure);
    }

    // The name may still stand for the address that it had last.
    void resolver_failed(std::string_view why) {
        resolver_failure_ = settings_.to.host + ": " + std::string(why);
        resolver_ended(resolver_failure_);
        boost::system::error_code not_numeric;
        const auto address = asio::ip::make_address(settings_.last_good, not_numeric);
        if (not_numeric) return fail(errc::resolve_failed, {}, {});
        addresses_.emplace_back(address, settings_.to.port);
        turns_.emplace(1, deadline_ns_);
        connect_next();
    }

    void connect_next() {
        if (turns_->exhausted())
            return fail(timed_out_ ? errc::connect_timeout : errc::connect_failed, turns_->report(), {});
        current_ = turns_->take();
        const auto& address = addresses_[current_];
        std::error_code ec;
        const int fd = open_socket(address.protocol().family(), ec);
        if (fd < 0) return fail(errc::connect_failed, "socket()", ec);  // the same for every address
        set_tcp_options(fd, settings_.connect);
        assign(fd);
        if (::connect(fd, address.data(), static_cast<socklen_t>(address.size())) == 0) return greet();
        if (errno != EINPROGRESS) return give_up_address({errno, std::system_category()});
        turn_.expires_at(time_point(turns_->share_until_ns(steady_now_ns())));
        turn_.async_wait(guarded([mine = current_](Dial& d, const auto& cancelled) {
            if (cancelled || d.greeting_ || d.current_ != mine) return;
            d.timed_out_ = true;
            d.give_up_address(std::make_error_code(std::errc::timed_out));
        }));
        socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                           guarded([mine = current_](Dial& d, const auto& cancelled) {
                               if (cancelled || d.current_ != mine) return;
                               d.turn_.cancel();
                               if (const auto why = connect_outcome(d.fd_)) return d.give_up_address(why);
                               d.greet();
                           }));
    }

    void give_up_address(std::error_code why) {
        close_socket();
        turns_->note_failure(to_text(addresses_[current_]), why.message());
        connect_next();
    }
    static std::string to_text(const tcp::endpoint& e) {
        const auto host = e.address().to_string();
        return (e.address().is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(e.port());
    }

    // By hand: with a full backlog connect() answers EAGAIN at once, and waiting for writability would succeed.
    void connect_unix() {
        std::error_code ec;
        const int fd = open_socket(AF_UNIX, ec);
        if (fd < 0) return fail(errc::connect_failed, "socket()", ec);
        assign(fd);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (settings_.to.path.size() >= sizeof address.sun_path) {
            return fail(errc::connect_failed, "the path of the socket is too long",
                        std::make_error_code(std::errc::filename_too_long));
        }
        std::memcpy(address.sun_path, settings_.to.path.data(), settings_.to.path.size());
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return greet();
        const int err = errno;
        close_socket();
        if (err != EAGAIN && err != EINTR) return fail(errc::connect_failed, "", {err, std::system_category()});
        constexpr auto backlog_pause = std::chrono::milliseconds(5);
        turn_.expires_after(backlog_pause);
        turn_.async_wait(guarded([](Dial& d, const auto& cancelled) {
            if (!cancelled) d.connect_unix();
        }));
    }

    void greet() {
        greeting_ = true;
        act(handshake_.begin());
    }

    void act(Handshake::action a) {
        switch (a) {
            case Handshake::action::send: unsent_ = handshake_.request(); return send();
            case Handshake::action::done: return succeed();
            case Handshake::action::failed: {
                auto details = handshake_.failure_details();
                return fail(handshake_.failure_code(), details.text, details.cause);
            }
        }
    }

    void send() {
        while (!unsent_.empty()) {
            const auto n = calls_.send(fd_, unsent_.data(), unsent_.size());
            if (n >= 0) {
                unsent_.remove_prefix(static_cast<std::size_t>(n));
            } else if (errno == EAGAIN) {
                return socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                                          guarded([](Dial& d, const auto& cancelled) {
                                              if (!cancelled) d.send();
                                          }));
            } else if (errno != EINTR) {
                return last_words({errno, std::system_category()});
            }
        }
        receive();
    }

    void receive() {
        const auto n = calls_.recv(fd_, reactor_.read_buffer(), Reactor::read_buffer_size);
        if (n > 0) {
            decoder_.supply({reactor_.read_buffer(), static_cast<std::size_t>(n)});
            switch (decoder_.next(answer_)) {
                case Decoder::step::failed: return fail(decoder_.error_kind(), decoder_.error(), {});
                case Decoder::step::need_more: break;
                case Decoder::step::reply: {
                    const auto action = handshake_.on_reply(answer_);
                    reply extra;
                    if (decoder_.next(extra) == Decoder::step::reply || decoder_.partial()) {
                        return fail(errc::protocol_error, "the server answers more than it was asked", {});
                    }
                    return act(action);
                }
            }
        } else if (n == 0) {
            return act(handshake_.on_end(nullptr, {}));
        } else if (errno != EAGAIN && errno != EINTR) {
            return act(handshake_.on_end(nullptr, {errno, std::system_category()}));
        }
        socket_.async_wait(asio::posix::stream_descriptor::wait_read, guarded([](Dial& d, const auto& cancelled) {
                               if (!cancelled) d.receive();
                           }));
    }

    // A server that refuses the connection says why before it closes it, and the send may fail first.
    void last_words(std::error_code cause) {
        const auto n = calls_.recv(fd_, reactor_.read_buffer(), Reactor::read_buffer_size);
        if (n > 0) {
            decoder_.supply({reactor_.read_buffer(), static_cast<std::size_t>(n)});
            if (decoder_.next(answer_) == Decoder::step::reply) return act(handshake_.on_end(&answer_, cause));
        }
        act(handshake_.on_end(nullptr, cause));
    }

    void time_is_over() {
        if (greeting_) return fail(errc::connect_timeout, "connected, but the server does not answer", {});
        if (resolving_) return resolver_timed_out();
        fail(errc::connect_timeout, turns_->report(), {});
    }

    void resolver_timed_out() {
        resolver_failure_ = settings_.to.host + ": the resolver does not answer";
        resolver_ended(resolver_failure_);
        fail(errc::resolve_failed, {}, {});
    }

    void succeed() {
        static std::atomic<bool> reported{false};
        if (!handshake_.name_refused().empty() && !reported.exchange(true)) {
            log_state(log_level::warning, {"name", settings_.node},
                      "the server refuses CLIENT SETNAME, connections stay nameless: " + handshake_.name_refused() +
                          " [node " + settings_.node + ']');
        }
        socket_.release();
        finish(std::exchange(fd_, -1));
    }
    void fail(errc code, std::string_view text, std::error_code cause) {
        std::string words(text);
        if (!resolver_failure_.empty()) {
            // Without an answer at the old address the name is what is missing.
            if (!greeting_) code = errc::resolve_failed;
            words = resolver_failure_;
            if (!text.empty()) words.append("; at its last good address: ").append(text);
        }
        end(error(code, fate::not_applied, phase::dial,
                  {.node = settings_.node, .text = std::move(words), .cause = cause}));
    }
    void end(error why) {
        if (!done_) return;
        close_socket();
        finish(std::move(why));
    }
    void finish(const result<int>& outcome) {
        overall_.cancel();
        turn_.cancel();
        resolver_.cancel();
        const auto done = std::exchange(done_, nullptr);
        reactor_.post([done, outcome] { done(outcome); });
    }

    void assign(int fd) {
        fd_ = fd;
        socket_.assign(fd);
    }
    void close_socket() noexcept {
        if (fd_ < 0) return;
        socket_.release();
        calls_.close(std::exchange(fd_, -1));
    }
    static std::chrono::steady_clock::time_point time_point(std::int64_t ns) {
        return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(ns));
    }

    Reactor& reactor_;
    const dial_settings settings_;
    const syscalls& calls_ = syscalls::real();
    dial_handler done_;
    std::int64_t deadline_ns_;
    asio::steady_timer overall_;
    asio::steady_timer turn_;
    tcp::resolver resolver_;
    asio::posix::stream_descriptor socket_;
    int fd_ = -1;
    std::vector<tcp::endpoint> addresses_;
    std::optional<AddressTurns> turns_;
    std::size_t current_ = 0;  // the address being tried
    Handshake handshake_;
    Decoder decoder_;
    reply answer_;
    std::string_view unsent_;
    std::string resolver_failure_;  // the last good address is being tried instead
    bool resolving_ = false;
    bool greeting_ = false;
    bool timed_out_ = false;
};

std::shared_ptr<Dial> start_dial(Reactor& reactor, dial_settings settings, dial_handler done) {
    auto dial = std::make_shared<Dial>(reactor, std::move(settings), std::move(done));
    dial->begin();
    return dial;
}

bool dial_over(const Dial& dial) noexcept { return dial.over(); }

void cancel_dial(Dial& dial) noexcept { dial.cancel(); }

std::string peer_of(int fd) {
    tcp::endpoint peer;
    socklen_t size = static_cast<socklen_t>(peer.capacity());
    if (::getpeername(fd, peer.data(), &size) != 0) return {};
    const auto family = peer.data()->sa_family;
    return family == AF_INET || family == AF_INET6 ? peer.address().to_string() : std::string();
}

bool is_lasting(const error& e) noexcept {
    switch (e.kind()) {
        case errc::wrong_pass:
        case errc::no_auth:
        case errc::no_perm:
        case errc::denied:
        case errc::handshake_failed: return true;
        default: return false;
    }
}

}  // namespace redoubt::core
