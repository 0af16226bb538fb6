// Expiry, copies and scans: what their options mean in bytes, and how their replies read.
#include <redoubt/commands/keys.hpp>

#include "core/commands/expiry.hpp"

namespace redoubt {

namespace detail {

std::int64_t unix_ms(std::chrono::system_clock::time_point t) noexcept { return core::unix_ms(t); }

command_base build_expire(std::string_view name, const arg& key, std::int64_t ms, const expire_options& options) {
    if (options.nx && (options.xx || options.gt || options.lt)) {
        return command_base::malformed(name, "nx excludes xx, gt and lt");
    }
    if (options.gt && options.lt) return command_base::malformed(name, "gt and lt exclude each other");
    const std::size_t words = (options.nx ? 1U : 0U) + (options.xx ? 1U : 0U) + (options.gt || options.lt ? 1U : 0U);
    command_builder builder(name, 2 + words, command_flag::none);
    builder.add(key).add(ms);
    if (options.nx) builder.word("NX");
    if (options.xx) builder.word("XX");
    if (options.gt) builder.word("GT");
    if (options.lt) builder.word("LT");
    return std::move(builder).finish();
}

command_base build_copy(const arg& from, const arg& to, const copy_options& options) {
    command_builder builder("COPY", 2U + (options.db ? 2U : 0U) + (options.replace ? 1U : 0U), command_flag::none);
    builder.add(from).add(to);
    if (options.db) builder.word("DB").add(*options.db);
    if (options.replace) builder.word("REPLACE");
    return std::move(builder).finish();
}

command_base build_restore(const arg& key, const arg& dump, const restore_options& options) {
    if (options.ttl.count() < 0) return command_base::malformed("RESTORE", "the time to live must not be negative");
    command_builder builder("RESTORE", options.replace ? 4 : 3, command_flag::none);
    builder.add(key).add(static_cast<std::int64_t>(options.ttl.count())).add(dump);
    if (options.replace) builder.word("REPLACE");
    return std::move(builder).finish();
}

command_base build_scan(std::string_view name, const arg* key, std::uint64_t cursor, const scan_options& options) {
    const bool match = !options.match.empty();
    const bool type = !options.type.empty();
    if (type && key != nullptr) return command_base::malformed(name, "type is an option of SCAN alone");
    const std::size_t count =
        (key != nullptr ? 2U : 1U) + (match ? 2U : 0U) + (options.count != 0 ? 2U : 0U) + (type ? 2U : 0U);
    command_builder builder(name, count, command_flag::read_only);
    if (key != nullptr) builder.add(*key);
    builder.add(cursor);
    if (match) builder.word("MATCH").word(options.match);
    if (options.count != 0) builder.word("COUNT").add(options.count);
    if (type) builder.word("TYPE").word(options.type);
    return std::move(builder).finish();
}

}  // namespace detail

result<time_to_live> codec<time_to_live>::decode(reply_view pttl) {
    if (pttl.type() != reply_type::integer) return reply_mismatch(pttl, "a time to live");
    if (pttl.integer() < -2) return reply_out_of_range(pttl, "a time to live");
    return time_to_live(pttl.integer());
}

}  // namespace redoubt
