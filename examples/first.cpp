// The first program: connect, write, read.
#include <cstdio>
#include <redoubt/client.hpp>

using namespace std::chrono_literals;

int main() {
    auto client = redoubt::shared_client().value();  // redis://127.0.0.1:6379, or REDOUBT_URL
    client.set("greeting", "hello", {.ex = 10s}).value();
    auto greeting = client.get("greeting");
    if (!greeting) return std::puts(greeting.error().message().c_str()), 1;
    std::puts(greeting->value_or("(nil)").c_str());
}
