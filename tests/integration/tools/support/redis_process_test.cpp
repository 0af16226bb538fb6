// A private server answers, stops, dies, pauses, comes back, and leaves nothing behind.
#include "tools/support/redis_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Connects, sends one inline command and gives the first bytes of the answer: empty when there was none in time.
std::string ask(const sockaddr* address, socklen_t size, const std::string& line, std::chrono::milliseconds time) {
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string answer;
    if (::connect(fd, address, size) == 0 && ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) > 0) {
        pollfd readable{fd, POLLIN, 0};
        char text[256];
        if (::poll(&readable, 1, static_cast<int>(time.count())) == 1) {
            const auto count = ::recv(fd, text, sizeof text, 0);
            if (count > 0) answer.assign(text, static_cast<std::size_t>(count));
        }
    }
    ::close(fd);
    return answer;
}

std::string ask_unix(const RedisProcess& server, const std::string& line, std::chrono::milliseconds time = 5s) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    server.unix_path().copy(address.sun_path, sizeof address.sun_path - 1);
    return ask(reinterpret_cast<const sockaddr*>(&address), sizeof address, line, time);
}

std::string ask_tcp(const RedisProcess& server, const std::string& line) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<in_port_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ask(reinterpret_cast<const sockaddr*>(&address), sizeof address, line, 5s);
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) == -1 && errno == ESRCH; }

TEST(RedisProcess, answers_on_its_unix_socket_only_by_default) {
    RedisProcess server;
    EXPECT_EQ(ask_unix(server, "PING\r\n"), "+PONG\r\n");
    EXPECT_EQ(server.port(), 0);
    EXPECT_EQ(server.url(), "redis+unix://" + server.unix_path());
}

TEST(RedisProcess, answers_on_tcp_when_asked) {
    RedisProcess server({.tcp = true});
    EXPECT_EQ(ask_tcp(server, "PING\r\n"), "+PONG\r\n");
    EXPECT_EQ(ask_unix(server, "PING\r\n"), "+PONG\r\n");
    EXPECT_EQ(server.url(), "redis://127.0.0.1:" + std::to_string(server.port()));
}

TEST(RedisProcess, extra_configuration_reaches_the_server) {
    RedisProcess server({.config = {{"maxclients", "160"}}});
    EXPECT_THAT(ask_unix(server, "CONFIG GET maxclients\r\n"), HasSubstr("160"));
    EXPECT_THAT(ask_unix(server, "CONFIG GET save\r\n"), HasSubstr("$0\r\n"));
}

TEST(RedisProcess, a_server_that_asks_for_a_password_counts_as_started) {
    RedisProcess server({.config = {{"requirepass", "secret"}}});
    EXPECT_THAT(ask_unix(server, "PING\r\n"), HasSubstr("NOAUTH"));
}

TEST(RedisProcess, stop_reaps_the_process_and_frees_the_socket) {
    RedisProcess server;
    const auto pid = server.pid();
    server.stop();
    EXPECT_FALSE(server.running());
    EXPECT_TRUE(is_gone(pid));
    EXPECT_EQ(ask_unix(server, "PING\r\n"), "");
    EXPECT_THROW(server.pid(), std::runtime_error);
    server.stop();  // once more changes nothing
}

TEST(RedisProcess, restart_after_a_kill_keeps_socket_and_port) {
    RedisProcess server({.tcp = true});
    const auto [path, port, pid] = std::tuple(server.unix_path(), server.port(), server.pid());
    server.kill();
    EXPECT_TRUE(is_gone(pid));
    server.restart();
    EXPECT_EQ(server.unix_path(), path);
    EXPECT_EQ(server.port(), port);
    EXPECT_NE(server.pid(), pid);
    EXPECT_EQ(ask_tcp(server, "PING\r\n"), "+PONG\r\n");
}

TEST(RedisProcess, an_append_only_file_outlives_a_kill) {
    RedisProcess server({.config = {{"appendonly", "yes"}, {"appendfsync", "always"}}});
    EXPECT_EQ(ask_unix(server, "SET k kept\r\n"), "+OK\r\n");
    server.kill();
    server.restart();
    EXPECT_THAT(ask_unix(server, "GET k\r\n"), HasSubstr("kept"));
}

TEST(RedisProcess, a_paused_server_takes_bytes_and_does_not_answer) {
    RedisProcess server;
    server.pause();
    EXPECT_EQ(ask_unix(server, "PING\r\n", 50ms), "");
    server.resume();
    EXPECT_EQ(ask_unix(server, "PING\r\n"), "+PONG\r\n");
}

TEST(RedisProcess, a_paused_server_stops_without_being_killed) {
    RedisProcess server;
    server.pause();
    server.stop();
    EXPECT_THAT(server.log_tail(), HasSubstr("bye bye"));
}

TEST(RedisProcess, its_directory_goes_with_it) {
    std::string dir;
    {
        RedisProcess server;
        dir = server.dir();
        EXPECT_TRUE(std::filesystem::exists(dir));
    }
    EXPECT_FALSE(std::filesystem::exists(dir));
}

TEST(RedisProcess, survives_the_thread_that_started_it) {
    std::unique_ptr<RedisProcess> server;
    std::thread([&] { server = std::make_unique<RedisProcess>(); }).join();
    EXPECT_EQ(ask_unix(*server, "PING\r\n"), "+PONG\r\n");
}

TEST(RedisProcess, inherits_no_descriptor) {
    const int mine = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
    const int marker = ::fcntl(mine, F_DUPFD, 700);
    RedisProcess server;
    EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(server.pid()) + "/fd/700"));
    ::close(marker);
    ::close(mine);
}

TEST(RedisProcess, dies_with_the_program_that_started_it) {
    int channel[2];
    ASSERT_EQ(::pipe(channel), 0);
    const pid_t program = ::fork();
    if (program == 0) {
        RedisProcess server;
        const auto pid = server.pid();
        if (::write(channel[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
        std::filesystem::remove_all(server.dir());  // nobody else will: we are about to be killed
        ::raise(SIGKILL);
    }
    ::close(channel[1]);
    pid_t server = -1;
    ASSERT_EQ(::read(channel[0], &server, sizeof server), static_cast<ssize_t>(sizeof server));
    ::close(channel[0]);
    int status = 0;
    ::waitpid(program, &status, 0);
    const auto until = std::chrono::steady_clock::now() + 5s;
    const auto ended = [&] {  // a zombie when nobody reaps orphans here
        return is_gone(server) ||
               file_text("/proc/" + std::to_string(server) + "/stat").find(") Z ") != std::string::npos;
    };
    while (!ended() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(ended());
}

TEST(RedisProcess, a_refused_configuration_is_told_with_the_log) {
    try {
        RedisProcess server({.config = {{"no-such-directive", "1"}}});
        FAIL() << "it started";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("exit code 1"));
        EXPECT_THAT(e.what(), HasSubstr("no-such-directive"));
    }
}

TEST(RedisProcess, a_missing_program_names_the_remedy) {
    try {
        RedisProcess server({.program = "no-such-redis-server"});
        FAIL() << "it started";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("apt-get install redis-server"));
    }
}

TEST(RedisProcess, many_threads_start_servers_at_once) {
    std::vector<std::thread> threads;
    std::vector<std::string> answers(4);
    for (auto& answer : answers)
        threads.emplace_back([&answer] {
            RedisProcess server({.tcp = true});
            answer = ask_tcp(server, "PING\r\n");
        });
    for (auto& thread : threads) thread.join();
    EXPECT_THAT(answers, testing::Each("+PONG\r\n"));
}

}  // namespace
}  // namespace redoubt::lab
