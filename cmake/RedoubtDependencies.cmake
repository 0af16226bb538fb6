# What the library itself needs; tools, tests and benchmarks find their own.
# Global, so that a project which adds this one by add_subdirectory can link them from its own folder.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(spdlog REQUIRED)
unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/RedoubtHiredis.cmake)
