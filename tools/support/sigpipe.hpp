// SIGPIPE held back in one thread, counted, and swallowed.
#pragma once

#include <csignal>

#include <cstdint>
#include <ctime>

namespace redoubt::lab {

/// hiredis 0.14 writes with write(): a peer that has closed kills the program. Within this scope the signal stays
/// pending in the thread (a broken pipe is signalled to the thread that wrote), so nothing process-wide changes.
class SigpipeBlocked {
public:
    SigpipeBlocked() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        pending_before_ = sigismember(&pending, SIGPIPE) == 1;
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~SigpipeBlocked() {
        if (!pending_before_) take();
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    SigpipeBlocked(const SigpipeBlocked&) = delete;
    SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

    /// Removes a pending SIGPIPE: true when there was one, that is, when the program would have died here.
    bool take() {
        static constexpr timespec at_once{};
        const bool taken = ::sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE;
        taken_ += taken ? 1U : 0U;
        return taken;
    }
    std::uint64_t taken() const { return taken_; }

private:
    sigset_t pipe_;
    sigset_t before_;
    bool pending_before_ = false;
    std::uint64_t taken_ = 0;
};

}  // namespace redoubt::lab
