// A network between client and server that can fail in chosen ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

namespace redoubt::lab {

/// What happens to the bytes of a link, both ways.
enum class passage : std::uint8_t {
    forward,
    stall,       ///< they stay where they are: unread, so that senders fill up
    black_hole,  ///< they are read, and lost, as is the news that the server has closed
    reset,       ///< the link ends, with RST to the client
};

/// Listens on a free port of 127.0.0.1 and opens a link to the server for each connection.
///
/// Thread safety: all functions, from any thread. What they change holds from their return on.
class FaultProxy {
public:
    explicit FaultProxy(int server_port);
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    int port() const noexcept { return port_; }

    void open_links(passage p);  ///< for the links that are open now
    void new_links(passage p);   ///< for those to come
    /// The open links pass on so many bytes of the server's, then they are closed.
    void cut_after(std::size_t reply_bytes);
    /// The same for the bytes of the client's: the server may see the beginning of a command only.
    void cut_after_requests(std::size_t request_bytes);

    std::size_t accepted() const;  ///< since the beginning
    std::size_t open() const;      ///< at present

private:
    /// One direction: read from one end, written to the other.
    struct lane {
        int from = -1;
        int to = -1;
        char bytes[16 * 1024];
        std::size_t begin = 0;
        std::size_t end = 0;
        std::optional<std::size_t> left;  ///< so many more, then the link ends
        bool empty() const noexcept { return begin == end; }
    };
    struct link {
        lane requests;
        lane replies;
        passage how = passage::forward;
        bool over = false;
    };

    void run();
    void accept_one();
    static void serve(link& l, lane& way, short ready);
    static void end(link& l, passage how) noexcept;
    void wake() const noexcept;

    const int server_port_;
    int listener_ = -1;
    int wake_event_ = -1;
    int port_ = 0;
    mutable std::mutex lock_;
    std::list<link> links_;               // under lock_
    passage for_new_ = passage::forward;  // under lock_
    std::size_t accepted_ = 0;            // under lock_
    bool stopping_ = false;               // under lock_
    std::thread thread_;
};

}  // namespace redoubt::lab
