// What a subscriber listens to, and what it does when nobody reads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <redoubt/result.hpp>
#include <string>
#include <vector>

namespace redoubt {

/// What happens to events that do not fit into the buffer.
enum class overflow : std::uint8_t {
    drop_oldest,  ///< The oldest go; a `dropped` event stands in their place. For readers who want the present.
    drop_newest,  ///< The new ones go; likewise. For readers who want what came first.
    close,        ///< The subscriber closes. For readers who would rather start over than miss anything.
};

/// Options of `Client::subscribe`. Names may hold any bytes, NUL included; a name given twice counts once.
struct subscribe_options {
    /// Channels to begin with. Default none: subscribe later.
    std::vector<std::string> channels{};

    /// Glob patterns to begin with (`news.*`). Default none.
    std::vector<std::string> patterns{};

    /// Most events that wait for the reader; `gap` and `dropped` count not, and are merged where they meet. 1 to
    /// 10,000,000; 0 is refused: nothing could arrive. Default 4,096.
    std::size_t buffer_messages = 4096;

    /// Most bytes of names and payloads that wait for the reader. 1 KiB to 16 GiB; 0 is refused. Default 8 MiB. An
    /// event that is larger by itself is admitted when no other one waits.
    std::size_t buffer_bytes = std::size_t{8} << 20;

    /// What happens past these limits: `drop_oldest`, `drop_newest` or `close`. Default `drop_oldest`.
    enum overflow overflow = overflow::drop_oldest;

    /// After this time without a word from the server it is asked for one (PING). 10 ms to 1 h; 0: never, and a link
    /// that died silently is then found by TCP keepalive alone. Default 15 s.
    std::chrono::nanoseconds ping_after = std::chrono::seconds(15);

    /// Longest time from that PING to its answer; then the connection counts as lost. 10 ms to 1 h; 0 is refused:
    /// asking proves nothing without an answer. Default 5 s.
    std::chrono::nanoseconds pong_within = std::chrono::seconds(5);
};

/// Checks every field; the text of `errc::invalid_option` names field, value and legal range
/// ("subscribe.buffer_messages: 0 is outside 1..10000000"). Called by `Client::subscribe`.
result<void> validate(const subscribe_options&);

}  // namespace redoubt
