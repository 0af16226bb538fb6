# Read by ctest: adds one test per suite that `program` lists. In: program, label, timeout, processors; suites that match
# `again` get a second one, with `again_environment`.
execute_process(COMMAND ${program} --gtest_list_tests
    OUTPUT_VARIABLE listing ERROR_VARIABLE problem RESULT_VARIABLE status TIMEOUT 60)
if(NOT status EQUAL 0)
    message("${program} does not list its tests (${status})\n${problem}")
    add_test("${label}.program_lists_its_tests" ${program} --gtest_list_tests)
    return()
endif()

string(REPLACE ";" "," listing "${listing}")
string(REPLACE "\n" ";" lines "${listing}")
foreach(line IN LISTS lines)
    # "Suite." or "Instance/Suite/0.  # TypeParam = int"; test cases are indented.
    if(line MATCHES "^([^ ]+)\\.( .*)?$")
        set(suite ${CMAKE_MATCH_1})
        add_test("${label}.${suite}" ${program} "--gtest_filter=${suite}.*" --gtest_brief=1)
        set_tests_properties("${label}.${suite}" PROPERTIES
            LABELS ${label} TIMEOUT ${timeout} PROCESSORS ${processors})
        if(again AND suite MATCHES "^(${again})$")
            add_test("${label}.${suite}.${again_name}" ${program} "--gtest_filter=${suite}.*" --gtest_brief=1)
            set_tests_properties("${label}.${suite}.${again_name}" PROPERTIES ENVIRONMENT "${again_environment}"
                LABELS ${label} TIMEOUT ${timeout} PROCESSORS ${processors})
        endif()
    endif()
endforeach()
