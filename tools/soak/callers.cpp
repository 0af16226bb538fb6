// One loop for each kind of user.
#include "tools/soak/callers.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <redoubt/async.hpp>
#include <utility>

#include "tools/soak/caller.hpp"

namespace redoubt::lab {

namespace asio = boost::asio;

namespace {

Command<std::int64_t> push_of(const SoakCaller::call& c) { return cmd.rpush(c.key, {c.text}); }

template <class User> void call_once(SoakCaller& caller, User& user, SoakCaller::call c) {
    if (c.push) {
        caller.end(c, user.rpush(c.key, {c.text}));
    } else {
        caller.end(c, user.echo(c.text));
    }
}

void call_blocking(SoakCaller& caller) {
    while (!caller.stopping()) {
        auto c = caller.begin();
        const auto user = caller.client().with({.deadline = c.deadline});
        call_once(caller, user, std::move(c));
    }
}

// A lease, or a connection of its own, ends with any call that is given up: what follows on it may fail too.
SoakCaller::call begin_alone(SoakCaller& caller, bool calm) {
    auto c = caller.begin();
    c.terms.may_fail |= !calm;
    return c;
}

void call_on_leases(SoakCaller& caller, bool calm) {
    while (!caller.stopping()) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        auto lease = caller.client().with({.deadline = until}).lease();
        for (auto calls = lease ? 1 + caller.up_to(9) : 0; calls > 0 && !caller.stopping(); --calls) {
            auto c = begin_alone(caller, calm);
            lease->with({.deadline = c.deadline});
            call_once(caller, *lease, std::move(c));
        }
        if (!lease) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void call_dedicated(SoakCaller& caller, bool calm) {
    while (!caller.stopping()) {
        const auto own = caller.client().dedicated();
        for (auto calls = own ? 1 + caller.up_to(29) : 0; calls > 0 && !caller.stopping(); --calls) {
            auto c = begin_alone(caller, calm);
            const auto user = own->with({.deadline = c.deadline});
            call_once(caller, user, std::move(c));
        }
        if (!own) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

/// One asynchronous call after the other: the handler of one starts the next. On the client's I/O thread, or on a
/// context of the user's where calls can be cancelled too.
class Chain : public std::enable_shared_from_this<Chain> {
public:
    Chain(SoakCallers& all, asio::io_context* own) : caller_(all), own_(own) {
        if (own != nullptr) timer_.emplace(*own);
    }

    void next() {
        if (caller_.stopping()) return;
        auto c = std::make_shared<SoakCaller::call>(caller_.begin(own_ != nullptr));
        caller_.record().handler_owed();
        const auto user = caller_.client().with({.deadline = c->deadline});
        if (c->push) {
            start(user, push_of(*c), c);
        } else {
            start(user, cmd.echo(c->text), c);
        }
    }

private:
    template <class R> void start(const Client& user, Command<R> command, const std::shared_ptr<SoakCaller::call>& c) {
        auto handler = [self = shared_from_this(), c](const result<R>& outcome) {
            self->caller_.handled(*c);
            self->caller_.end(*c, outcome);
            if (self->own_ == nullptr) return self->next();
            self->timer_->cancel();
            asio::post(*self->own_, [self] { self->next(); });
        };
        if (own_ == nullptr) return user.async_run(std::move(command), std::move(handler));
        user.async_run(std::move(command),
                       asio::bind_cancellation_slot(signal_.slot(), asio::bind_executor(*own_, std::move(handler))));
        if (c->cancel_after_us < 0) return;
        timer_->expires_after(std::chrono::microseconds(c->cancel_after_us));
        timer_->async_wait([self = shared_from_this(), c](const boost::system::error_code& ec) {
            if (!ec && c->handled == 0) self->signal_.emit(asio::cancellation_type::terminal);
        });
    }

    SoakCaller caller_;
    asio::io_context* own_;  // null: handlers run on the I/O thread
    std::optional<asio::steady_timer> timer_;
    asio::cancellation_signal signal_;
};

asio::awaitable<void> call_as_coroutine(std::unique_ptr<SoakCaller> caller) {
    while (!caller->stopping()) {
        auto c = caller->begin();
        const auto user = caller->client().with({.deadline = c.deadline});
        caller->record().handler_owed();
        if (c.push) {
            const auto outcome = co_await user.async_run(push_of(c), asio::deferred);
            caller->handled(c);
            caller->end(c, outcome);
        } else {
            const auto outcome = co_await user.async_run(cmd.echo(c.text), asio::deferred);
            caller->handled(c);
            caller->end(c, outcome);
        }
    }
}

}  // namespace

SoakCallers::SoakCallers(Client client, SoakRecord& record, const soak_callers& options)
    : client_(std::move(client)), record_(record), options_(options) {
    const bool calm = options_.how == weather::calm && !options_.being_closed;
    const auto thread = [this](auto loop) {
        threads_.emplace_back([loop, caller = std::make_unique<SoakCaller>(*this)]() mutable {
            loop(*caller);
            caller.reset();
        });
    };
    for (unsigned i = 0; i < options_.threads; ++i) thread([](SoakCaller& c) { call_blocking(c); });
    for (unsigned i = 0; i < options_.leases; ++i) thread([calm](SoakCaller& c) { call_on_leases(c, calm); });
    for (unsigned i = 0; i < options_.dedicated; ++i) thread([calm](SoakCaller& c) { call_dedicated(c, calm); });
    for (unsigned i = 0; i < options_.callbacks; ++i) {
        asio::post(io_context_of(client_), [chain = std::make_shared<Chain>(*this, nullptr)] { chain->next(); });
    }
    for (unsigned i = 0; i < options_.cancelling; ++i) {
        asio::post(context_, [chain = std::make_shared<Chain>(*this, &context_)] { chain->next(); });
    }
    for (unsigned i = 0; i < options_.coroutines; ++i) {
        asio::co_spawn(context_, call_as_coroutine(std::make_unique<SoakCaller>(*this)), asio::detached);
    }
    threads_.emplace_back([this] { context_.run(); });
}

SoakCallers::~SoakCallers() { join(); }

void SoakCallers::join() {
    work_.reset();
    for (auto& t : threads_) t.join();
    threads_.clear();
}

}  // namespace redoubt::lab
