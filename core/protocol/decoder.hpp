// Turns the bytes a server sends into replies, within limits; no I/O. Over hiredis' reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <redoubt/error.hpp>
#include <redoubt/reply.hpp>
#include <redoubt/reply_limits.hpp>

struct redisReader;

namespace redoubt::core {

struct DecoderHooks;  // what the reader calls

// One per connection. Use: supply a window of received bytes, call next() until it answers need_more, supply again.
//
// Costs no heap while no reply is unfinished: the reader, some 5 KiB, belongs to the thread that decodes, and is
// borrowed from the first byte of a window to its end. Thread safety: none; but another thread may go on where one has
// stopped.
class Decoder {
public:
    enum class step : std::uint8_t {
        reply,      // `out` holds one whole reply; there may be more
        need_more,  // the window is consumed; `out` is a nil
        failed,     // see error(); the stream cannot be followed any further
    };

    // Limits outside their ranges are brought into them.
    explicit Decoder(const reply_limits& limits = {});
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder();

    // The bytes are borrowed until next() answers need_more (or reset()).
    // Supplied earlier than that, what is left of the previous window is copied.
    void supply(std::string_view window);

    // `out` may be a used reply: its memory serves again.
    step next(reply& out);

    // Part of a reply has been consumed: the connection may not be closed or lent without losing it.
    bool partial() const noexcept;

    // After failed: which limit, or what was malformed. Stays until reset().
    std::string_view error() const noexcept { return error_; }

    // After failed: protocol_error, or reply_limit.
    errc error_kind() const noexcept { return error_kind_; }

    // Bytes on the heap that an unfinished reply occupies.
    std::size_t held_bytes() const noexcept;

    // Gives all memory back unless a reply is unfinished; for one that is left alone before need_more.
    void trim() noexcept;

    // Forgets everything, also an error: for a new connection.
    void reset() noexcept;

    const reply_limits& limits() const noexcept { return limits_; }

private:
    friend struct DecoderHooks;

    // What must arrive before it is worth to ask the reader again.
    enum class wait : std::uint8_t { nothing, line, bytes };

    struct FreeReader {
        void operator()(redisReader*) const noexcept;
    };

    void give_back() noexcept;
    bool ensure_reader();
    bool feed(std::size_t bytes);
    bool feed_more();
    bool examine_pending();
    step stop(reply& out);
    void fail(errc kind, std::string text);
    void fail_as_reader_says();

    reply_limits limits_;
    std::unique_ptr<redisReader, FreeReader> reader_;
    std::string_view window_;
    reply unfinished_;         // what is decoded of a reply whose end has not arrived
    reply* target_ = nullptr;  // where the hooks append: the caller's reply, during next()
    wait waiting_ = wait::nothing;
    std::size_t missing_ = 0;      // wait::bytes: how many
    std::size_t buffer_peak_ = 0;  // most the reader has buffered since it was made
    std::uint64_t announced_ = 0;  // values of this reply, those that arrays announce included
    std::string error_;
    bool failed_ = false;
    errc error_kind_ = errc::protocol_error;
};

}  // namespace redoubt::core
