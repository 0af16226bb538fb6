// Messages that are numbered 1, 2, 3 ..., and the gaps that a subscriber tells of: is everything missing told?
#pragma once

#include <cstdint>

namespace redoubt::lab {

struct stream_figures {
    std::uint64_t messages = 0;
    std::uint64_t gaps = 0;
    std::uint64_t after_gap = 0;       ///< messages since the last gap; 0 without a gap
    std::uint64_t repeated = 0;        ///< messages that came again, or behind a later one
    std::uint64_t missing_told = 0;    ///< numbers that are missing where a gap was told
    std::uint64_t missing_untold = 0;  ///< numbers that are missing and nobody said so

    friend bool operator==(const stream_figures&, const stream_figures&) = default;
};

/// Pure. Told of every event in the order in which the subscriber gave them.
class NumberedStream {
public:
    void message(std::uint64_t number);
    void gap();

    std::uint64_t last() const { return last_; }  ///< the highest number so far
    const stream_figures& so_far() const { return figures_; }
    /// The figures when `published` messages were published and nothing more comes.
    stream_figures at_end(std::uint64_t published) const;

private:
    void pass_over(std::uint64_t numbers);

    stream_figures figures_;
    std::uint64_t last_ = 0;
    bool gap_told_ = false;  ///< since the last message
};

}  // namespace redoubt::lab
