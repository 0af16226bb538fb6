// Counting what came, came again, and did not come.
#include "tools/support/numbered_stream.hpp"

namespace redoubt::lab {

void NumberedStream::message(std::uint64_t number) {
    ++figures_.messages;
    if (figures_.gaps > 0) ++figures_.after_gap;
    if (number <= last_) {
        ++figures_.repeated;
        return;
    }
    pass_over(number - last_ - 1);
    last_ = number;
    gap_told_ = false;
}

void NumberedStream::gap() {
    ++figures_.gaps;
    figures_.after_gap = 0;
    gap_told_ = true;
}

/// A gap excuses what is missing in its place, and nothing behind the next message.
void NumberedStream::pass_over(std::uint64_t numbers) {
    (gap_told_ ? figures_.missing_told : figures_.missing_untold) += numbers;
}

stream_figures NumberedStream::at_end(std::uint64_t published) const {
    auto whole = *this;
    if (published > last_) whole.pass_over(published - last_);
    return whole.figures_;
}

}  // namespace redoubt::lab
