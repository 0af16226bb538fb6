// Colours, widths and the live lines.
#include "tools/support/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace redoubt::lab {
namespace {

constexpr int width_min = 20;
constexpr int width_default = 80;

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

int columns_of(std::string_view text) {
    return static_cast<int>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string repeated(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

const char* code_of(tone t) {
    switch (t) {
        case tone::good: return "\033[32m";
        case tone::bad: return "\033[31m";
        case tone::quiet: return "\033[2m";
        case tone::strong: return "\033[1m";
        case tone::plain: break;
    }
    return "";
}

}  // namespace

terminal_traits terminal_traits::decide(bool is_terminal, const char* term, const char* no_color, int columns) {
    const bool live = is_terminal && term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
    const bool colour = live && (no_color == nullptr || *no_color == '\0');
    return {live, colour, columns >= width_min ? columns : width_default};
}

terminal_traits terminal_traits::of(std::FILE* stream) {
    const int fd = ::fileno(stream);
    winsize size{};
    const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0;
    return decide(::isatty(fd) == 1, std::getenv("TERM"), std::getenv("NO_COLOR"), known ? size.ws_col : 0);
}

std::string painted(std::string_view text, tone t, const terminal_traits& traits) {
    if (!traits.colour || t == tone::plain) return std::string(text);
    return code_of(t) + std::string(text) + "\033[0m";
}

std::string cut(std::string_view text, int columns) {
    if (columns_of(text) <= columns) return std::string(text);
    if (columns <= 0) return {};
    std::size_t end = 0;
    for (int seen = 0; end < text.size(); ++end)
        if (starts_character(text[end]) && ++seen == columns) break;
    return std::string(text.substr(0, end)) + "…";
}

std::string progress_line(const progress_state& state, const terminal_traits& traits) {
    const int width = traits.width - 1;  // a full last column makes some terminals wrap
    const auto done = std::min(state.done, state.total);
    const int percent = state.total == 0 ? 0 : static_cast<int>(done * 100 / state.total);
    const auto label = cut(state.label, width / 3);
    const auto figure = (percent < 10 ? "  " : percent < 100 ? " " : "") + std::to_string(percent) + " %";
    const int bar_columns = std::clamp(width / 4, 4, 24);
    const int filled = percent * bar_columns / 100;
    const int left = width - columns_of(label) - bar_columns - static_cast<int>(figure.size()) - 6;
    const auto note = left > 3 ? cut(state.note, left) : std::string();
    auto line = label + "  " + painted(repeated("━", filled), state.bar_tone, traits) +
                painted(repeated("─", bar_columns - filled), tone::quiet, traits) + "  " + figure;
    if (!note.empty()) line += "  " + painted(note, tone::quiet, traits);
    return line;
}

void Screen::line(std::string_view text) {
    clear_live();
    std::fprintf(stream_, "%.*s\n", static_cast<int>(text.size()), text.data());
    std::fflush(stream_);
}

void Screen::progress(const progress_state& state) { live({progress_line(state, traits_)}); }

void Screen::live(const std::vector<std::string>& lines) {
    const auto now = std::chrono::steady_clock::now();
    if (!traits_.live || lines.empty() || (live_lines_ > 0 && now - last_ < refresh_)) return;
    last_ = now;
    if (live_lines_ > lines.size()) clear_live();
    to_first_live_line();
    for (std::size_t i = 0; i < lines.size(); ++i)
        std::fprintf(stream_, "%s%s\033[K", i == 0 ? "" : "\n", lines[i].c_str());
    std::fflush(stream_);
    live_lines_ = lines.size();
}

void Screen::to_first_live_line() {
    std::fputc('\r', stream_);
    if (live_lines_ > 1) std::fprintf(stream_, "\033[%zuA", live_lines_ - 1);
}

void Screen::clear_live() {
    if (live_lines_ == 0) return;
    to_first_live_line();
    std::fputs(live_lines_ == 1 ? "\033[K" : "\033[J", stream_);
    std::fflush(stream_);
    live_lines_ = 0;
}

std::string grouped(std::uint64_t number) {
    auto text = std::to_string(number);
    for (auto position = static_cast<std::ptrdiff_t>(text.size()) - 3; position > 0; position -= 3)
        text.insert(static_cast<std::size_t>(position), ",");
    return text;
}

}  // namespace redoubt::lab
