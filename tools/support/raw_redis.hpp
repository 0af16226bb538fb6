// A plain hiredis connection: for baselines, and to look at a server from outside.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;

namespace redoubt::lab {

/// What the server answered, with the texts of simple strings, bulk strings and errors in `text`.
struct raw_reply {
    enum class kind { text, integer, nil, error, array };
    kind type = kind::nil;
    std::string text = {};
    long long integer = 0;
    std::vector<raw_reply> elements = {};

    bool is_error() const { return type == kind::error; }
};

/// Where a server listens: a unix socket when `path` is not empty, else host and port.
struct server_address {
    std::string path = {};
    std::string host = "127.0.0.1";
    int port = 6379;
};

/// Reads redis://host:port, redis+unix:///path and unix:///path; throws std::runtime_error for anything else.
server_address parse_server_url(std::string_view url);

/// One blocking connection; raises no SIGPIPE. Connection failures are std::runtime_error, error replies are values.
class RawRedis {
public:
    explicit RawRedis(const server_address& address, std::chrono::milliseconds timeout = std::chrono::seconds(10));
    ~RawRedis();
    RawRedis(RawRedis&&) noexcept;
    RawRedis& operator=(RawRedis&&) noexcept;

    raw_reply command(const std::vector<std::string>& argv);
    /// All commands in one write, all replies after it.
    std::vector<raw_reply> pipeline(const std::vector<std::vector<std::string>>& commands);

    std::string text(const std::vector<std::string>& argv);   ///< an error reply throws
    long long integer(const std::vector<std::string>& argv);  ///< any other reply throws
    std::map<std::string, std::string> info(const std::string& section = "everything");
    std::vector<std::map<std::string, std::string>> client_list();  ///< one map per connection, ours included

private:
    struct free_context {
        void operator()(redisContext*) const;
    };
    void append(const std::vector<std::string>& argv);
    raw_reply read();
    [[noreturn]] void fail() const;

    std::unique_ptr<redisContext, free_context> context_;
};

/// "key:value" lines, as INFO answers; comments and empty lines are skipped.
std::map<std::string, std::string> parse_info(std::string_view text);
/// Lines of "name=value" words, as CLIENT LIST answers.
std::vector<std::map<std::string, std::string>> parse_client_list(std::string_view text);

}  // namespace redoubt::lab
