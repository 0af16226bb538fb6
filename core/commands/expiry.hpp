// The words EX, PX, EXAT and PXAT, as several commands take them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace redoubt::core {

inline std::int64_t unix_ms(std::chrono::system_clock::time_point t) noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}

/// At most one expiry out of an options struct with ex, px, exat and pxat.
struct Expiry {
    template <class Options> explicit Expiry(const Options& o) noexcept {
        if (o.ex) take("EX", o.ex->count());
        if (o.px) take("PX", o.px->count());
        if (o.exat) take("EXAT", o.exat->time_since_epoch().count());
        if (o.pxat) take("PXAT", unix_ms(*o.pxat));
    }

    std::string_view word{};
    std::int64_t number = 0;
    unsigned given = 0;

private:
    void take(std::string_view w, std::int64_t n) noexcept {
        word = w;
        number = n;
        ++given;
    }
};

}  // namespace redoubt::core
