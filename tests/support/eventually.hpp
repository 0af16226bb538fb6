// Waiting for what another process or thread will do, in integration tests.
#pragma once

#include <chrono>
#include <thread>

namespace redoubt::test {

/// Asks until the answer is yes or the time is over; the last answer.
template <class Predicate>
bool eventually(Predicate predicate, std::chrono::milliseconds time = std::chrono::seconds(5)) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!predicate()) {
        if (std::chrono::steady_clock::now() >= until) return predicate();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

}  // namespace redoubt::test
