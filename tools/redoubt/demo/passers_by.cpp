// One life after the other.
#include "tools/redoubt/demo/passers_by.hpp"

#include <unistd.h>

#include <chrono>
#include <redoubt/pubsub/subscriber.hpp>

#include "tools/support/thread_state.hpp"

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr std::uint64_t thread_count = 20;
static_assert(pubsub_subscribers % thread_count == 0);
constexpr std::uint64_t share = pubsub_subscribers / thread_count;
constexpr auto patience = 5s;  // for a message that must come, and for the one who waits for none

enum class departure : std::uint8_t { silent, streaming, waited_for };
constexpr std::uint64_t departures = 3;

bool hear(Subscriber& subscriber, const std::string& channel) {
    const auto until = clock::now() + patience;
    while (const auto e = subscriber.next(until)) {
        const auto* const m = std::get_if<message>(&*e);
        if (m != nullptr && m->channel == channel) return true;
    }
    return false;
}

void read_until(Subscriber& subscriber, clock::time_point until) {
    while (subscriber.next(until)) {
    }
}

/// The subscriber goes out of scope while another thread waits in next(). Whether that one was told `closed`.
bool vanish_under_a_reader(Subscriber&& living) {
    std::atomic<pid_t> reader_id{0};
    std::atomic<bool> returned{false};
    bool released = false;
    std::thread reader;
    {
        auto subscriber = std::move(living);
        reader = std::thread([&] {
            reader_id = ::gettid();
            const auto e = subscriber.next(patience);
            released = e ? std::holds_alternative<closed>(*e) : e.error() == errc::closed;
            returned = true;
        });
        // It must be in next() before the subscriber goes: then it sleeps, there is nothing else to sleep for.
        while (!returned && !asleep(reader_id)) std::this_thread::sleep_for(1ms);
    }
    reader.join();
    return released;
}

}  // namespace

/// What became of one.
struct PassersBy::life {
    bool confirmed = false;
    bool heard = false;
    bool waited_for = false;
    bool released = false;
    std::uint64_t errors = 0;
    std::string first_error = {};

    void fail(const error& e) {
        if (errors++ == 0) first_error = e.message();
    }
};

std::string channel_of(std::uint64_t number) { return "pubsub:" + std::to_string(number) + ":own"; }

PassersBy::PassersBy(const Client& client, std::uint64_t seed) : client_(client) {
    resilience::random_engine random(seed);
    for (std::uint64_t t = 0; t < thread_count; ++t)
        threads_.emplace_back(
            [this, t, of_thread = random()] { pass_by(t * share, resilience::random_engine(of_thread)); });
}

void PassersBy::join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void PassersBy::pass_by(std::uint64_t first, resilience::random_engine random) {
    for (auto number = first; number < first + share; ++number) {
        life mine;
        live(number, random, mine);
        bury(mine);
    }
}

void PassersBy::live(std::uint64_t number, resilience::random_engine& random, life& mine) {
    const auto how = static_cast<departure>(number % departures);
    const auto channel = channel_of(number);
    subscribe_options options;
    if (number % 2 == 0)
        options.channels.push_back(channel);
    else
        options.patterns.push_back("pubsub:" + std::to_string(number) + ":*");
    if (how == departure::streaming) options.channels.emplace_back(stream_channel);

    auto subscriber = client_.subscribe(options);
    if (!subscriber) return mine.fail(subscriber.error());
    mine.confirmed = true;
    if (const auto sent = client_.run(command("PUBLISH", channel, "hello")); !sent) mine.fail(sent.error());
    mine.heard = hear(*subscriber, channel);
    const auto until = clock::now() + std::chrono::milliseconds(random.between(250, 550));
    if (how == departure::streaming) return read_until(*subscriber, until);
    std::this_thread::sleep_until(until);
    if (how == departure::silent) return;
    mine.waited_for = true;
    mine.released = vanish_under_a_reader(std::move(*subscriber));
}

void PassersBy::bury(const life& mine) {
    const std::lock_guard lock(mutex_);
    figures_.subscribers += mine.confirmed ? 1 : 0;
    figures_.heard += mine.heard ? 1 : 0;
    figures_.waited_for += mine.waited_for ? 1 : 0;
    figures_.released += mine.released ? 1 : 0;
    if (figures_.errors == 0) first_error_ = mine.first_error;
    figures_.errors += mine.errors;
    ++gone_;
}

}  // namespace redoubt::lab
