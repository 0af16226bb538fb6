// Pub/sub: every kind of event has its line, so that a loss cannot be overlooked.
#include <cstdio>
#include <redoubt/pubsub/subscriber.hpp>

using namespace redoubt;

int main() {
    auto client = shared_client().value();
    auto news = client.subscribe({.channels = {"news"}}).value();  // the server has confirmed it
    for (const auto* const text : {"one", "two", "three"}) client.run(command("PUBLISH", "news", text)).value();

    int messages = 0;
    for (const event& e : news) {  // ends after `closed`
        std::visit(match{
                       [](const subscribed& s) { std::printf("subscribed: %s\n", s.name.c_str()); },
                       [&](const message& m) {
                           std::printf("%s: %s\n", m.channel.c_str(), m.payload.c_str());
                           if (++messages == 3) news.close();
                       },
                       [](const gap& g) { std::printf("missed something: %s\n", g.reason.message().c_str()); },
                       [](const dropped& d) { std::printf("too slow by %d\n", static_cast<int>(d.n)); },
                       [](const unsubscribed& u) { std::printf("unsubscribed: %s\n", u.name.c_str()); },
                       [](const closed& c) { std::printf("closed: %s\n", c.reason.code().message().c_str()); },
                   },
                   e);
    }
}
