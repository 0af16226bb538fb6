// redoubt-bench storm: thousands of operations at once through a limiter, and without one.
#pragma once

namespace redoubt::bench {

/// The sub-command, its own name and all. The exit code: 0 all bars hold, 1 one does not, 2 usage, 3 could not run.
int run_storm(int argc, char** argv);

}  // namespace redoubt::bench
