// Reads /proc.
#include "tools/support/thread_state.hpp"

#include <fstream>
#include <string>

namespace redoubt::lab {

bool asleep(pid_t thread) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');  // "7 (name) S 1 ..."; a name may hold anything, brackets too
    return name_end != std::string::npos && line.compare(name_end, 3, ") S") == 0;
}

}  // namespace redoubt::lab
