// Validation: every field against its range, then the fields that depend on each other.
#include <redoubt/options.hpp>

#include "core/options/fields.hpp"
#include "core/options/invalid.hpp"
#include "core/options/value_text.hpp"

namespace redoubt {

namespace {

core::reason check_together(const options& o) {
    if (o.breaker && o.breaker->open_max < o.breaker->open_base) {
        return "breaker.open_max: " + core::print_duration(o.breaker->open_max) + " is below breaker.open_base, " +
               core::print_duration(o.breaker->open_base);
    }
    if (o.reconnect.cap < o.reconnect.base) {
        return "reconnect.cap: " + core::print_duration(o.reconnect.cap) + " is below reconnect.base, " +
               core::print_duration(o.reconnect.base);
    }
    if (o.retry && o.retry->cap < o.retry->base) {
        return "retry.cap: " + core::print_duration(o.retry->cap) + " is below retry.base, " +
               core::print_duration(o.retry->base);
    }
    if (o.pool.connections_max != 0 && o.pool.idle_min > o.pool.connections_max) {
        return "pool.idle_min: " + std::to_string(o.pool.idle_min) + " is above pool.connections_max, " +
               std::to_string(o.pool.connections_max);
    }
    return std::nullopt;
}

}  // namespace

result<void> validate(const options& o) {
    for (const auto& field : core::fields()) {
        if (auto wrong = core::check(field, o)) return core::invalid(std::string(field.path) + ": " + *wrong);
    }
    if (auto wrong = check_together(o)) return core::invalid(*wrong);
    return ok();
}

}  // namespace redoubt
