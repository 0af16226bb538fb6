// A child program that never outlives us and is always reaped; safe to start from a program with many threads.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace redoubt::lab {

/// How a child ended.
struct child_exit {
    int code = 0;         ///< exit code; meaningful when signal is 0
    int signal = 0;       ///< the signal that ended it, or 0
    struct rusage usage;  ///< what it consumed

    bool ok() const { return signal == 0 && code == 0; }
    std::string text() const;  ///< "exit code 1", "signal 9 (Killed)"
};

struct child_options {
    std::vector<std::string> argv;  ///< argv[0] without a slash is looked up in PATH
    std::string output_path;        ///< stdout and stderr are appended to this file
    std::string error_path;         ///< when not empty, stderr goes here instead
};

/// Looks a program up in PATH (a name with a slash is taken as it is); empty when there is none.
std::string find_program(const std::string& name);

/// One child. A keeper thread forks it, waits for it and reaps it. The kernel kills the child when the thread that
/// forked it ends (that is what PR_SET_PDEATHSIG watches, not the process), so the keeper lives exactly as long as
/// the child does and callers may come and go.
///
/// Thread safety: every function may be called by any thread.
class ChildProcess {
public:
    explicit ChildProcess(child_options options);  ///< throws std::runtime_error when it cannot be started
    ~ChildProcess();                               ///< kills it when it still runs
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }
    bool running() const;
    /// Sends a signal; false when the child has been reaped already (its pid may be another process by then).
    bool signal(int number);
    /// Waits for the end; nothing when it still runs after the time.
    std::optional<child_exit> wait_for(std::chrono::milliseconds time);
    child_exit wait();
    /// SIGTERM (and SIGCONT, for a child that is stopped), then SIGKILL when it does not end in time.
    child_exit terminate(std::chrono::milliseconds grace);

private:
    void keep(const child_options& options, const std::string& program);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    pid_t pid_ = -1;
    int fork_errno_ = 0;
    bool started_ = false;
    std::optional<child_exit> exit_;
    std::thread keeper_;
};

}  // namespace redoubt::lab
