// The loads of this program.
#include <cstdio>

#include "bench/load.hpp"

namespace redoubt::bench {

load_table available_loads(const std::string& npm_directory) {
    load_table loads{{load_kind::redoubt, run_redoubt},
                     {load_kind::hiredis, run_hiredis},
                     {load_kind::redis_benchmark, run_benchmark_program}};
    if (!npm_directory.empty())
        loads[load_kind::npm] = [npm_directory](const load_spec& spec) { return run_npm(npm_directory, spec); };
    return loads;
}

std::string key_name(std::uint64_t number) {
    char text[32];
    std::snprintf(text, sizeof text, "key:%012llu", static_cast<unsigned long long>(number));
    return text;
}

}  // namespace redoubt::bench
