// Opening, and reading the first success.
#include "tools/redoubt/demo/trouble.hpp"

namespace redoubt::lab {

Client open_client(const RedisProcess& server, std::chrono::milliseconds deadline) {
    auto settings = options::from_url(server.url()).value();
    settings.deadline = deadline;
    auto client = Client::open(settings).value();
    client.ready(std::chrono::seconds(5)).value();
    return client;
}

std::int64_t ns_of(Stage::clock::time_point point) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(point.time_since_epoch()).count();
}

std::optional<double> first_success_ms(const CallTally& tally, Stage::clock::time_point since) {
    const auto at = tally.figures().first_success_ns;
    if (!at) return std::nullopt;
    return static_cast<double>(*at - ns_of(since)) / 1e6;
}

std::string in_ms(const std::optional<double>& ms) { return ms ? one_line(rounded(*ms, 1)) + " ms" : "never"; }

}  // namespace redoubt::lab
