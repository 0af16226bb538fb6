// Starts, keeps and reaps a child program.
#include "tools/support/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace redoubt::lab {
namespace {

/// All that the child needs between fork and exec, prepared before: other threads may hold any lock at the fork, so
/// the child calls async-signal-safe functions only.
struct launch {
    const char* program;
    char* const* argv;
    const char* output_path;
    const char* error_path;
    pid_t parent;
    int descriptors_max;
};

void close_above_stderr(int descriptors_max) {
#ifdef SYS_close_range
    if (::syscall(SYS_close_range, 3U, ~0U, 0U) == 0) return;
#endif
    for (int fd = 3; fd < descriptors_max; ++fd) ::close(fd);
}

bool redirect(const char* path, int target) {
    const int fd = ::open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || ::dup2(fd, target) < 0) return false;
    if (fd > 2) ::close(fd);
    return true;
}

[[noreturn]] void run_child(const launch& l) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != l.parent) ::_exit(126);  // the parent died before prctl took effect
    ::setpgid(0, 0);                            // an interrupt from the terminal is for the parent, which ends us
    const int null = ::open("/dev/null", O_RDONLY);
    if (null >= 0) ::dup2(null, 0);
    if (!redirect(l.output_path, 1) || !redirect(l.error_path, 2)) ::_exit(126);
    close_above_stderr(l.descriptors_max);
    // The handlers of the parent must not run here once signals are let through again.
    for (int number = 1; number < 65; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(l.program, l.argv);
    static constexpr std::string_view sentence = "exec failed\n";
    [[maybe_unused]] const auto written = ::write(2, sentence.data(), sentence.size());
    ::_exit(127);
}

/// A thread without signals: handlers of the program run elsewhere.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

}  // namespace

std::string child_exit::text() const {
    if (signal == 0) return "exit code " + std::to_string(code);
    return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
    const char* variable = std::getenv("PATH");
    const std::string path = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        auto candidate = path.substr(begin, end - begin) + "/" + name;
        if (end > begin && ::access(candidate.c_str(), X_OK) == 0) return candidate;
        begin = end + 1;
    }
    return {};
}

ChildProcess::ChildProcess(child_options options) {
    const auto program = find_program(options.argv.at(0));
    if (program.empty()) throw std::runtime_error(options.argv[0] + ": no such program in PATH");
    {
        SignalsBlocked blocked;  // inherited by the keeper
        keeper_ = std::thread([this, options = std::move(options), program] { keep(options, program); });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_; });
    if (pid_ >= 0) return;
    lock.unlock();
    keeper_.join();
    throw std::runtime_error(program + ": cannot fork: " + std::strerror(fork_errno_));
}

ChildProcess::~ChildProcess() {
    signal(SIGKILL);
    keeper_.join();
}

void ChildProcess::keep(const child_options& options, const std::string& program) {
    std::vector<std::string> words = options.argv;
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto& error_path = options.error_path.empty() ? options.output_path : options.error_path;
    struct rlimit files {};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const auto descriptors_max = static_cast<int>(std::min<rlim_t>(files.rlim_cur, 1 << 20));
    const launch l{program.c_str(),    argv.data(), options.output_path.c_str(),
                   error_path.c_str(), ::getpid(),  descriptors_max};

    const pid_t pid = ::fork();
    if (pid == 0) run_child(l);
    {
        std::lock_guard lock(mutex_);
        pid_ = pid;
        fork_errno_ = errno;
        started_ = true;
    }
    changed_.notify_all();
    if (pid < 0) return;

    siginfo_t info;  // WNOWAIT: the pid stays ours until it is reaped under the lock, so signal() never hits a stranger
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    std::lock_guard lock(mutex_);
    int status = 0;
    child_exit result{};
    while (::wait4(pid, &status, 0, &result.usage) < 0 && errno == EINTR) {
    }
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit_ = result;
    changed_.notify_all();
}

bool ChildProcess::running() const {
    std::lock_guard lock(mutex_);
    return !exit_;
}

bool ChildProcess::signal(int number) {
    std::lock_guard lock(mutex_);
    return !exit_ && ::kill(pid_, number) == 0;
}

std::optional<child_exit> ChildProcess::wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return exit_.has_value(); });
    return exit_;
}

child_exit ChildProcess::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return exit_.has_value(); });
    return *exit_;
}

child_exit ChildProcess::terminate(std::chrono::milliseconds grace) {
    signal(SIGTERM);
    signal(SIGCONT);
    if (auto ended = wait_for(grace)) return *ended;
    signal(SIGKILL);
    return wait();
}

}  // namespace redoubt::lab
