// Slots, buffers and roles of one connection.
#include "core/connection/multiplexer.hpp"

#include <algorithm>
#include <cassert>

namespace redoubt::core {

Multiplexer::admission Multiplexer::append(Operation& op) {
    if (state_ != state::up) return admission::not_up;
    const auto bytes = op.command->bytes();
    const auto unsent = unsent_bytes();
    if (unsent != 0 && unsent + bytes.size() > unsent_max_) return admission::full;
    filling_.reserve(bytes.size());
    in_flight_.reserve(in_flight_.size() + filling_slots_.size() + 1);  // next_to_send() must not throw
    filling_slots_.push_back({&op, bytes.size(), op.may_lead()});
    if (!op.may_lead()) ++waiting_for_reactor_;
    filling_.append(bytes);  // room is there: does not throw
    op.holder.store(owner_, std::memory_order_release);
    return admission::accepted;
}

Multiplexer::admission Multiplexer::append_unanswered(std::string_view bytes) {
    assert(in_flight() == 0);
    if (state_ != state::up) return admission::not_up;
    const auto unsent = unsent_bytes();
    if (unsent != 0 && unsent + bytes.size() > unsent_max_) return admission::full;
    filling_.reserve(bytes.size());
    filling_.append(bytes);
    return admission::accepted;
}

Multiplexer::summons Multiplexer::summon_reader(Operation& op, bool may_take) noexcept {
    if (state_ != state::up) return summons::none;
    if (!callers_may_lead_ || !op.may_lead()) {
        if (reader_ != holder::none) return summons::none;
        reader_ = holder::watch;
        return summons::watch;
    }
    const bool idle = reader_ == holder::watch && may_take && in_flight() == 1;
    if (reader_ != holder::none && !idle) return summons::none;
    (void)make_leader(&op);
    return summons::leader;
}

bool Multiplexer::take_writer(holder who) noexcept {
    if (state_ != state::up || writer_ != holder::none || unsent_bytes() == 0) return false;
    writer_ = who;
    return true;
}

std::string_view Multiplexer::next_to_send() noexcept {
    assert(writer_ != holder::none);
    if (state_ != state::up) return {};
    if (sending_.empty()) {
        if (filling_.empty()) return {};
        swap(sending_, filling_);
        if (in_flight_.empty()) {
            std::swap(in_flight_, filling_slots_);
        } else {
            while (!filling_slots_.empty()) in_flight_.push_back(filling_slots_.pop_front());
        }
    }
    return sending_.view();
}

void Multiplexer::sent(std::size_t bytes) noexcept {
    assert(writer_ != holder::none);
    written_ += bytes;
    sending_.drop_front(bytes);
}

std::size_t Multiplexer::take(Operation** out, std::size_t n) noexcept {
    const auto count = std::min(n, in_flight_.size());
    for (std::size_t i = 0; i < count; ++i) {
        const auto head = in_flight_.pop_front();
        answered_ += head.bytes;
        forget_slot(head);
        out[i] = head.op;
        if (head.op != nullptr) head.op->holder.store(nullptr, std::memory_order_release);
    }
    return count;
}

void Multiplexer::forget_slot(const slot& s) noexcept {
    if (!s.leads) --waiting_for_reactor_;
}

bool Multiplexer::begin_reading() noexcept {
    // Without a reader: somebody was woken by the end of the stream, and nobody else will see it.
    if (state_ == state::up && reader_ == holder::none) reader_ = holder::watch;
    if (reader_ != holder::watch) return false;
    reader_ = holder::reactor;
    return true;
}

bool Multiplexer::watch() noexcept {
    if (state_ != state::up || reader_ != holder::none) return false;
    reader_ = holder::watch;
    return true;
}

// The oldest command whose caller is still there. Few have left; if many have, the I/O thread reads for them.
Operation* Multiplexer::next_leader() noexcept {
    constexpr std::size_t left_max = 8;
    if (!callers_may_lead_) return nullptr;
    const auto n = std::min(in_flight(), left_max);
    for (std::size_t i = 0; i < n; ++i) {
        const auto& s = i < in_flight_.size() ? in_flight_[i] : filling_slots_[i - in_flight_.size()];
        if (s.op != nullptr) return s.leads ? s.op : nullptr;
        if (!s.leads) return nullptr;
    }
    return nullptr;
}

bool Multiplexer::make_leader(Operation* op) noexcept {
    if (op == nullptr) return false;
    reader_ = holder::caller;
    leader_ = op;
    return true;
}

bool Multiplexer::hand_to_caller() noexcept {
    return state_ == state::up && waiting_for_reactor_ == 0 && make_leader(next_leader());
}

Multiplexer::summons Multiplexer::hand_on() noexcept {
    assert(state_ == state::up && reader_ == holder::caller);
    leader_ = nullptr;
    if (make_leader(next_leader())) return summons::leader;
    const bool pending = in_flight() != 0;
    reader_ = pending ? holder::watch : holder::none;
    return pending ? summons::watch : summons::none;
}

Multiplexer::departure Multiplexer::leave(Operation& op) noexcept {
    std::size_t before = 0;
    for (std::size_t i = 0; i < filling_slots_.size(); ++i) {
        const auto candidate = filling_slots_[i];
        if (candidate.op == &op) {
            forget_slot(candidate);
            filling_.cut(before, candidate.bytes);
            filling_slots_.erase(i);
            op.holder.store(nullptr, std::memory_order_release);
            return departure::not_applied;
        }
        before += candidate.bytes;
    }
    for (std::size_t i = 0; i < in_flight_.size(); ++i) {
        if (in_flight_[i].op == &op) {
            in_flight_[i].op = nullptr;
            op.holder.store(nullptr, std::memory_order_release);
            return departure::abandoned;
        }
    }
    return departure::unknown_operation;
}

void Multiplexer::trim() noexcept {
    if (writer_ != holder::none) return;
    filling_.trim();
    sending_.trim();
    filling_slots_.trim();
    in_flight_.trim();
}

void Multiplexer::open() noexcept {
    assert(state_ == state::down && writer_ == holder::none && in_flight() == 0);
    filling_.clear();
    sending_.clear();
    written_ = answered_ = 0;
    reader_ = holder::watch;
    leader_ = nullptr;
    waiting_for_reactor_ = 0;
    state_ = state::up;
}

Multiplexer::duty Multiplexer::fail() noexcept {
    if (state_ != state::up) return duty::none;
    state_ = state::failing;
    return sweep_if_free();
}

Multiplexer::duty Multiplexer::release_writer() noexcept {
    writer_ = holder::none;
    return sweep_if_free();
}

Multiplexer::duty Multiplexer::release_reader() noexcept {
    reader_ = holder::none;
    leader_ = nullptr;
    return sweep_if_free();
}

// A role may still be inside a system call: what it sent is known only when it has been released.
Multiplexer::duty Multiplexer::sweep_if_free() noexcept {
    if (state_ != state::failing || writer_ != holder::none || reader_ != holder::none) return duty::none;
    state_ = state::sweeping;
    return duty::sweep;
}

Multiplexer::leftover Multiplexer::sweep_next() noexcept {
    assert(state_ == state::sweeping);
    while (in_flight() != 0) {
        auto& from = in_flight_.empty() ? filling_slots_ : in_flight_;
        const auto head = from.pop_front();
        answered_ += head.bytes;
        forget_slot(head);
        if (head.op == nullptr) continue;
        head.op->holder.store(nullptr, std::memory_order_release);
        return {head.op, answered_ <= written_ ? fate::unknown : fate::not_applied};
    }
    filling_.clear();
    sending_.clear();
    state_ = state::down;
    return {};
}

}  // namespace redoubt::core
