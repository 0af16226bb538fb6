// LINSERT, LMOVE, LMPOP and LPOS: what their options mean in bytes.
#include <redoubt/commands/lists.hpp>

namespace redoubt::detail {

namespace {
std::string_view word_of(list_end end) noexcept { return end == list_end::left ? "LEFT" : "RIGHT"; }
}  // namespace

command_base build_linsert(const arg& key, list_side side, const arg& pivot, const arg& value) {
    const std::string_view where = side == list_side::before ? "BEFORE" : "AFTER";
    return build("LINSERT", command_flag::none, {key, where, pivot, value});
}

command_base build_lmove(const arg& from, const arg& to, list_end take, list_end put) {
    return build("LMOVE", command_flag::none, {from, to, word_of(take), word_of(put)});
}

command_base build_lmpop(const args& keys, list_end end, std::uint64_t count) {
    if (keys.size() == 0) return command_base::malformed("LMPOP", "its list of keys is empty");
    if (count == 0) return command_base::malformed("LMPOP", "the count must be positive");
    command_builder builder("LMPOP", 2 + keys.size() + (count != 1 ? 2U : 0U), command_flag::none);
    builder.add(keys.size()).add_all(keys).word(word_of(end));
    if (count != 1) builder.word("COUNT").add(count);
    return std::move(builder).finish();
}

command_base build_lpos(const arg& key, const arg& value, const std::uint64_t* count, const lpos_options& options) {
    if (options.rank == 0) return command_base::malformed("LPOS", "the rank must not be 0");
    const std::size_t arguments =
        2U + (options.rank != 1 ? 2U : 0U) + (count != nullptr ? 2U : 0U) + (options.maxlen != 0 ? 2U : 0U);
    command_builder builder("LPOS", arguments, command_flag::read_only);
    builder.add(key).add(value);
    if (options.rank != 1) builder.word("RANK").add(options.rank);
    if (count != nullptr) builder.word("COUNT").add(*count);
    if (options.maxlen != 0) builder.word("MAXLEN").add(options.maxlen);
    return std::move(builder).finish();
}

}  // namespace redoubt::detail
