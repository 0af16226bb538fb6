// The states of subscriptions.
//
// stage          want                 unwant              answer                        lost
// none, down     (desired)            gone                -                             -
// none, up       SUBSCRIBE            gone                -                             none, down
// subscribing    (desired)            (not desired)       confirmed; UNSUBSCRIBE if     none, down
//                                                         not desired; or refused
// confirmed      -                    UNSUBSCRIBE         -                             none, down
// unsubscribing  (desired)            (not desired)       released; SUBSCRIBE if        released
//                                                         desired
#include "pubsub/subscription_registry.hpp"

#include <iterator>
#include <redoubt/command.hpp>
#include <utility>

#include "core/protocol/server_error.hpp"

namespace redoubt::pubsub {

namespace {

bool is_word(reply_view r) noexcept { return r.type() == reply_type::string || r.type() == reply_type::status; }

bool are_words(reply_view r, std::size_t from, std::size_t to) noexcept {
    std::size_t i = 0;
    for (const auto part : r) {
        if (i >= from && i < to && !is_word(part)) return false;
        ++i;
    }
    return true;
}

}  // namespace

// -- what callers ask for --

bool SubscriptionRegistry::want(const subscription& what, actions& out) {
    const auto e = all_.try_emplace(what).first;
    auto& s = e->second;
    const bool changed = !s.desired;
    set_desired(s, true);
    if (changed && (s.at == stage::subscribing || s.at == stage::confirmed)) {
        out.push_back({.kind = deed::superseded, .what = what, .of = request::unsubscribe});
    }
    if (s.at == stage::confirmed) {
        out.push_back({.kind = deed::confirmed, .what = what});
    } else {
        reconcile(e, out);
    }
    return changed;
}

bool SubscriptionRegistry::unwant(const subscription& what, actions& out) {
    const auto e = all_.find(what);
    if (e == all_.end()) {
        out.push_back({.kind = deed::released, .what = what});
        return false;
    }
    auto& s = e->second;
    const bool changed = s.desired;
    const bool lived = std::exchange(s.lived, false);
    set_desired(s, false);
    if (changed && (s.at == stage::none || s.at == stage::unsubscribing)) {
        out.push_back({.kind = deed::superseded, .what = what, .of = request::subscribe});
    }
    if (s.at == stage::none) {
        out.push_back({.kind = deed::released, .what = what, .asked = lived});
        all_.erase(e);
    } else {
        reconcile(e, out);
    }
    return changed;
}

void SubscriptionRegistry::reconcile(entries::iterator e, actions& out) {
    if (!up_ || broken_) return;
    auto& s = e->second;
    if (s.desired && s.at == stage::none) {
        set_stage(s, stage::subscribing);
        owed_.push_back({answer::subscribe, e->first});
        out.push_back({.kind = deed::send_subscribe, .what = e->first});
    } else if (!s.desired && s.at == stage::confirmed) {
        set_stage(s, stage::unsubscribing);
        owed_.push_back({answer::unsubscribe, e->first});
        out.push_back({.kind = deed::send_unsubscribe, .what = e->first});
    }
}

// -- the connection --

void SubscriptionRegistry::connected(actions& out) {
    up_ = true;
    broken_ = false;
    owed_.assign(1, {answer::name, {}});
    to_restore_ = all_.size();
    for (auto e = all_.begin(); e != all_.end(); ++e) {
        e->second.restore = true;
        reconcile(e, out);
    }
    if (to_restore_ == 0) out.push_back({.kind = deed::restored});
}

bool SubscriptionRegistry::lost(actions& out) {
    const bool missed = confirmed_ != 0;
    up_ = false;
    to_restore_ = 0;
    owed_.clear();
    for (auto e = all_.begin(); e != all_.end();) {
        auto& s = e->second;
        const auto was = s.at;
        set_stage(s, stage::none);
        s.restore = false;
        if (!s.desired && was == stage::subscribing) {
            out.push_back({.kind = deed::superseded, .what = e->first, .of = request::subscribe});
        }
        if (!s.desired || was == stage::unsubscribing) {
            out.push_back({.kind = deed::released, .what = e->first, .asked = was != stage::subscribing});
        }
        e = s.desired ? std::next(e) : all_.erase(e);
    }
    return missed;
}

void SubscriptionRegistry::received(reply_view r, actions& out) {
    if (!up_ || broken_) return;
    if (r.is_error()) return on_error(r, out);
    if (r.type() == reply_type::array || r.type() == reply_type::push) return on_array(r, out);
    if (!is_word(r) || owed_.empty()) return complain(r, out);
    const auto kind = owed_.front().kind;
    if (kind == answer::pong && r.text() == "PONG") {
        out.push_back({.kind = deed::pong});
    } else if (kind != answer::name) {
        return complain(r, out);
    }
    owed_.pop_front();
}

void SubscriptionRegistry::on_array(reply_view r, actions& out) {
    using enum subscription_kind;
    const auto size = r.size();
    const auto word = r[0];
    if (size < 2 || !is_word(word) || !is_word(r[1])) return complain(r, out);
    const auto what = word.text();
    if (what == "message" && size == 3 && are_words(r, 1, 3)) {
        return on_message({channel, std::string(r[1].text())}, r[1].text(), r[2].text(), out);
    }
    if (what == "pmessage" && size == 4 && are_words(r, 1, 4)) {
        return on_message({pattern, std::string(r[1].text())}, r[2].text(), r[3].text(), out);
    }
    if (what == "pong" && size == 2 && take_owed(answer::pong, {})) {
        out.push_back({.kind = deed::pong});
        return;
    }
    if (size != 3 || r[2].type() != reply_type::integer) return complain(r, out);
    const subscription named{what.starts_with('p') ? pattern : channel, std::string(r[1].text())};
    if (what == "subscribe" || what == "psubscribe") {
        return take_owed(answer::subscribe, named) ? on_subscribed(named, out) : complain(r, out);
    }
    if (what == "unsubscribe" || what == "punsubscribe") {
        return take_owed(answer::unsubscribe, named) ? on_unsubscribed(named, out) : complain(r, out);
    }
    complain(r, out);
}

void SubscriptionRegistry::on_message(subscription&& by, std::string_view channel, std::string_view payload,
                                      actions& out) {
    if (!confirmed(by)) {
        return fail(error(errc::protocol_error, fate::unknown, phase::reply,
                          {.node = node_, .text = "a message for a channel that is not subscribed"}),
                    out);
    }
    message m{.channel = std::string(channel), .pattern = {}, .payload = std::string(payload)};
    if (by.kind == subscription_kind::pattern) m.pattern = std::move(by.name);
    out.push_back({.kind = deed::deliver, .said = std::move(m)});
}

void SubscriptionRegistry::on_subscribed(const subscription& what, actions& out) {
    const auto e = all_.find(what);
    auto& s = e->second;
    set_stage(s, stage::confirmed);
    out.push_back({.kind = deed::confirmed, .what = what, .asked = s.desired && !s.lived});
    s.lived = s.desired;
    answered_restore(s, out);
    reconcile(e, out);
}

void SubscriptionRegistry::on_unsubscribed(const subscription& what, actions& out) {
    const auto e = all_.find(what);
    set_stage(e->second, stage::none);
    out.push_back({.kind = deed::released, .what = what, .asked = true});
    e->second.desired ? reconcile(e, out) : static_cast<void>(all_.erase(e));
}

void SubscriptionRegistry::answered_restore(entry& e, actions& out) {
    if (!std::exchange(e.restore, false)) return;
    if (--to_restore_ == 0) out.push_back({.kind = deed::restored});
}

// -- what the server refuses, and what makes no sense --

void SubscriptionRegistry::on_error(reply_view r, actions& out) {
    if (owed_.empty()) return fail(server_said(r), out);
    const auto head = std::move(owed_.front());
    owed_.pop_front();
    switch (head.kind) {
        case answer::name: return;  // names are a courtesy
        case answer::pong: return out.push_back({.kind = deed::pong}), void();
        case answer::subscribe: return refuse(head.what, server_said(r), out);
        // It goes on sending: only a new connection ends the subscription.
        case answer::unsubscribe: return fail(server_said(r), out);
    }
}

void SubscriptionRegistry::refuse(const subscription& what, error why, actions& out) {
    const auto e = all_.find(what);
    auto& s = e->second;
    // One that lived before may only have met a bad moment of the server.
    if (s.lived && why.kind() != errc::no_perm) return fail(std::move(why), out);
    const bool desired = s.desired;
    set_desired(s, false);
    set_stage(s, stage::none);
    out.push_back({.kind = deed::refused, .what = what, .asked = !s.lived, .why = std::move(why)});
    if (!desired) out.push_back({.kind = deed::released, .what = what});
    answered_restore(s, out);
    all_.erase(e);
}

void SubscriptionRegistry::fail(error why, actions& out) {
    broken_ = true;
    out.push_back({.kind = deed::broken, .why = std::move(why)});
}

void SubscriptionRegistry::complain(reply_view r, actions& out) {
    fail(error(errc::protocol_error, fate::unknown, phase::reply,
               {.node = node_, .text = "a reply that no subscriber expects: " + r.describe(100)}),
         out);
}

error SubscriptionRegistry::server_said(reply_view r) const {
    const auto meaning = core::read_server_error(r.text(), command_flag{});
    return {meaning.code, meaning.fate, phase::reply, {.node = node_, .text = std::string(r.text())}};
}

bool SubscriptionRegistry::take_owed(answer kind, const subscription& what) {
    if (owed_.empty() || owed_.front().kind != kind) return false;
    if (kind != answer::pong && owed_.front().what != what) return false;
    owed_.pop_front();
    return true;
}

// -- bookkeeping --

void SubscriptionRegistry::set_stage(entry& e, stage s) noexcept {
    // Until its UNSUBSCRIBE is answered, messages may come.
    const auto live = [](stage x) { return x == stage::confirmed || x == stage::unsubscribing; };
    confirmed_ += live(s) ? 1U : 0U;
    confirmed_ -= live(e.at) ? 1U : 0U;
    e.at = s;
}

void SubscriptionRegistry::set_desired(entry& e, bool yes) noexcept {
    desired_ += yes ? 1U : 0U;
    desired_ -= e.desired ? 1U : 0U;
    e.desired = yes;
}

bool SubscriptionRegistry::desired(const subscription& what) const {
    const auto e = all_.find(what);
    return e != all_.end() && e->second.desired;
}

bool SubscriptionRegistry::confirmed(const subscription& what) const {
    const auto e = all_.find(what);
    return e != all_.end() && (e->second.at == stage::confirmed || e->second.at == stage::unsubscribing);
}

}  // namespace redoubt::pubsub
