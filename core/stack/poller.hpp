// What the I/O thread waits for on each socket, changeable from any thread without waking it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

struct epoll_event;

namespace redoubt::core {

/// An epoll set of our own, which the event loop watches as one descriptor. Asio arms a socket for everything as long
/// as it knows it: then each reply that a calling thread reads for itself would wake the I/O thread too. Here whoever
/// owns a socket says what it is worth waking for, and says it with one system call, on any thread.
class Poller {
public:
    /// A set of these. The end of the stream and errors are reported in any case.
    enum interest : std::uint8_t { hang_up = 0, readable = 1, writable = 2 };

    class Watcher {
    public:
        /// Some of what was asked for has come true, or has been true for a moment: look. The end of the stream comes
        /// as `readable`. I/O thread, outside a dispatch.
        virtual void on_ready(std::uint8_t what) noexcept = 0;

    protected:
        ~Watcher() = default;
    };

    /// Throws std::system_error when the process has no descriptor left.
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// To be watched for readability by the event loop, which then calls dispatch().
    int descriptor() const noexcept { return set_; }

    /// False: the kernel has no room; errno says it. I/O thread.
    bool add(int fd, std::uint8_t what, Watcher& watcher) noexcept;
    /// Any thread; the socket is in the set.
    void change(int fd, std::uint8_t what, Watcher& watcher) noexcept;
    /// From now on the watcher is not called. I/O thread; before the descriptor is closed.
    void remove(int fd, const Watcher& watcher) noexcept;

    /// Calls the watchers of all that is ready. I/O thread.
    void dispatch() noexcept;

private:
    static constexpr std::size_t batch_max = 64;

    int set_;
    std::array<Watcher*, batch_max> ready_{};  // what dispatch() is about to call; a removed one is taken out
    std::size_t ready_count_ = 0;
};

}  // namespace redoubt::core
