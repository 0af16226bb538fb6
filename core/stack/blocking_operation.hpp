// A call whose thread sleeps until the outcome is there.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/stack/operation.hpp"

namespace redoubt::core {

/// Lives on the stack of the calling thread: start it on a layer, then wait(). The caller watches its own time, and
/// reads the replies of a shared connection, those of others too, while it has been given the reader token.
///
///   word      meaning                                          left by
///   waiting   no outcome yet, its thread is awake              sleeping, leading, done
///   sleeping  its thread is in the futex or on its way there   whoever changes the word wakes it
///   leading   it has been given a token: nobody else can       its own thread: waiting, when it begins to read or
///   gives
///             complete it                                      the token back
///   done      the outcome is there; touched by nobody else     -
class BlockingOperation : public Operation {
public:
    explicit BlockingOperation(Reactor& home) noexcept : Operation(home, origin::blocking, true) {}

    /// Returns when the outcome is there. `attempt_timeout` (0: none) is how long an attempt may take that begins
    /// while the caller sleeps.
    void wait(std::chrono::nanoseconds attempt_timeout) noexcept;

    std::atomic<std::uint32_t>* give_token(ReaderSeat& seat) noexcept override;
    void take_token() noexcept override { word_.store(waiting, std::memory_order_relaxed); }

private:
    enum : std::uint32_t { waiting, sleeping, leading, done };
    void finished() noexcept override;
    void look_again() noexcept override;
    bool told_while_yielding() noexcept;
    std::int64_t look_again_ns(std::int64_t next_attempt_ns) const noexcept;

    std::atomic<std::uint32_t> word_{waiting};
    ReaderSeat* seat_ = nullptr;  // written before the word says leading
};

}  // namespace redoubt::core
