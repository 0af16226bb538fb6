// A thread with a stack of a chosen size.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

namespace redoubt::core {

/// The size that a thread's stack gets. glibc takes the thread-local storage of all loaded modules from the stack:
/// where that is more than half of what was asked for, as much is added, so that half of it remains in any program. 0:
/// 0.
std::size_t stack_size_for(std::size_t wanted, std::size_t thread_local_bytes) noexcept;

/// Thread-local storage of the modules loaded now, per thread.
std::size_t thread_local_bytes() noexcept;

/// As std::thread, except that it has a size: joined or detached before it goes, or the program ends.
class IoThread {
public:
    IoThread() noexcept = default;
    /// `stack_bytes` 0: the system's default. Throws std::system_error when there is no thread to be had. What `run`
    /// throws ends the program.
    IoThread(std::size_t stack_bytes, std::function<void()> run);
    IoThread(IoThread&& other) noexcept;
    IoThread& operator=(IoThread&& other) noexcept;
    ~IoThread();

    bool joinable() const noexcept { return running_; }
    void join() noexcept;
    void detach() noexcept;

private:
    pthread_t id_{};
    bool running_ = false;
};

}  // namespace redoubt::core
