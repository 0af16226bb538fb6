# Settings that every target of this project shares.

# Rebuilds cost seconds with ccache; a launcher chosen by the user or by a parent project wins.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(REDOUBT_CCACHE ccache)
    if(REDOUBT_CCACHE)
        set(CMAKE_CXX_COMPILER_LAUNCHER ${REDOUBT_CCACHE})
    endif()
endif()

# redoubt_sources(out DIR...): all .cpp files below the folders; a new file needs no edit of a list.
function(redoubt_sources out)
    set(found)
    foreach(dir IN LISTS ARGN)
        file(GLOB_RECURSE part CONFIGURE_DEPENDS ${dir}/*.cpp)
        list(APPEND found ${part})
    endforeach()
    set(${out} ${found} PARENT_SCOPE)
endfunction()

# redoubt_warnings(target): the warnings every target is free of.
function(redoubt_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
        -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${target} PRIVATE -Wno-mismatched-new-delete -Wno-tsan)
    endif()
    if(REDOUBT_WARNINGS_AS_ERRORS)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()

# redoubt_settings(target): language level, warnings, sanitizers, coverage, private includes from the root.
function(redoubt_settings target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    redoubt_warnings(${target})
    if(REDOUBT_SANITIZE)
        list(JOIN REDOUBT_SANITIZE "," kinds)
        target_compile_options(${target} PUBLIC -fsanitize=${kinds} -fno-omit-frame-pointer -fno-sanitize-recover=all)
        target_link_options(${target} PUBLIC -fsanitize=${kinds})
    endif()
    if(REDOUBT_COVERAGE)
        target_compile_options(${target} PUBLIC --coverage -fprofile-update=atomic)
        target_link_options(${target} PUBLIC --coverage)
    endif()
    # CMake refuses a library without sources; a module of headers only is one.
    get_target_property(sources ${target} SOURCES)
    if(NOT sources)
        file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}_headers_only.cpp CONTENT "")
        target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${target}_headers_only.cpp)
    endif()
endfunction()
