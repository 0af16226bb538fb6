// The event loop over Boost.Asio.
#include "core/stack/reactor.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "core/stack/futex.hpp"
#include "core/stack/layer.hpp"

namespace redoubt::core {

namespace asio = boost::asio;

namespace {
constexpr auto tick_length = std::chrono::milliseconds(4);  // deadlines hold within 5 ms of scheduling
}

struct Reactor::Loop {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    asio::steady_timer tick{context};
    asio::steady_timer visits{context};
    asio::posix::stream_descriptor sockets{context};  // the poller's set
};

thread_local const Reactor* Reactor::current_ = nullptr;

Reactor::Reactor()
    : loop_(std::make_unique<Loop>()),
      read_buffer_(new char[read_buffer_size]),
      reply_buffer_(new reply[reply_buffer_size]) {
    loop_->sockets.assign(poller_.descriptor());
    wait_ready();
}

Reactor::~Reactor() { loop_->sockets.release(); }

void Reactor::wait_ready() noexcept {
    loop_->sockets.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto& ended) {
        if (ended) return;
        poller_.dispatch();
        wait_ready();
    });
}

asio::io_context& Reactor::context() noexcept { return loop_->context; }

void Reactor::run(const std::function<void()>& thrown) noexcept {
    const auto* const before = std::exchange(current_, this);
    // A handler of the user that throws takes only itself down: the loop goes on with the next one.
    while (!loop_->context.stopped()) {
        try {
            loop_->context.run();
        } catch (...) {
            depth_ = 0;
            if (thrown) thrown();
        }
    }
    current_ = before;
}

void Reactor::stop() noexcept {
    post([this] {
        loop_->tick.cancel();
        loop_->visits.cancel();
        loop_->sockets.cancel();
        loop_->work.reset();
        loop_->context.stop();
    });
}

void Reactor::post(std::function<void()> f) {
    asio::post(loop_->context, [this, f = std::move(f)] {
        const Dispatch dispatch(*this);
        f();
    });
}

void Reactor::resume(Operation& op) noexcept {
    // From the exchange on the operation may be over and gone.
    auto* newest = inbox_.load(std::memory_order_relaxed);
    do {
        op.line_next = newest;
    } while (!inbox_.compare_exchange_weak(newest, &op, std::memory_order_release, std::memory_order_relaxed));
    if (newest == nullptr) asio::post(loop_->context, [this] { drain_inbox(); });
}

void Reactor::drain_inbox() noexcept {
    const Dispatch dispatch(*this);
    auto* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
    Operation* oldest = nullptr;
    while (newest != nullptr) {
        auto* const older = std::exchange(newest->line_next, oldest);
        oldest = std::exchange(newest, older);
    }
    while (oldest != nullptr) {
        auto& op = *std::exchange(oldest, oldest->line_next);
        op.line_next = nullptr;
        auto* const layer = std::exchange(op.resume_at_, nullptr);
        layer != nullptr ? layer->start(op) : op.complete();
    }
}

void Reactor::watch(Operation& op) noexcept {
    wheel_.remove(op);
    const auto at = op.expires_ns();
    if (at == never_ns) return;
    wheel_.add(op, at);
    if (!tick_armed_) arm_tick();
}

void Reactor::arm_tick() noexcept {
    tick_armed_ = true;
    loop_->tick.expires_after(tick_length);
    loop_->tick.async_wait([this](const boost::system::error_code& ec) {
        tick_armed_ = false;
        if (!ec) tick();
    });
}

void Reactor::tick() noexcept {
    const Dispatch dispatch(*this);
    wheel_.advance(now_ns_, [this](resilience::timer_node& node) {
        auto& op = static_cast<Operation&>(node);
        // Being handed on at this moment: look again at the next tick.
        if (!op.expire(now_ns_)) wheel_.add(op, std::max(op.expires_ns(), now_ns_ + 1));
    });
    if (!wheel_.empty()) arm_tick();
}

bool Reactor::room_for_a_wake() noexcept {
    if (wakes_.size() < wakes_.capacity()) return true;
    try {
        wakes_.reserve(wakes_.size() * 2 + 64);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void Reactor::wake(std::atomic<std::uint32_t>& word) noexcept {
    if (in_dispatch() && room_for_a_wake()) return wakes_.push_back(&word);
    if (auto* const burst = Burst::current()) return burst->wake_later(word);
    futex_wake(&word);
}

void Reactor::visit_later(Visited& v) noexcept {
    if (std::find(visited_.begin(), visited_.end(), &v) == visited_.end()) visited_.push_back(&v);
    if (!visits_armed_) arm_visits();
}

void Reactor::arm_visits() noexcept {
    visits_armed_ = true;
    loop_->visits.expires_after(visit_interval);
    loop_->visits.async_wait([this](const boost::system::error_code& ec) {
        visits_armed_ = false;
        if (!ec) visit_all();
    });
}

void Reactor::visit_all() noexcept {
    const Dispatch dispatch(*this);
    std::erase_if(visited_, [](Visited* v) { return !v->visit(); });
    if (!visited_.empty()) arm_visits();
}

void Reactor::flush_later(Flushable& f) noexcept {
    flushes_.push_back(&f);
    if (depth_ != 0 || std::exchange(flush_posted_, true)) return;
    asio::post(loop_->context, [this] {
        flush_posted_ = false;
        const Dispatch dispatch(*this);
    });
}

// An empty place rather than a shorter list: settle() may be walking it.
void Reactor::forget(Flushable& f) noexcept {
    std::replace(flushes_.begin(), flushes_.end(), &f, static_cast<Flushable*>(nullptr));
}

void Reactor::settle() noexcept {
    // First the bytes, so that the server works while the sleepers are woken.
    for (std::size_t i = 0; i < flushes_.size(); ++i) {  // NOLINT(modernize-loop-convert): may grow meanwhile
        if (flushes_[i] != nullptr) flushes_[i]->flush();
    }
    flushes_.clear();
    for (auto* const word : wakes_) futex_wake(word);
    wakes_.clear();
}

}  // namespace redoubt::core
