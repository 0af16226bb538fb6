// The report as a picture: one line for each case, a dot for each transport and size, on a logarithmic scale. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "bench/markdown.hpp"
#include "bench/report.hpp"

namespace redoubt::bench {
namespace detail {

/// Ratios from 1/16 to 64 on the picture; what lies beyond sits on its edge.
struct plot_scale {
    double left = 330;
    double right = 880;
    double lowest = 1.0 / 16;
    double highest = 64;

    double x(double ratio) const {
        const auto clamped = std::clamp(ratio, lowest, highest);
        return left + (right - left) * std::log2(clamped / lowest) / std::log2(highest / lowest);
    }
};

struct series {
    transport over;
    std::size_t value_bytes;
    const char* colour;
    const char* name;
};
inline constexpr std::array<series, 4> all_series{{{transport::unix_socket, 64, "#0b6e99", "unix, 64 bytes"},
                                                   {transport::unix_socket, 1'024, "#7cb8d4", "unix, 1 KiB"},
                                                   {transport::tcp, 64, "#b3541e", "TCP, 64 bytes"},
                                                   {transport::tcp, 1'024, "#e5a983", "TCP, 1 KiB"}}};

inline std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return out;
}

inline std::string svg_text(double x, double y, const std::string& text, const char* extra = "") {
    return formatted("<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, extra) + escaped(text) + "</text>\n";
}

inline std::string svg_line(double x1, double y1, double x2, double y2, const char* style) {
    return formatted("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style);
}

inline std::string dot_of(const row& r, const series& s, double y, const plot_scale& scale) {
    const auto stroke = formatted("stroke=\"%s\" stroke-width=\"1.5\"", s.colour);
    return svg_line(scale.x(r.ratio.min), y, scale.x(r.ratio.max), y, stroke.c_str()) +
           formatted("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\">", scale.x(r.ratio.median), y, s.colour) +
           formatted("<title>%s, %s: %.2f (%.2f to %.2f)</title></circle>\n", r.name.c_str(), s.name, r.ratio.median,
                     r.ratio.min, r.ratio.max);
}

/// Where the bar of the ratio is; empty for a case without one.
inline std::string bar_mark(const row& r, double top, double bottom, const plot_scale& scale) {
    double limit = 0;
    if (std::sscanf(r.bar_text.c_str(), "ratio >= %lf", &limit) != 1 &&
        std::sscanf(r.bar_text.c_str(), "ratio <= %lf", &limit) != 1)
        return {};
    return svg_line(scale.x(limit), top, scale.x(limit), bottom,
                    "stroke=\"#2a7d2a\" stroke-width=\"2\" stroke-dasharray=\"3 3\"");
}

/// The cases in the order of their first row, each once.
inline std::vector<const row*> first_rows(const std::vector<row>& rows) {
    std::vector<const row*> out;
    for (const auto& r : rows)
        if (std::none_of(out.begin(), out.end(), [&](const row* o) { return o->name == r.name; })) out.push_back(&r);
    return out;
}

inline std::string plot_axis(const plot_scale& scale, double top, double bottom) {
    std::string out;
    for (double ratio = scale.lowest; ratio <= scale.highest; ratio *= 2) {
        const bool one = std::abs(ratio - 1) < 1e-9;
        out += svg_line(scale.x(ratio), top, scale.x(ratio), bottom,
                        one ? "stroke=\"#333\" stroke-width=\"1.5\"" : "stroke=\"#ddd\"");
        const auto label = ratio < 1 ? formatted("1/%.0f", 1 / ratio) : formatted("%.0f", ratio);
        out += svg_text(scale.x(ratio), bottom + 16, label, "text-anchor=\"middle\" fill=\"#555\"");
    }
    return out;
}

}  // namespace detail

/// Whiskers are the lowest and highest round. Empty for no rows.
inline std::string svg_of(const report& r) {
    using namespace detail;
    const auto cases = first_rows(r.rows);
    if (cases.empty()) return {};
    constexpr double row_height = 34;
    constexpr double top = 64;
    const double bottom = top + row_height * static_cast<double>(cases.size());
    const plot_scale scale;
    std::string out =
        formatted("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 %.0f\" ", bottom + 44) +
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    out += svg_text(10, 22, "Redoubt divided by the other side: median of the rounds, lowest and highest",
                    "font-size=\"15\" font-weight=\"bold\"");
    double legend_x = 10;
    for (const auto& s : all_series) {
        out += formatted("<circle cx=\"%.1f\" cy=\"42\" r=\"4\" fill=\"%s\"/>\n", legend_x + 4, s.colour);
        out += svg_text(legend_x + 14, 46, s.name);
        legend_x += 120;
    }
    out += svg_text(legend_x, 46, "right of 1 is faster; CPU, time: left of 1 is cheaper; dashed: the bar",
                    "fill=\"#555\"");
    out += plot_axis(scale, top, bottom);
    double y = top;
    for (const auto* c : cases) {
        out += svg_text(10, y + 15, c->name + ratio_words(c->ratio_is), "font-weight=\"bold\"");
        out += svg_text(10, y + 28, "against " + c->against, "fill=\"#555\" font-size=\"11\"");
        out += bar_mark(*c, y + 3, y + row_height - 3, scale);
        double offset = 7;
        for (const auto& s : all_series) {
            for (const auto& line : r.rows)
                if (line.name == c->name && line.over == s.over && line.value_bytes == s.value_bytes)
                    out += dot_of(line, s, y + offset, scale);
            offset += 7;
        }
        y += row_height;
        out += svg_line(10, y, scale.right, y, "stroke=\"#eee\"");
    }
    out += svg_text((scale.left + scale.right) / 2, bottom + 34, "ratio, logarithmic",
                    "text-anchor=\"middle\" fill=\"#555\"");
    return out + "</svg>\n";
}

}  // namespace redoubt::bench
