// The loads of this program.
#include <cstdio>

#include "bench/load.hpp"

namespace redoubt::bench {

load_table available_loads() {
    return {{load_kind::redoubt, run_redoubt},
            {load_kind::hiredis, run_hiredis},
            {load_kind::redis_benchmark, run_benchmark_program}};
}

std::string key_name(std::uint64_t number) {
    char text[32];
    std::snprintf(text, sizeof text, "key:%012llu", static_cast<unsigned long long>(number));
    return text;
}

}  // namespace redoubt::bench
