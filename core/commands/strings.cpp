// SET, GETEX and the commands that take pairs: what their options mean in bytes.
#include <redoubt/commands/strings.hpp>

#include "core/commands/expiry.hpp"

namespace redoubt::detail {

command_base build_set(const arg& key, const arg& value, const set_options& options, bool get) {
    const core::Expiry expiry(options);
    if (options.nx && options.xx) return command_base::malformed("SET", "nx and xx exclude each other");
    if (expiry.given + (options.keepttl ? 1 : 0) > 1) {
        return command_base::malformed("SET", "only one of ex, px, exat, pxat and keepttl can be given");
    }
    if (expiry.given != 0 && expiry.number <= 0) return command_base::malformed("SET", "the expiry must be positive");
    const bool condition = options.nx || options.xx;
    const std::size_t count =
        2 + 2 * expiry.given + (options.keepttl ? 1U : 0U) + (condition ? 1U : 0U) + (get ? 1U : 0U);
    command_builder builder("SET", count, command_flag::none);
    builder.add(key).add(value);
    if (expiry.given != 0) builder.word(expiry.word).add(expiry.number);
    if (options.keepttl) builder.word("KEEPTTL");
    if (condition) builder.word(options.nx ? "NX" : "XX");
    if (get) builder.word("GET");
    return std::move(builder).finish();
}

command_base build_getex(const arg& key, const getex_options& options) {
    const core::Expiry expiry(options);
    if (expiry.given + (options.persist ? 1 : 0) > 1) {
        return command_base::malformed("GETEX", "only one of ex, px, exat, pxat and persist can be given");
    }
    if (expiry.given != 0 && expiry.number <= 0) return command_base::malformed("GETEX", "the expiry must be positive");
    command_builder builder("GETEX", 1 + 2 * expiry.given + (options.persist ? 1U : 0U), command_flag::none);
    builder.add(key);
    if (expiry.given != 0) builder.word(expiry.word).add(expiry.number);
    if (options.persist) builder.word("PERSIST");
    return std::move(builder).finish();
}

command_base build_pairs(std::string_view name, std::initializer_list<arg> first, const arg_pairs& pairs) {
    if (pairs.size() % 2 != 0) return command_base::malformed(name, "the last pair has no second part");
    return build(name, command_flag::none, first, pairs);
}

result<bool> read_was_set(reply&& r) { return read_ok_or_nil(r); }

}  // namespace redoubt::detail
