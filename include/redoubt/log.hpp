// Where the library's log lines go.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace redoubt {

enum class log_level : std::uint8_t {
    info,     ///< Something works again, or changed as planned.
    warning,  ///< Something stopped working; the client goes on by itself.
    error,    ///< Something needs a person: a handler threw, a file cannot be written.
};

/// Takes one line, without a line break and without a prefix.
using log_sink = std::function<void(log_level, std::string_view line)>;

/// From now on every log line of the library, of all clients of the process, goes to `sink`; an empty one: to spdlog's
/// default logger again, with the prefix "redoubt: ", which is also the default.
///
/// What is logged: changes of state (a connection lost, a node answering again), never single calls. The same kind of
/// line about the same node is written at most 5 times in 10 s; what is suppressed is counted, and the next line of
/// that kind says how many there were: "... (12 lines suppressed)". Setting a sink starts the counts over.
///
/// The sink is called on any thread, the I/O threads of clients included: it must be quick, must not wait for another
/// thread that logs, and must not call a client. Lines that arise within it are dropped. One line at a time: it needs
/// no lock of its own. What it throws is caught, and the line is lost. It is not called any more once this function
/// has returned for another sink, nor while the process ends from where objects with static storage duration are
/// destroyed that were there when it was set; later ones it must not use.
///
/// Thread safety: any thread, at any time; from within a sink too.
void set_log_sink(log_sink sink);

}  // namespace redoubt
