// What encoding a command and decoding a reply cost.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/protocol/classify.hpp"
#include "core/protocol/command_table.hpp"
#include "core/protocol/decoder.hpp"
#include "core/protocol/encode.hpp"

namespace redoubt::core {
namespace {

// A buffer whose room is prepared, as a connection's output buffer is.
struct Prepared {
    char* extend(std::size_t n) {
        if (size + n > sizeof bytes) size = 0;
        char* at = bytes + size;
        size += n;
        return at;
    }
    std::size_t size = 0;
    char bytes[64 * 1024];
};

void encode_get(benchmark::State& state) {
    const auto out = std::make_unique<Prepared>();
    std::string_view argv[] = {"GET", "0123456789abcdef"};
    for (auto _ : state) {
        benchmark::DoNotOptimize(argv);
        append_command(*out, argv);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(encode_get);

void encode_set(benchmark::State& state) {
    const auto out = std::make_unique<Prepared>();
    const std::string value(64, 'v');
    std::string_view argv[] = {"SET", "0123456789abcdef", value};
    for (auto _ : state) {
        benchmark::DoNotOptimize(argv);
        append_command(*out, argv);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(encode_set);

void encode_integer(benchmark::State& state) {
    const auto out = std::make_unique<Prepared>();
    std::int64_t n = -123456789;
    for (auto _ : state) {
        benchmark::DoNotOptimize(n);
        append_bulk(*out, n);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(encode_integer);

// Windows of 64 KiB, as a busy connection reads them; time per reply.
void decode(benchmark::State& state, const std::string& one) {
    std::string window;
    std::int64_t replies = 0;
    while (window.size() + one.size() <= 64 * 1024 || replies == 0) {
        window += one;
        ++replies;
    }
    Decoder decoder;
    reply out;
    std::int64_t seen = 0;
    for (auto _ : state) {
        decoder.supply(window);
        while (decoder.next(out) == Decoder::step::reply) {
            benchmark::DoNotOptimize(out);
            ++seen;
        }
    }
    if (seen != replies * static_cast<std::int64_t>(state.iterations())) state.SkipWithError("replies are missing");
    state.counters["per_reply"] =
        benchmark::Counter(static_cast<double>(seen), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.SetBytesProcessed(static_cast<std::int64_t>(window.size()) * static_cast<std::int64_t>(state.iterations()));
}

std::string bulk(std::size_t n) { return "$" + std::to_string(n) + "\r\n" + std::string(n, 'v') + "\r\n"; }

void decode_status(benchmark::State& state) { decode(state, "+OK\r\n"); }
BENCHMARK(decode_status);

void decode_integer(benchmark::State& state) { decode(state, ":12345\r\n"); }
BENCHMARK(decode_integer);

void decode_bulk(benchmark::State& state) { decode(state, bulk(static_cast<std::size_t>(state.range(0)))); }
BENCHMARK(decode_bulk)->Arg(16)->Arg(64)->Arg(200)->Arg(1024)->Arg(16 << 10)->Arg(1 << 20);

void decode_array(benchmark::State& state) {
    std::string one = "*" + std::to_string(state.range(0)) + "\r\n";
    for (std::int64_t i = 0; i != state.range(0); ++i) one += bulk(16);
    decode(state, one);
}
BENCHMARK(decode_array)->Arg(2)->Arg(100)->Arg(10000);

// A reply per window, as with one request at a time.
void decode_single(benchmark::State& state) {
    const std::string window = bulk(64);
    Decoder decoder;
    reply out;
    for (auto _ : state) {
        decoder.supply(window);
        if (decoder.next(out) != Decoder::step::reply) state.SkipWithError("no reply");
        benchmark::DoNotOptimize(out);
        if (decoder.next(out) != Decoder::step::need_more) state.SkipWithError("too much");
    }
}
BENCHMARK(decode_single);

// All commands in turn, so that the branch predictor learns little.
void find_each_command(benchmark::State& state) {
    std::vector<std::string> names;
    for (const auto& command : all_commands()) names.emplace_back(command.name);
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(find_command(names[i]));
        i = i * 7 + 3;
        i %= names.size();
    }
}
BENCHMARK(find_each_command);

void find_one_command(benchmark::State& state) {
    std::string_view name = "HGETALL";
    for (auto _ : state) {
        benchmark::DoNotOptimize(name);
        benchmark::DoNotOptimize(find_command(name));
    }
}
BENCHMARK(find_one_command);

void classify_get(benchmark::State& state) {
    std::string_view argv[] = {"GET", "0123456789abcdef"};
    for (auto _ : state) {
        benchmark::DoNotOptimize(argv);
        benchmark::DoNotOptimize(classify(argv));
    }
}
BENCHMARK(classify_get);

}  // namespace
}  // namespace redoubt::core
