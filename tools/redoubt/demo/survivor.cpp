// Publishing and listening, a thread each.
#include "tools/redoubt/demo/survivor.hpp"

#include <charconv>
#include <chrono>
#include <redoubt/pubsub/subscriber.hpp>
#include <stdexcept>

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;

constexpr auto pause = 1ms;
constexpr std::size_t buffer_messages = 100'000;  // more than a scene has: it is never too slow

std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Publisher::Publisher(const Client& client, std::string channel)
    : thread_([this, client, channel = std::move(channel)](const std::stop_token& stop) {
          publish(client, channel, stop);
      }) {}

void Publisher::publish(const Client& client, const std::string& channel, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto sent = client.run(command("PUBLISH", channel, published_ + 1));
        if (!sent && errors_++ == 0) first_error_ = sent.error().message();
        ++published_;
        std::this_thread::sleep_for(pause);
    }
}

void Publisher::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

Survivor::Survivor(const Client& client, const std::string& channel) {
    auto subscriber = client.subscribe({.channels = {channel}, .buffer_messages = buffer_messages});
    if (!subscriber) throw std::runtime_error("the survivor cannot subscribe: " + subscriber.error().message());
    thread_ = std::jthread([this, given = *std::move(subscriber)](const std::stop_token& stop) mutable {
        auto mine = std::move(given);
        while (const auto e = mine.next({}, stop)) hear(*e);
    });
}

void Survivor::hear(const event& e) {
    const std::lock_guard lock(mutex_);
    std::visit(match{[this](const message& m) { stream_.message(number_in(m.payload)); },
                     [this](const gap& g) {
                         stream_.gap();
                         gap_reason_ = g.reason.code().message();
                     },
                     [](const auto&) {}},  // what is lost without a gap is missing in the numbers
               e);
}

void Survivor::leave() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

std::uint64_t Survivor::last() const {
    const std::lock_guard lock(mutex_);
    return stream_.last();
}

stream_figures Survivor::so_far() const {
    const std::lock_guard lock(mutex_);
    return stream_.so_far();
}

stream_figures Survivor::at_end(std::uint64_t published) const {
    const std::lock_guard lock(mutex_);
    return stream_.at_end(published);
}

std::string Survivor::gap_reason() const {
    const std::lock_guard lock(mutex_);
    return gap_reason_;
}

}  // namespace redoubt::lab
