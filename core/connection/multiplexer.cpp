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
    filling_slots_.push_back({&op, bytes.size()});
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
        out[i] = head.op;
        if (head.op != nullptr) head.op->holder.store(nullptr, std::memory_order_release);
    }
    return count;
}

Multiplexer::departure Multiplexer::leave(Operation& op) noexcept {
    std::size_t before = 0;
    for (std::size_t i = 0; i < filling_slots_.size(); ++i) {
        const auto candidate = filling_slots_[i];
        if (candidate.op == &op) {
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

void Multiplexer::open() noexcept {
    assert(state_ == state::down && writer_ == holder::none && in_flight() == 0);
    filling_.clear();
    sending_.clear();
    written_ = answered_ = 0;
    reader_ = holder::reactor;
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
