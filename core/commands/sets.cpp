// SINTERCARD, which counts its keys.
#include <redoubt/commands/sets.hpp>

namespace redoubt::detail {

command_base build_sintercard(const args& keys, std::uint64_t limit) {
    if (keys.size() == 0) return command_base::malformed("SINTERCARD", "its list of keys is empty");
    command_builder builder("SINTERCARD", 1 + keys.size() + (limit != 0 ? 2U : 0U), command_flag::read_only);
    builder.add(keys.size()).add_all(keys);
    if (limit != 0) builder.word("LIMIT").add(limit);
    return std::move(builder).finish();
}

}  // namespace redoubt::detail
