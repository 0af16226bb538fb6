// Commands on numbers kept in strings: INCR and its relatives.
#pragma once

#include <cstdint>
#include <redoubt/command.hpp>

namespace redoubt {

/// Mixed into whatever has `template <class R> Out<R> make(Command<R>&&) const`. A key that does not exist counts as 0;
/// a value that is no number, or a sum outside 64 bits, is an error and changes nothing. None of these is ever sent
/// twice on its own: when the reply is lost, only the caller can know whether counting twice is harmless.
template <class Self, template <class> class Out> class counter_commands {
public:
    /// Adds 1; the new value.
    Out<std::int64_t> incr(const arg& key) const {
        return self().make(Command<std::int64_t>(detail::build("INCR", command_flag::none, {key})));
    }

    /// Adds a number, which may be negative; the new value.
    Out<std::int64_t> incrby(const arg& key, std::int64_t by) const {
        return self().make(Command<std::int64_t>(detail::build("INCRBY", command_flag::none, {key, by})));
    }

    /// Adds a real number; the new value.
    Out<double> incrbyfloat(const arg& key, double by) const {
        return self().make(Command<double>(detail::build("INCRBYFLOAT", command_flag::none, {key, by})));
    }

    /// Subtracts 1; the new value.
    Out<std::int64_t> decr(const arg& key) const {
        return self().make(Command<std::int64_t>(detail::build("DECR", command_flag::none, {key})));
    }

    /// Subtracts a number; the new value.
    Out<std::int64_t> decrby(const arg& key, std::int64_t by) const {
        return self().make(Command<std::int64_t>(detail::build("DECRBY", command_flag::none, {key, by})));
    }

private:
    const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace redoubt
