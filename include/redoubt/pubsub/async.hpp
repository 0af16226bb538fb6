// `subscriber.async_next(token)`: any Boost.Asio completion token, coroutines included.
//
// The contract, with the signature void(result<event>):
// Completion: exactly once, never from within the initiating call. It runs on the handler's associated executor, or,
// when
//   it has none, on the client's I/O thread: keep it short there, never block.
// Cancellation: by the slot associated with the handler, any type: `cancelled`, and no event was taken. Too late: no
// effect. Lifetimes: the handler is moved in. The subscriber may be dropped, also by the handler: those that wait
// complete with a
//   `closed` event (one of them) or the error `closed`.
// After close(): what had arrived, then `closed`; when the client is closed too, on a thread of Asio's system executor
//   unless the handler has an executor of its own.
// Errors: `closed` once the `closed` event has been taken; `cancelled`; `forked`. No deadline: cancel it.
// Thread safety: any thread, any number at the same time; each event goes to one.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/system_executor.hpp>
#include <memory>
#include <redoubt/detail/next_waiter.hpp>
#include <redoubt/pubsub/subscriber.hpp>
#include <type_traits>
#include <utility>

namespace redoubt::detail {

template <class Handler> class next_call final : public next_waiter {
    using own_executor = boost::asio::io_context::executor_type;
    using executor = boost::asio::associated_executor_t<Handler, own_executor>;

    static auto tracked(const executor& ex) {
        return boost::asio::prefer(ex, boost::asio::execution::outstanding_work.tracked);
    }

public:
    next_call(core::ClientCore& core, Handler&& handler)
        : core_(core),
          handler_(std::move(handler)),
          executor_(tracked(boost::asio::get_associated_executor(handler_, context_of(core).get_executor()))),
          on_io_thread_(is_own(core, boost::asio::get_associated_executor(handler_, context_of(core).get_executor()))) {
    }

    Handler& handler() noexcept { return handler_; }

    void complete(result<event>&& outcome, bool elsewhere) noexcept override {
        auto& core = core_;
        try {
            const auto where = std::move(executor_);
            auto call = [handler = std::move(handler_), r = std::move(outcome)]() mutable {
                auto slot = boost::asio::get_associated_cancellation_slot(handler);
                if (slot.is_connected()) slot.clear();
                std::move(handler)(std::move(r));
            };
            if (!on_io_thread_) {
                elsewhere ? boost::asio::post(where, std::move(call)) : boost::asio::dispatch(where, std::move(call));
            } else if (elsewhere) {
                boost::asio::post(boost::asio::system_executor(), std::move(call));
            } else {
                call();
            }
        } catch (...) {
            handler_threw(core);
        }
    }

private:
    static bool is_own(core::ClientCore& core, const executor& ex) {
        if constexpr (std::is_same_v<executor, own_executor>) {
            return ex == context_of(core).get_executor();
        } else {
            return false;
        }
    }

    core::ClientCore& core_;
    Handler handler_;
    std::decay_t<decltype(tracked(std::declval<const executor&>()))> executor_;
    bool on_io_thread_;
};

struct subscriber_access {
    static std::weak_ptr<subscriber_handle> handle_of(const Subscriber& s) noexcept { return s.handle_; }
};

template <class Token> struct include_redoubt_pubsub_async_hpp {
    static auto start(const Subscriber& subscriber, Token&& token) {
        return boost::asio::async_initiate<Token, void(result<event>)>(
            initiation{subscriber_access::handle_of(subscriber)}, token);
    }

private:
    struct initiation {
        std::weak_ptr<subscriber_handle> handle;

        template <class Handler> void operator()(Handler&& handler) const {
            using call = next_call<std::decay_t<Handler>>;
            const auto living = this->handle.lock();
            if (!living) return refuse(std::forward<Handler>(handler), errc::closed);
            auto* const core = core_of(*living);
            if (core == nullptr) return refuse(std::forward<Handler>(handler), errc::forked);
            const auto mine = std::make_shared<call>(*core, std::decay_t<Handler>(std::forward<Handler>(handler)));
            auto slot = boost::asio::get_associated_cancellation_slot(mine->handler());
            if (slot.is_connected()) {
                slot.assign([cancel = next_canceller(*living, mine)](boost::asio::cancellation_type) { cancel(); });
            }
            start_next(*living, mine);
        }

        template <class Handler> static void refuse(Handler&& handler, errc why) {
            const auto where = boost::asio::get_associated_executor(handler);
            boost::asio::post(where, [why, h = std::decay_t<Handler>(std::forward<Handler>(handler))]() mutable {
                std::move(h)(result<event>(why));
            });
        }
    };
};

}  // namespace redoubt::detail
