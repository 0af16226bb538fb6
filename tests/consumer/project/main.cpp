// The whole library, as a first program uses it. The address has no server: the error says so.
#include <cstdio>
#include <redoubt/client.hpp>

using namespace std::chrono_literals;

int main() {
    auto client = redoubt::Client::open({.endpoints = {"unix:/nonexistent/redis.sock"}, .deadline = 50ms}).value();
    const auto greeting = client.get("greeting");
    if (greeting) return 1;
    std::printf("%s\n", greeting.error().message().c_str());
    return greeting.error().fate() == redoubt::fate::not_applied ? 0 : 1;
}
