# Adds up what callgrind_annotate prints, by layer. -v operations=N

# The first that matches decides: [file or library]:[function].
function layer_of(place) {
    if (place ~ /(pthread_mutex|futex|pthread_cond|lll_lock)/) return "locks (pthread)"
    if (place ~ /mem(cpy|move|set|chr|cmp)|strlen/) return "copying (memcpy)"
    if (place ~ /malloc|_int_free|calloc|realloc|:free|operator (new|delete)|new_op|del_op|libstdc\+\+/) return "memory (malloc)"
    if (place ~ /clock_gettime|clock\.hpp|vdso/) return "clock"
    if (place ~ /sys_(recv|send)|:(recv|send|epoll|syscall|read|write)|sysdeps\/unix/) return "calls of the kernel (our side only)"
    if (place ~ /libhiredis/) return "hiredis"
    if (place ~ /\/bench\//) return "the benchmark itself"
    if (place ~ /core\/protocol\/decoder|reply_builder|core\/protocol\/reply|redoubt\/reply\.hpp/) return "replies (decoder, reply)"
    if (place ~ /core\/protocol\/codec|redoubt\/codec/) return "reading the value (codec)"
    if (place ~ /core\/commands|redoubt\/command|core\/protocol\/encode|redoubt\/arg|writer/) return "building the command"
    if (place ~ /core\/connection/) return "connection, multiplexer"
    if (place ~ /core\/pool/) return "pool"
    if (place ~ /limiter|waiting_line/) return "limiter"
    if (place ~ /breaker|sliding|window/) return "breaker"
    if (place ~ /retry/) return "retry, budget"
    if (place ~ /deadline|attempt_timeout|timer_wheel/) return "deadline, attempt timeout, wheel"
    if (place ~ /core\/stack\/(operation|layer)/) return "operation, frames"
    if (place ~ /async_operation|async_call|redoubt\/async|redoubt\/detail\/async/) return "asynchronous call"
    if (place ~ /blocking_operation|futex/) return "blocking call"
    if (place ~ /core\/client|redoubt\/client|client_handle/) return "client"
    if (place ~ /reactor/) return "reactor"
    if (place ~ /redoubt\/(error|result)|outcome/) return "results"
    if (place ~ /boost\/asio/) return "Asio"
    if (place ~ /include\/c\+\+|bits\//) return "standard library, inlined"
    return "other"
}

/^ *[0-9,]+ \([ 0-9.]+%\)  / {
    cost = $1
    gsub(",", "", cost)
    place = $0
    sub(/^ *[0-9,]+ \([ 0-9.]+%\)  /, "", place)
    sub(/ \[[^]]*redoubt-bench\]$/, "", place)  # the program says nothing
    if (place ~ /PROGRAM TOTALS/) {
        total = cost
        next
    }
    layers[layer_of(place)] += cost
}

END {
    printf "%-42s %14s %8s\n", "layer", "instructions", "share"
    # The number is written first to be sorted by, and cut off again.
    sorted = "sort -rn | cut -d' ' -f2-"
    for (name in layers)
        printf "%d %-42s %14.1f %7.1f%%\n", layers[name], name, layers[name] / operations, 100 * layers[name] / total | sorted
    close(sorted)
    printf "%-42s %14.1f\n", "all", total / operations
}
