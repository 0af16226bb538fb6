# What the library itself needs; tools, tests and benchmarks find their own.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(spdlog REQUIRED)
find_path(HIREDIS_INCLUDE_DIR hiredis/read.h REQUIRED)
find_library(HIREDIS_LIBRARY hiredis REQUIRED)
if(NOT TARGET redoubt_hiredis)
    add_library(redoubt_hiredis UNKNOWN IMPORTED)
    set_target_properties(redoubt_hiredis PROPERTIES
        IMPORTED_LOCATION ${HIREDIS_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${HIREDIS_INCLUDE_DIR})
endif()
