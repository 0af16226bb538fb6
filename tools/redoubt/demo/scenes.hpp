// The programme: every scene of `redoubt demo`, in order.
#pragma once

#include <span>

#include "tools/support/scene.hpp"

namespace redoubt::lab {

std::span<const scene> all_scenes();

scene_outcome play_storm_naive(const scene_context& context);
scene_outcome play_storm_scene(const scene_context& context);
scene_outcome play_outage(const scene_context& context);
scene_outcome play_hang(const scene_context& context);
scene_outcome play_full(const scene_context& context);
scene_outcome play_pubsub(const scene_context& context);

}  // namespace redoubt::lab
