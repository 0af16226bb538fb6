// The programme. A new scene is one line here and one file beside it.
#include "tools/redoubt/demo/scenes.hpp"

#include <array>

namespace redoubt::lab {

std::span<const scene> all_scenes() {
    static constexpr std::array scenes{
        scene{"storm_naive", "7,552 operations at once, a connection each, plain hiredis, maxclients 160", true,
              play_storm_naive},
        scene{"storm", "the same operations through Redoubt: 256 threads, then 7,552 coroutines, limiter 100", false,
              play_storm_scene},
        scene{"outage", "the server is killed under load and comes back after 3 s; every write is accounted for", true,
              play_outage},
        scene{"hang", "the server stops answering for 2 s and goes on; deadlines of 300 ms", true, play_hang},
        scene{"full", "the server has no place left for another connection, until others leave", true, play_full},
        scene{"pubsub", "100 subscribers come and go; one lives on, and tells that its connection was killed", true,
              play_pubsub},
    };
    return scenes;
}

}  // namespace redoubt::lab
