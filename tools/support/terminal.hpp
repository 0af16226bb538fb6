// What the output can show, and lines that are redrawn in place.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::lab {

enum class tone { plain, good, bad, quiet, strong };

/// What a stream can show.
struct terminal_traits {
    bool live = false;    ///< a terminal whose line can be redrawn
    bool colour = false;  ///< a live terminal, and NO_COLOR is unset or empty
    int width = 80;

    /// TERM=dumb (or no TERM) is a terminal that cannot redraw.
    static terminal_traits decide(bool is_terminal, const char* term, const char* no_color, int columns);
    static terminal_traits of(std::FILE* stream);
};

/// The text in the colour of its tone, or as it is.
std::string painted(std::string_view text, tone t, const terminal_traits& traits);
/// A text cut to a number of columns (UTF-8 characters, all counted as one column), with "…" when it was longer.
std::string cut(std::string_view text, int columns);

struct progress_state {
    std::string_view label;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::string_view note = {};
    tone bar_tone = tone::good;
};
/// "label  ━━━━━━────  62 %  note", never wider than the terminal less one column.
std::string progress_line(const progress_state& state, const terminal_traits& traits);

/// Writes lines, and on a terminal a few live lines below them. Piped, live updates print nothing.
/// Thread safety: one thread at a time.
class Screen {
public:
    explicit Screen(std::FILE* stream) : Screen(stream, terminal_traits::of(stream)) {}
    /// `refresh`: the shortest time between two pictures of the live lines; 0: all are drawn.
    Screen(std::FILE* stream, terminal_traits traits, std::chrono::milliseconds refresh = std::chrono::milliseconds(50))
        : stream_(stream), traits_(traits), refresh_(refresh) {}
    ~Screen() { clear_live(); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    const terminal_traits& traits() const { return traits_; }
    std::string paint(std::string_view text, tone t) const { return painted(text, t, traits_); }
    /// A permanent line; the live lines are taken away first.
    void line(std::string_view text);
    /// One live line, redrawn.
    void progress(const progress_state& state);
    /// Several live lines, redrawn. None may be wider than the terminal less one column.
    void live(const std::vector<std::string>& lines);
    void clear_live();

private:
    void to_first_live_line();

    std::FILE* stream_;
    terminal_traits traits_;
    std::chrono::milliseconds refresh_;
    std::size_t live_lines_ = 0;  ///< shown now; the cursor is behind the last of them
    std::chrono::steady_clock::time_point last_{};
};

/// 7552 -> "7,552".
std::string grouped(std::uint64_t number);

}  // namespace redoubt::lab
