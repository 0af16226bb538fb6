// The loads of this program.
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

}  // namespace redoubt::bench
