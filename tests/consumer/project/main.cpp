// The whole library, by its public headers.
#include <cstdio>
#include <redoubt/result.hpp>

int main() {
    const redoubt::result<int> none(redoubt::errc::connect_failed);
    std::printf("%s\n", none.error().message().c_str());
    return none.error() == redoubt::condition::unreachable ? 0 : 1;
}
