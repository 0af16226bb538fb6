// Whether a thread of this process sleeps.
#pragma once

#include <sys/types.h>

namespace redoubt::lab {

/// The kernel says that it waits for something. False for threads that run, and for those that do not exist.
bool asleep(pid_t thread);

}  // namespace redoubt::lab
