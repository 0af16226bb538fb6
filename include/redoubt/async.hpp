// Asynchronous calls: any Boost.Asio completion token, coroutines included.
//
// The contract of `client.async_run(command, token)`, with the signature void(result<R>):
// Completion: exactly once, never from within the initiating call. It runs on the handler's associated executor, or,
// when it has
//   none, on the client's I/O thread: keep it short there, never block.
// Cancellation: by the slot associated with the handler, any type. Before the command left: `cancelled`, not_applied.
// After:
//   `cancelled`, unknown; the reply is dropped when it comes. Afterwards: no effect.
// Lifetimes: command and handler are moved in. The handle may be dropped: when the last one goes, what is under way
//   completes with `closed`.
// After close(): completes with `closed`, on a thread of Asio's system executor when the handler has no executor of its
// own. Exceptions: a handler that throws on the I/O thread is logged and counted (client_stats::handler_exceptions).
// Thread safety: any thread. Errors: as for the blocking calls.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <memory>
#include <new>
#include <redoubt/client.hpp>
#include <redoubt/detail/async_client.hpp>
#include <type_traits>
#include <utility>

namespace redoubt {

namespace detail {

/// The user's side of one call: command and handler, in the block of the operation.
template <class R, class Handler> class call_state {
    using own_executor = boost::asio::io_context::executor_type;
    using executor = boost::asio::associated_executor_t<Handler, own_executor>;

    static auto tracked(const executor& ex) {
        return boost::asio::prefer(ex, boost::asio::execution::outstanding_work.tracked);
    }

public:
    call_state(core::ClientCore& core, Command<R>&& command, Handler&& handler)
        : core_(core),
          command_(std::move(command)),
          handler_(std::move(handler)),
          executor_(tracked(boost::asio::get_associated_executor(handler_, context_of(core).get_executor()))),
          on_io_thread_(is_own(core, boost::asio::get_associated_executor(handler_, context_of(core).get_executor()))) {
    }

    const command_base& command() const noexcept { return command_; }
    Handler& handler() noexcept { return handler_; }

    static void deliver(void* storage, call_outcome outcome) {
        auto& self = *static_cast<call_state*>(storage);
        auto& core = self.core_;
        try {
            result<R> r = read(self, outcome);
            Handler handler = std::move(self.handler_);
            const auto where = std::move(self.executor_);
            const bool on_io_thread = self.on_io_thread_;
            self.~call_state();
            outcome.release();
            auto complete = [handler = std::move(handler), r = std::move(r)]() mutable {
                auto slot = boost::asio::get_associated_cancellation_slot(handler);
                if (slot.is_connected()) slot.clear();
                std::move(handler)(std::move(r));
            };
            on_io_thread ? complete() : boost::asio::dispatch(where, std::move(complete));
        } catch (...) {
            handler_threw(core);
        }
    }

private:
    // A codec of the user's that throws must not take the completion with it.
    static result<R> read(call_state& self, call_outcome& outcome) noexcept {
        try {
            return read_outcome(self.command_, !outcome.failed(), outcome.value(), outcome.failure());
        } catch (...) {
            handler_threw(self.core_);
            return reading_failed(error(errc::reply_type));
        }
    }
    static bool is_own(core::ClientCore& core, const executor& ex) {
        if constexpr (std::is_same_v<executor, own_executor>) {
            return ex == context_of(core).get_executor();
        } else {
            return false;
        }
    }

    core::ClientCore& core_;
    Command<R> command_;
    Handler handler_;
    std::decay_t<decltype(tracked(std::declval<const executor&>()))> executor_;
    bool on_io_thread_;
};

template <class R> struct include_redoubt_async_hpp {
    template <class Token> static auto start(const Client& client, Command<R>&& command, Token&& token) {
        return boost::asio::async_initiate<Token, void(result<R>)>(initiation{client.handle_, client.call_}, token,
                                                                   std::move(command));
    }

private:
    struct initiation {
        std::shared_ptr<client_handle> handle;
        call_options call;

        template <class Handler> void operator()(Handler&& handler, Command<R> command) const {
            using state = call_state<R, std::decay_t<Handler>>;
            auto* const core = core_of(handle.get());
            if (core == nullptr) return refuse(std::forward<Handler>(handler));
            const auto prepared = prepare_call(*core, sizeof(state));
            auto* const mine = new (prepared.storage)
                state(*core, std::move(command), std::decay_t<Handler>(std::forward<Handler>(handler)));
            std::shared_ptr<core::cancel_link> link;
            auto slot = boost::asio::get_associated_cancellation_slot(mine->handler());
            if (slot.is_connected()) {
                link = make_cancel_link(*core, prepared);
                slot.assign([link](boost::asio::cancellation_type) { request_cancel(link); });
            }
            launch_call(*handle, prepared, mine->command(), call, &state::deliver, link);
        }

        template <class Handler> static void refuse(Handler&& handler) {
            const auto where = boost::asio::get_associated_executor(handler);
            boost::asio::post(where, [h = std::decay_t<Handler>(std::forward<Handler>(handler))]() mutable {
                std::move(h)(result<R>(errc::closed));
            });
        }
    };
};

}  // namespace detail

/// The event loop of the client's I/O thread. Work run on it shares the thread: it must be short, never block, and may
/// use async_run at the lowest cost (no hand-over between threads). Preconditions: the handle is not empty.
inline boost::asio::io_context& io_context_of(const Client& client) {
    return detail::context_of(*detail::core_of(detail::handle_of(client)));
}

}  // namespace redoubt
