# Builds and runs project/ against the library. In: WAY, SOURCE, BUILD, WORK, COMPILER, LAUNCHER, GENERATOR, FLAGS.
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "failed (${status}): ${command}")
    endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
set(options -DWAY=${WAY} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
    -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=${FLAGS}")
if(WAY STREQUAL "find_package")
    run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
    list(APPEND options -DCMAKE_PREFIX_PATH=${WORK}/prefix)
else()
    # With the flags of the surrounding build its object files come from ccache.
    set(ENV{CCACHE_NOHASHDIR} 1)
    list(APPEND options -DREDOUBT_SOURCE=${SOURCE} -DREDOUBT_WARNINGS_AS_ERRORS=ON)
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${WORK}/build -G ${GENERATOR} ${options})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)
run(${WORK}/build/consumer-resilience)
