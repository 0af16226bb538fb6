// Keeping, dropping and marking events.
#include "pubsub/event_buffer.hpp"

#include <algorithm>

namespace redoubt::pubsub {

std::size_t EventBuffer::bytes_of(const event& e) noexcept {
    return std::visit(
        match{[](const message& m) { return m.channel.size() + m.pattern.size() + m.payload.size(); },
              [](const subscribed& s) { return s.name.size(); }, [](const unsubscribed& u) { return u.name.size(); },
              [](const auto&) { return std::size_t{0}; }},
        e);
}

void EventBuffer::append(event&& e) {
    const auto size = bytes_of(e);
    line_.push_back(std::move(e));
    ++count_;
    bytes_ += size;
}

EventBuffer::admission EventBuffer::push(event&& e) {
    const auto size = bytes_of(e);
    // One that is too large by itself passes alone: it would never fit.
    if (count_ == 0 || fits(size)) return append(std::move(e)), admission::kept;
    if (policy_ == overflow::drop_oldest) {
        while (count_ != 0 && !fits(size)) drop_oldest();
        append(std::move(e));
        return admission::made_room;
    }
    ++dropped_;
    put_mark(line_.size(), dropped{1});
    return policy_ == overflow::close ? admission::overflown : admission::refused;
}

void EventBuffer::push_last(event&& e) {
    open_ = false;
    append(std::move(e));
}

void EventBuffer::open_gap(gap&& g) {
    put_mark(line_.size(), std::move(g));
    open_ = true;
}

event EventBuffer::pop() {
    event e = std::move(line_.front());
    line_.pop_front();
    if (is_gap(e)) --gaps_;
    if (!is_mark(e)) {
        --count_;
        bytes_ -= bytes_of(e);
    }
    return e;
}

// The marks before the event and those behind it meet in its place.
void EventBuffer::drop_oldest() {
    const auto oldest = std::find_if_not(line_.begin(), line_.end(), is_mark);
    auto at = static_cast<std::size_t>(oldest - line_.begin());
    --count_;
    bytes_ -= bytes_of(*oldest);
    ++dropped_;
    line_.erase(oldest);
    std::deque<event> behind;
    while (at < line_.size() && is_mark(line_[at])) {
        if (is_gap(line_[at])) --gaps_;
        behind.push_back(std::move(line_[at]));
        line_.erase(line_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    put_mark(at, dropped{1});
    for (auto& mark : behind) {
        for (at = 0; at < line_.size() && is_mark(line_[at]);) ++at;
        put_mark(at, std::move(mark));
    }
}

// Into the run of marks that ends at the position.
void EventBuffer::put_mark(std::size_t at, event&& mark) {
    for (auto i = at; i > 0 && is_mark(line_[i - 1]); --i) {
        auto& known = line_[i - 1];
        if (known.index() != mark.index()) continue;
        if (auto* const sum = std::get_if<dropped>(&known)) {
            sum->n += std::get<dropped>(mark).n;
        } else {
            auto& early = std::get<gap>(known);
            early.reason = std::get<gap>(mark).reason;
        }
        return;
    }
    if (is_gap(mark)) ++gaps_;
    line_.insert(line_.begin() + static_cast<std::ptrdiff_t>(at), std::move(mark));
}

}  // namespace redoubt::pubsub
