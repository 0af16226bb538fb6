// All typed commands, defined once for every way to run them; and as values: cmd.get("k").
#pragma once

#include <redoubt/commands/counters.hpp>
#include <redoubt/commands/hashes.hpp>
#include <redoubt/commands/keys.hpp>
#include <redoubt/commands/lists.hpp>
#include <redoubt/commands/server.hpp>
#include <redoubt/commands/sets.hpp>
#include <redoubt/commands/strings.hpp>
#include <utility>

namespace redoubt {

/// The members `get`, `set`, `incr` … of a Self that derives from this and has a member
/// `template <class R> Out<R> make(Command<R>&&) const`. What Out is decides what a call means: with `result` it is run
/// at once, with `Command` it only makes the value.
template <class Self, template <class> class Out>
class commands : public string_commands<Self, Out>,
                 public counter_commands<Self, Out>,
                 public key_commands<Self, Out>,
                 public hash_commands<Self, Out>,
                 public list_commands<Self, Out>,
                 public set_commands<Self, Out>,
                 public server_commands<Self, Out> {};

class command_values : public commands<command_values, Command> {
public:
    template <class R> Command<R> make(Command<R>&& command) const noexcept { return std::move(command); }
};

/// Commands as values: `cmd.get("k")` is a `Command<std::optional<std::string>>`, to be run, kept or put into a
/// pipeline, batch or transaction.
inline constexpr command_values cmd{};

}  // namespace redoubt
