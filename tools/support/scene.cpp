// Selection and report of scenes.
#include "tools/support/scene.hpp"

#include <algorithm>
#include <stdexcept>

namespace redoubt::lab {

std::vector<scene> select_scenes(std::span<const scene> all, const std::vector<std::string>& names) {
    const auto has_name = [](std::string_view name) { return [name](const scene& s) { return s.name == name; }; };
    for (const auto& name : names) {
        if (std::any_of(all.begin(), all.end(), has_name(name))) continue;
        std::string known;
        for (const auto& s : all) known.append(known.empty() ? "" : ", ").append(s.name);
        std::string why = "no scene is named \"";
        why.append(name).append("\"; there are: ").append(known);
        throw std::invalid_argument(why);
    }
    std::vector<scene> chosen;
    for (const auto& s : all)
        if (names.empty() || std::find(names.begin(), names.end(), s.name) != names.end()) chosen.push_back(s);
    return chosen;
}

std::size_t promises_broken(std::span<const played_scene> played) {
    std::size_t count = 0;
    for (const auto& p : played) count += p.outcome.promises_broken.size();
    return count;
}

boost::json::object demo_json(std::span<const played_scene> played) {
    boost::json::object scenes;
    boost::json::array skipped;
    for (const auto& p : played) {
        if (p.skipped)
            skipped.emplace_back(p.name);
        else
            scenes.emplace(p.name, p.outcome.figures);
    }
    boost::json::object report{{"promises_broken", promises_broken(played)}, {"scenes", std::move(scenes)}};
    if (!skipped.empty()) report.emplace("skipped", std::move(skipped));
    return report;
}

}  // namespace redoubt::lab
