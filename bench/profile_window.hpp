// Tells callgrind which part of the run is to be profiled: what a load measures, without its set-up. Nothing elsewhere.
#pragma once

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif

namespace redoubt::bench {

/// With `valgrind --tool=callgrind --instr-atstart=no` nothing is counted before.
inline void profile_begins() {
#ifdef CALLGRIND_START_INSTRUMENTATION
    CALLGRIND_START_INSTRUMENTATION;
#endif
}

inline void profile_ends() {
#ifdef CALLGRIND_STOP_INSTRUMENTATION
    CALLGRIND_STOP_INSTRUMENTATION;
#endif
}

}  // namespace redoubt::bench
