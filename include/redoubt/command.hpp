// A command as a value: its bytes as sent, its properties, and the type of its reply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <redoubt/arg.hpp>
#include <redoubt/codec.hpp>
#include <redoubt/reply.hpp>
#include <redoubt/result.hpp>
#include <string_view>
#include <utility>

namespace redoubt {

namespace detail {

/// The bytes of a command: up to 128 inside the object, more on the heap. Moving copies only what is used.
class command_bytes {
public:
    static constexpr std::size_t inline_size = 128;

    command_bytes() noexcept {}
    command_bytes(const command_bytes& other);
    command_bytes(command_bytes&& other) noexcept;
    command_bytes& operator=(const command_bytes& other);
    command_bytes& operator=(command_bytes&& other) noexcept;
    ~command_bytes() {
        if (on_heap()) delete[] heap_;
    }

    std::string_view view() const noexcept { return {data(), size_}; }
    std::size_t size() const noexcept { return size_; }
    /// Makes room for n more bytes and returns where they go; throws std::bad_alloc and is then unchanged.
    char* extend(std::size_t n) {
        if (n > capacity_ - size_) grow(n);
        char* const at = data() + size_;
        size_ += n;
        return at;
    }
    void append(std::string_view s) {
        if (!s.empty()) std::memcpy(extend(s.size()), s.data(), s.size());
    }
    void clear() noexcept { size_ = 0; }
    /// Bytes outside this object; 0 while the command fits inside.
    std::size_t heap_bytes() const noexcept { return on_heap() ? capacity_ : 0; }

private:
    void grow(std::size_t more);
    void take(command_bytes& other) noexcept;
    bool on_heap() const noexcept { return capacity_ > inline_size; }
    const char* data() const noexcept { return on_heap() ? heap_ : inline_; }
    char* data() noexcept { return on_heap() ? heap_ : inline_; }

    std::size_t size_ = 0;
    std::size_t capacity_ = inline_size;
    union {
        char inline_[inline_size];
        char* heap_;
    };
};

}  // namespace detail

/// What the client has to know of a command before it sends it.
enum class command_flag : std::uint16_t {
    none = 0,
    read_only = 1,         ///< Changes nothing: may be sent again after a loss.
    blocking = 2,          ///< May wait on the server: needs a connection of its own.
    connection_state = 4,  ///< Changes the state of its connection: needs a connection of its own.
    refused = 8,           ///< Cannot run through this client (MONITOR, SYNC, CLIENT REPLY).
    script = 16,           ///< May have changed something although it answered an error.
    malformed = 32,        ///< No name, or it could not be encoded.
};

constexpr command_flag operator|(command_flag a, command_flag b) noexcept {
    return static_cast<command_flag>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(command_flag set, command_flag one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// The untyped part of a command.
class command_base {
public:
    /// What a client answers as errc::invalid_command without sending anything: `SET: nx and xx exclude each other`.
    static command_base malformed(std::string_view name, std::string_view why);

    /// The RESP bytes as sent; empty when the command is malformed.
    std::string_view bytes() const noexcept { return is_malformed() ? std::string_view() : bytes_.view(); }
    command_flag flags() const noexcept { return flags_; }
    bool is_malformed() const noexcept { return has(flags_, command_flag::malformed); }
    /// Why a malformed command cannot be sent, beginning with its name; else empty.
    std::string_view problem() const noexcept { return is_malformed() ? bytes_.view() : std::string_view(); }
    /// The first word of the command as given, e.g. "GET"; for errors and logs.
    std::string_view name() const noexcept;
    /// Argument i, the name being 0; empty when there is none. Costs a step for each argument before it.
    std::string_view argument(std::size_t i) const noexcept;
    /// The number of arguments, the words of the name included.
    std::size_t size() const noexcept { return argument_count_; }
    /// How long the server may hold the reply back (BLPOP, XREAD BLOCK); 0: it does not, negative: for ever.
    std::int64_t block_ms() const noexcept { return block_ms_; }
    /// Bytes allocated outside this object.
    std::size_t heap_bytes() const noexcept { return bytes_.heap_bytes(); }

protected:
    friend class command_builder;
    command_base() noexcept = default;

    // The RESP bytes, or of a malformed command the reason: so it costs no member of its own.
    detail::command_bytes bytes_;
    std::int64_t block_ms_ = 0;
    std::uint32_t argument_count_ = 0;
    command_flag flags_ = command_flag::none;
};

namespace detail {
/// Reads a reply into an R through codec<R>; one wanted as it is is moved.
template <class R> result<R> read_reply(reply&& r) {
    if constexpr (std::is_same_v<R, reply>) {
        return std::move(r);
    } else {
        return codec<R>::decode(reply_view(r));
    }
}

}  // namespace detail

/// A command whose reply reads as an R. A value: copy it, keep it, send it through any client as often as needed.
/// Up to 128 bytes of RESP (GET and SET with a key of 16 and a value of 64 bytes) need no allocation.
template <class R> class [[nodiscard]] Command : public command_base {
public:
    using value_type = R;
    using reader = result<R> (*)(reply&&);

    explicit Command(command_base&& base) noexcept : command_base(std::move(base)), read_(&detail::read_reply<R>) {}
    Command(command_base&& base, reader how) noexcept : command_base(std::move(base)), read_(how) {}

    /// The same command, its reply read as a T.
    template <class T> Command<T> as() && noexcept { return Command<T>(static_cast<command_base&&>(*this)); }
    template <class T> Command<T> as() const& { return Command<T>(command_base(*this)); }

    result<R> read(reply&& r) const { return read_(std::move(r)); }

private:
    reader read_;
};

/// Builds the bytes of a command argument by argument. The number of arguments is stated first, since RESP begins
/// with it; finish() checks that it was kept. Any function may throw std::bad_alloc when an argument does not fit in
/// memory.
class command_builder {
public:
    /// A command known at compile time: nothing is looked up. A name of two words ("CLIENT LIST") is a command and its
    /// subcommand; the arguments are counted without them.
    command_builder(std::string_view name, std::size_t argument_count, command_flag flags);
    command_builder& add(const arg& a);
    command_builder& add_all(const args& list);
    /// Additional words such as "EX" or "NX".
    command_builder& word(std::string_view w);
    command_builder& block_ms(std::int64_t ms) noexcept { return base_.block_ms_ = ms, *this; }
    /// The command; malformed when the number of arguments differs from the one announced, when a codec could not write
    /// its value, or when the server would close the connection over it: more than 1,048,576 arguments, or one above
    /// 512 MB.
    command_base finish() &&;
    /// The same, its flags and block_ms looked up by its words as `command()` does it.
    command_base finish_classified() &&;

    static constexpr std::size_t arguments_max = 1024 * 1024;
    static constexpr std::size_t argument_bytes_max = 512 * 1024 * 1024;

private:
    void bulk(std::string_view text);

    command_base base_;
    std::size_t missing_;
    bool too_long_ = false;
    bool unwritable_ = false;
};

namespace detail {

/// A command known at compile time: its name, its flags, its arguments in order, and behind them a list that may not
/// be empty.
command_base build(std::string_view name, command_flag flags, std::initializer_list<arg> first);
command_base build(std::string_view name, command_flag flags, std::initializer_list<arg> first, const args& rest);

/// Looks the name up and classifies it with its arguments; used by `command()`.
command_base build_untyped(std::string_view name, const arg* first, std::size_t count);
command_base build_untyped(std::string_view name, const args& rest);

}  // namespace detail

/// Any command by name: `command("XADD", "s", "*", "n", 1).as<std::string>()`. A name with a space is a command and its
/// subcommand ("CLIENT LIST"). The reply is untyped until `.as<T>()` says otherwise. A name that the library does not
/// know (of a module, say) is sent too, and taken for a command that writes.
template <class... A>
requires(std::convertible_to<const A&, arg>&&...) Command<reply> command(std::string_view name, const A&... rest) {
    if constexpr (sizeof...(A) == 0) {
        return Command<reply>(detail::build_untyped(name, nullptr, 0));
    } else {
        const arg list[] = {arg(rest)...};
        return Command<reply>(detail::build_untyped(name, list, sizeof...(A)));
    }
}

/// The same with arguments from a range.
inline Command<reply> command_list(std::string_view name, const args& rest) {
    return Command<reply>(detail::build_untyped(name, rest));
}

}  // namespace redoubt
