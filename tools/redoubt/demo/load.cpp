// One loop for each caller, once with blocking calls and once as a coroutine.
#include "tools/redoubt/demo/load.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <redoubt/async.hpp>

namespace redoubt::lab {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

std::int64_t ns_of(steady_clock::time_point point) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(point.time_since_epoch()).count();
}

}  // namespace

/// What both loops share: the begin and the end of a call.
class Caller {
public:
    Caller(Load& load, CallerScript& script) : load_(load), script_(script) {}

    bool stopping() const { return load_.stopping_.load(std::memory_order_relaxed); }
    const Client& client() const { return load_.client_; }
    planned_call begin() {
        planned_call call = script_.next();
        started_ = steady_clock::now();
        return call;
    }
    /// The time to pause.
    template <class R> std::chrono::milliseconds end(const planned_call& call, const result<R>& outcome) {
        const auto ended = steady_clock::now();
        const auto* const failure = outcome ? nullptr : &outcome.assume_error();
        const bool own = failure != nullptr || is_own(call, *outcome);
        script_.note(call, ending_of(failure));
        load_.tally_.add({ns_of(started_), ns_of(ended), ns_of(started_ + load_.options_.deadline)}, failure, own);
        return script_.pause(failure != nullptr);
    }
    void left() { load_.coroutines_left_.count_down(); }

private:
    template <class R> bool is_own(const planned_call& call, const R& reply) { return script_.is_own(call, reply); }
    bool is_own(const planned_call&, bool stored) { return stored; }

    Load& load_;
    CallerScript& script_;
    steady_clock::time_point started_;
};

namespace {

std::chrono::milliseconds call_blocking(Caller& caller) {
    const auto& client = caller.client();
    const auto call = caller.begin();
    switch (call.kind) {
        case call_kind::get: return caller.end(call, client.get(call.key));
        case call_kind::set: return caller.end(call, client.set(call.key, call.value));
        case call_kind::push: return caller.end(call, client.rpush(call.key, {call.value}));
        case call_kind::incr: return caller.end(call, client.incr(call.key));
        case call_kind::echo: break;
    }
    return caller.end(call, client.echo(call.value));
}

template <class R>
asio::awaitable<std::chrono::milliseconds> run(Caller& caller, const planned_call& call, Command<R> command) {
    co_return caller.end(call, co_await caller.client().async_run(std::move(command), asio::deferred));
}

asio::awaitable<std::chrono::milliseconds> call_as_coroutine(Caller& caller, const planned_call& call) {
    switch (call.kind) {
        case call_kind::get: return run(caller, call, cmd.get(call.key));
        case call_kind::set: return run(caller, call, cmd.set(call.key, call.value));
        case call_kind::push: return run(caller, call, cmd.rpush(call.key, {call.value}));
        case call_kind::incr: return run(caller, call, cmd.incr(call.key));
        case call_kind::echo: break;
    }
    return run(caller, call, cmd.echo(call.value));
}

asio::awaitable<void> call_on(Caller caller) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (!caller.stopping()) {
        const auto call = caller.begin();
        timer.expires_after(co_await call_as_coroutine(caller, call));
        co_await timer.async_wait(asio::deferred);
    }
    caller.left();
}

}  // namespace

Load::Load(const Client& client, const load_options& options)
    : client_(client.with({.deadline = options.deadline})),
      options_(options),
      coroutines_left_(static_cast<std::ptrdiff_t>(options.coroutines)) {
    for (unsigned i = 0; i < options.threads + options.coroutines; ++i)
        scripts_.push_back(std::make_unique<CallerScript>(i, options.seed, options.mix));
    for (unsigned i = 0; i < options.coroutines; ++i) {
        Caller caller(*this, *scripts_[options.threads + i]);
        asio::co_spawn(io_context_of(client_), call_on(caller), asio::detached);
    }
    for (unsigned i = 0; i < options.threads; ++i) {
        threads_.emplace_back([caller = Caller(*this, *scripts_[i])]() mutable {
            while (!caller.stopping()) std::this_thread::sleep_for(call_blocking(caller));
        });
    }
}

Load::~Load() { stop(); }

void Load::stop() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    coroutines_left_.wait();
}

std::vector<noted_write> Load::notes() const {
    std::vector<noted_write> all;
    for (const auto& script : scripts_) all.insert(all.end(), script->notes().begin(), script->notes().end());
    return all;
}

}  // namespace redoubt::lab
