# redoubt_test_suites(target LABEL label TIMEOUT seconds PROCESSORS n [AGAIN regex AGAIN_NAME name AGAIN_ENVIRONMENT v=x]):
# one ctest entry per suite of a GoogleTest program, and another one for suites that match AGAIN.
# One process per test case would spend most of a sanitizer run on starting processes; one per program would hide
# which part hangs. Suites are listed when ctest starts, so a program that cannot start fails the test run, not the build.
set(redoubt_list_suites ${CMAKE_CURRENT_LIST_DIR}/ListTestSuites.cmake)

function(redoubt_test_suites target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT;PROCESSORS;AGAIN;AGAIN_NAME;AGAIN_ENVIRONMENT" "")
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake)
    file(GENERATE OUTPUT ${file} CONTENT "\
set(program [[$<TARGET_FILE:${target}>]])
set(label [[${arg_LABEL}]])
set(timeout [[${arg_TIMEOUT}]])
set(processors [[${arg_PROCESSORS}]])
set(again [[${arg_AGAIN}]])
set(again_name [[${arg_AGAIN_NAME}]])
set(again_environment [[${arg_AGAIN_ENVIRONMENT}]])
include([[${redoubt_list_suites}]])
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${file})
endfunction()
