// Scenes of the demonstration: what they are given, what they give back, and how it is written as JSON.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/support/json.hpp"
#include "tools/support/terminal.hpp"

namespace redoubt::lab {

class CountingLog;

struct scene_context {
    Screen& screen;
    const CountingLog& log;  ///< what the library says to its log
    std::uint64_t seed = 1;
    std::string url = {};  ///< of a server of the user's; empty: the scene starts its own
};

struct scene_outcome {
    boost::json::object figures;
    std::vector<std::string> promises_broken = {};  ///< one sentence each
};

/// One scene. run() throws std::runtime_error when it cannot be played at all.
struct scene {
    std::string_view name;
    std::string_view summary;
    bool needs_private_server;  ///< it starts, stops or configures the server: skipped with a server of the user's
    scene_outcome (*run)(const scene_context&);
};

/// The scenes with these names, in the order of the programme; all of them when no name is given.
/// Throws std::invalid_argument for a name that does not exist, and lists those that do.
std::vector<scene> select_scenes(std::span<const scene> all, const std::vector<std::string>& names);

struct played_scene {
    std::string name;
    bool skipped = false;
    scene_outcome outcome = {};
};
std::size_t promises_broken(std::span<const played_scene> played);
/// {"promises_broken":0,"scenes":{"name":{figures}}}, and "skipped":[names] when there are any.
boost::json::object demo_json(std::span<const played_scene> played);

}  // namespace redoubt::lab
