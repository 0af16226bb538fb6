// The circuit breaker in the stack.
#include "core/stack/breaker_layer.hpp"

#include <utility>

#include "core/stack/breaker_outcome.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

using resilience::breaker_ticket;
using resilience::call_kind;
using resilience::call_outcome;

static bool waits_on_server(const Operation& op) noexcept { return has(op.command->flags(), command_flag::blocking); }

error breaker_rejection(const resilience::CircuitBreaker& breaker, std::int64_t now_ns, phase p) {
    auto why = breaker.rejection(now_ns);
    return {errc::breaker_open,
            fate::not_applied,
            p,
            {.node = breaker.name(), .text = std::move(why.text), .cause = {}, .retry_after = why.retry_after}};
}

// What the attempt before met, which the caller would else never hear of. Its fate is the retry layer's to remember.
static error with_words_of(const error& rejection, const error& before) {
    std::string text(rejection.text());
    text.append("; the attempt before: ").append(make_error_code(before.kind()).message());
    if (!before.text().empty()) text.append(": ").append(before.text());
    return {rejection.kind(),
            rejection.fate(),
            rejection.phase(),
            {.node = std::string(rejection.node()),
             .text = std::move(text),
             .cause = before.cause(),
             .retry_after = rejection.retry_after()}};
}

void BreakerLayer::start(Operation& op) noexcept {
    // Layers above have just read the clock for a first attempt; before a further one time has passed.
    if (op.attempts != 0) op.started_ns = op.reactor->now_ns();
    const auto kind = waits_on_server(op) ? call_kind::waiting : call_kind::ordinary;
    const auto ticket = breaker_.try_acquire(op.started_ns, kind);
    if (!ticket) {
        auto why = breaker_rejection(breaker_, op.started_ns, phase::none);
        op.fail(op.failed() ? with_words_of(why, op.failure()) : why);
        return;
    }
    enter(op, {ticket->word, static_cast<std::uint64_t>(op.started_ns)});
}

void BreakerLayer::completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept {
    const breaker_ticket ticket{kept[0]};
    const auto started_ns = static_cast<std::int64_t>(kept[1]);
    const std::int64_t now_ns = op.reactor->now_ns();
    // How long a command waited on the server by its own wish does not make it slow.
    const std::int64_t elapsed_ns = waits_on_server(op) ? 0 : now_ns - started_ns;
    breaker_.report(ticket, judge(op, ticket.generation()), elapsed_ns, now_ns);
    op.complete();
}

call_outcome BreakerLayer::judge(Operation& op, std::uint64_t generation) noexcept {
    const auto outcome = op.failed() ? breaker_outcome(op.failure(), op.command->flags()) : call_outcome::success;
    if (outcome == call_outcome::success) {
        if (stalled_in_.load(std::memory_order_relaxed) != 0) stalled_in_.store(0, std::memory_order_relaxed);
    } else if (outcome == call_outcome::failure && is_stall(op.failure().kind())) {
        // Probes of a half-open breaker are of a new generation: the first that times out counts.
        std::uint64_t seen = stalled_in_.load(std::memory_order_relaxed);
        while (seen < generation) {
            if (stalled_in_.compare_exchange_weak(seen, generation, std::memory_order_relaxed)) return outcome;
        }
        return call_outcome::ignored;
    }
    return outcome;
}

std::string BreakerLayer::describe() const { return "breaker[" + breaker_.name() + "] > " + next().describe(); }

}  // namespace redoubt::core
