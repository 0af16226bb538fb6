// Who may greet a node with which credentials: one at a time until they are known to work, and rarely once refused.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <redoubt/error.hpp>

namespace redoubt::core {

/// For one node, for all clients of the process. Whoever sends wrong credentials again and again is locked out by some
/// servers, so it makes no difference how many clients and how many kinds of connections have them.
///
///   state of a greeting     entered by                         dials
///   unproven                the beginning; the loss of a       one at a time
///                           connection
///   proven                  a dial that was greeted            all
///   refused                 a dial that was refused            none for 5 s, doubled up to 30 s with each refusal in a
///                                                              row; then one
///
/// A greeting is known by a number that tells nothing about it (greeting_key). Pure; thread safety: none.
class AuthGate {
public:
    using key = std::uint64_t;
    using pass = std::uint64_t;

    struct answer {
        bool open = false;
        pass under = 0;                 ///< Goes back with the outcome.
        std::int64_t ask_again_ns = 0;  ///< Not open; `told`: the outcome of the dial under way decides.
        std::optional<error> refused;   ///< Not open: what the server said. Waiting does not help.
    };
    static constexpr std::int64_t told = INT64_MAX;
    static constexpr std::chrono::nanoseconds pause_base = std::chrono::seconds(5);
    static constexpr std::chrono::nanoseconds pause_max = std::chrono::seconds(30);

    enum class outcome : std::uint8_t {
        greeted,
        refused,   ///< The server answered, but not to this greeting.
        nothing,   ///< It did not come to that.
        withdrawn  ///< The dial was not made, or given up: nothing is known that was not known before.
    };

    /// When open, the caller owes one finished().
    answer ask(key who, std::int64_t now_ns);
    /// `why`: what the server said, when it refused. Of several dials that were refused together, the first tells.
    /// True: it works although it was refused before, and those who were told so may dial.
    bool finished(key who, pass under, outcome how, std::int64_t now_ns, const error* why = nullptr);

    /// A connection that was greeted so was lost: the server may be another one by now.
    void doubt(key who);

    /// Nobody dials any more: only what was refused lately remains. True: nothing does.
    bool retire(std::int64_t now_ns);

    /// Greetings that are remembered.
    std::size_t size() const noexcept { return known_.size(); }
    static constexpr std::size_t size_max = 64;  ///< More are forgotten when nothing depends on them.

private:
    struct entry {
        bool proven = false;
        bool dialling = false;  // the one dial that is allowed while it is not proven
        pass epoch = 0;         // what was let through before the last refusal says nothing about the next
        std::chrono::nanoseconds pause{};
        std::int64_t closed_until_ns = 0;
        std::optional<error> refused;  // the last words, until something else is known
    };
    void forget_some(std::int64_t now_ns);

    std::map<key, entry> known_;
};

/// Outlives the node that nobody uses any more: whoever opens and closes one client after the other with the wrong
/// password is no better.
struct shared_auth_gate {
    std::mutex lock;
    AuthGate gate;  // under lock
};

}  // namespace redoubt::core
