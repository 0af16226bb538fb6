// A plain hiredis connection with owned replies.
#include "tools/support/raw_redis.hpp"

#include <hiredis/hiredis.h>

#include <charconv>

#include "tools/support/sigpipe.hpp"

namespace redoubt::lab {
namespace {

timeval to_timeval(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {seconds.count(), std::chrono::microseconds(time - seconds).count()};
}

raw_reply copy(const redisReply& reply) {
    switch (reply.type) {
        case REDIS_REPLY_INTEGER: return {.type = raw_reply::kind::integer, .integer = reply.integer};
        case REDIS_REPLY_NIL: return {};
        case REDIS_REPLY_ARRAY: {
            raw_reply out{.type = raw_reply::kind::array};
            for (std::size_t i = 0; i < reply.elements; ++i) out.elements.push_back(copy(*reply.element[i]));
            return out;
        }
        default: {
            const auto type = reply.type == REDIS_REPLY_ERROR ? raw_reply::kind::error : raw_reply::kind::text;
            return {.type = type, .text = std::string(reply.str, reply.len)};
        }
    }
}

std::string_view next_part(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

}  // namespace

server_address parse_server_url(std::string_view url) {
    for (const std::string_view scheme : {"redis+unix://", "unix://"})
        if (url.starts_with(scheme) && url.size() > scheme.size())
            return {.path = std::string(url.substr(scheme.size()))};
    constexpr std::string_view tcp = "redis://";
    server_address address;
    if (url.starts_with(tcp)) {
        auto rest = url.substr(tcp.size());
        if (rest.ends_with('/')) rest.remove_suffix(1);
        const auto colon = rest.rfind(':');
        const auto port = colon == std::string_view::npos ? std::string_view("6379") : rest.substr(colon + 1);
        address.host = std::string(rest.substr(0, colon));
        const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), address.port);
        if (ec == std::errc() && end == port.data() + port.size() && !address.host.empty() && address.port > 0 &&
            address.port < 65'536)
            return address;
    }
    if (url.find('@') != std::string_view::npos)
        throw std::runtime_error("an address with user or password is not understood here: use redis://HOST:PORT");
    throw std::runtime_error("\"" + std::string(url) + "\" is no address: use redis://HOST:PORT or redis+unix:///PATH");
}

void RawRedis::free_context::operator()(redisContext* context) const { ::redisFree(context); }

RawRedis::RawRedis(const server_address& address, std::chrono::milliseconds timeout) {
    const auto time = to_timeval(timeout);
    context_.reset(address.path.empty() ? ::redisConnectWithTimeout(address.host.c_str(), address.port, time)
                                        : ::redisConnectUnixWithTimeout(address.path.c_str(), time));
    if (context_ == nullptr) throw std::bad_alloc();
    if (context_->err != 0) {
        const auto where = address.path.empty() ? address.host + ':' + std::to_string(address.port) : address.path;
        throw std::runtime_error("cannot connect to " + where + ": " + context_->errstr);
    }
    ::redisSetTimeout(context_.get(), time);
}

RawRedis::~RawRedis() = default;
RawRedis::RawRedis(RawRedis&&) noexcept = default;
RawRedis& RawRedis::operator=(RawRedis&&) noexcept = default;

void RawRedis::fail() const { throw std::runtime_error(std::string("redis connection: ") + context_->errstr); }

void RawRedis::append(const std::vector<std::string>& argv) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const auto& word : argv) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    const auto count = static_cast<int>(argv.size());
    if (::redisAppendCommandArgv(context_.get(), count, texts.data(), sizes.data()) != REDIS_OK) fail();
}

raw_reply RawRedis::read() {
    void* reply = nullptr;
    if (::redisGetReply(context_.get(), &reply) != REDIS_OK || reply == nullptr) fail();
    const std::unique_ptr<redisReply, void (*)(void*)> owner(static_cast<redisReply*>(reply), ::freeReplyObject);
    return copy(*owner);
}

raw_reply RawRedis::command(const std::vector<std::string>& argv) {
    SigpipeBlocked blocked;
    append(argv);
    return read();
}

std::vector<raw_reply> RawRedis::pipeline(const std::vector<std::vector<std::string>>& commands) {
    SigpipeBlocked blocked;
    for (const auto& argv : commands) append(argv);
    std::vector<raw_reply> replies;
    replies.reserve(commands.size());
    while (replies.size() < commands.size()) replies.push_back(read());
    return replies;
}

std::string RawRedis::text(const std::vector<std::string>& argv) {
    auto reply = command(argv);
    if (reply.is_error()) throw std::runtime_error(argv.at(0) + ": " + reply.text);
    return std::move(reply.text);
}

long long RawRedis::integer(const std::vector<std::string>& argv) {
    const auto reply = command(argv);
    if (reply.type != raw_reply::kind::integer) throw std::runtime_error(argv.at(0) + ": no integer: " + reply.text);
    return reply.integer;
}

std::map<std::string, std::string> RawRedis::info(const std::string& section) {
    return parse_info(text({"INFO", section}));
}

std::vector<std::map<std::string, std::string>> RawRedis::client_list() {
    return parse_client_list(text({"CLIENT", "LIST"}));
}

std::map<std::string, std::string> parse_info(std::string_view text) {
    std::map<std::string, std::string> fields;
    while (!text.empty()) {
        auto line = next_part(text, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        const auto name = next_part(line, ':');
        fields.emplace(name, line);
    }
    return fields;
}

std::vector<std::map<std::string, std::string>> parse_client_list(std::string_view text) {
    std::vector<std::map<std::string, std::string>> clients;
    while (!text.empty()) {
        auto line = next_part(text, '\n');
        if (line.empty()) continue;
        auto& fields = clients.emplace_back();
        while (!line.empty()) {
            auto word = next_part(line, ' ');
            const auto name = next_part(word, '=');
            fields.emplace(name, word);
        }
    }
    return clients;
}

}  // namespace redoubt::lab
