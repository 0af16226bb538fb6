# Fails when a module includes what it may not. Usage: cmake -DROOT=<source tree> -P check.cmake
#
# Dependencies point one way: resilience -> nothing of ours but error and result; core -> resilience; pubsub -> core;
# tools -> all of these. Public headers show nothing private. Sans-io code touches no socket and no Asio.
# A rule says which files it is about, which includes it refuses, which of those it allows all the
# same, and which files it spares.
cmake_minimum_required(VERSION 3.25)

set(rules)
macro(rule name files refuses allows)
    cmake_parse_arguments(arg "" "EXCEPT_IN" "" ${ARGN})
    list(APPEND rules ${name})
    set(${name}_files "${files}")
    set(${name}_except "${arg_EXCEPT_IN}")
    set(${name}_refuses "${refuses}")
    set(${name}_allows "${allows}")
    if(NOT arg_EXCEPT_IN)
        set(${name}_except "${never}")
    endif()
endmacro()

set(never "^$")
set(ours "^(redoubt|core|pubsub|resilience|tools|tests|bench|examples)/")
set(sockets "^(boost/asio|sys/socket|sys/un|sys/epoll|sys/select|sys/poll|poll|netdb|netinet/|arpa/|openssl/)")
set(clients "^(hiredis|spdlog)/")

rule(resilience_knows_nothing_of_ours "^(resilience|include/redoubt/resilience)/"
    "${ours}" "^(redoubt/(error|result|states)\\.hpp|redoubt/resilience/.*|resilience/.*)$")
rule(resilience_links_no_client "^(resilience|include/redoubt/resilience)/" "^hiredis/" "${never}")
rule(resilience_decides_without_io "^resilience/" "${sockets}" "${never}" EXCEPT_IN "^resilience/guard/")
rule(core_uses_resilience_only "^core/" "^(pubsub|tools|tests|bench|examples|redoubt/pubsub|redoubt/testing)/" "${never}")
rule(pubsub_uses_core_only "^pubsub/" "^(tools|tests|bench|examples)/" "${never}")
rule(tools_use_no_tests "^tools/" "^(tests|bench|examples)/" "${never}")
rule(public_headers_show_nothing_private "^include/" "${ours}" "^redoubt/")
rule(public_headers_hide_the_libraries_behind "^include/" "${clients}" "${never}")
rule(examples_use_the_public_api "^examples/" "${ours}" "^redoubt/")
rule(protocol_is_sans_io "^core/protocol/" "${sockets}" "${never}")
rule(topology_is_sans_io "^core/topology/" "${sockets}" "${never}")
rule(state_machines_are_sans_io "^(core|pubsub)/.*(fsm|multiplexer|registry)[^/]*$" "${sockets}" "${never}")

set(violations 0)
set(checked 0)
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/include/*.hpp
    ${ROOT}/resilience/*.[ch]pp ${ROOT}/core/*.[ch]pp ${ROOT}/pubsub/*.[ch]pp ${ROOT}/tools/*.[ch]pp ${ROOT}/examples/*.[ch]pp)
foreach(file IN LISTS files)
    math(EXPR checked "${checked} + 1")
    file(STRINGS ${ROOT}/${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
    foreach(line IN LISTS lines)
        string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]*).*" "\\1" included "${line}")
        foreach(rule IN LISTS rules)
            if(file MATCHES "${${rule}_files}" AND NOT file MATCHES "${${rule}_except}" AND included MATCHES "${${rule}_refuses}"
                    AND NOT included MATCHES "${${rule}_allows}")
                message("${file}: may not include ${included} (${rule})")
                math(EXPR violations "${violations} + 1")
            endif()
        endforeach()
    endforeach()
endforeach()
if(violations)
    message(FATAL_ERROR "${violations} includes break the layering")
endif()
message("${checked} files keep the layering")
