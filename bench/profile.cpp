// One side of one case alone, for a profiler: what an operation costs this process and the server.
#include "bench/profile.hpp"

#include "bench/markdown.hpp"
#include "tools/support/redis_process.hpp"
#include "tools/support/resources.hpp"

namespace redoubt::bench {
namespace {

using detail::formatted;

/// What INFO commandstats says of the time within the commands themselves, of GET and SET together.
double server_us_inside_commands(const lab::server_address& address) {
    double calls = 0;
    double us = 0;
    for (const auto& [name, value] : lab::RawRedis(address).info("commandstats")) {
        if (name != "cmdstat_get" && name != "cmdstat_set") continue;
        double these_calls = 0;
        double these_us = 0;
        if (std::sscanf(value.c_str(), "calls=%lf,usec=%lf", &these_calls, &these_us) != 2) continue;
        calls += these_calls;
        us += these_us;
    }
    return calls > 0 ? us / calls : 0;
}

}  // namespace

std::string profile_of(const std::string& case_name, bool other_side, const run_options& options,
                       const load_table& loads) {
    const auto cases = all_cases();
    const auto everything = {load_kind::redoubt, load_kind::hiredis, load_kind::redis_benchmark, load_kind::npm};
    const auto m = plan(cases, {.quick = true, .names = {case_name}}, everything).front();
    const auto& who = other_side ? m.what.against : m.what.subject;
    if (!loads.contains(who.kind)) throw std::invalid_argument(who.name + " needs packages of npm: ./dev bench npm");
    const lab::RedisProcess server({.tcp = m.over == transport::tcp});
    const auto address = lab::parse_server_url(m.over == transport::tcp ? server.url() : server.unix_url());
    prefill(address, m.value_bytes);
    lab::RawRedis(address).text({"CONFIG", "RESETSTAT"});
    const auto server_before = lab::cpu_time_of(server.pid()).value();
    const auto r = loads.at(who.kind)({.who = who,
                                       .address = address,
                                       .value_bytes = m.value_bytes,
                                       .keys = keys_of_a_run,
                                       .duration = duration_of(options)});
    const auto server_cpu = lab::cpu_time_of(server.pid()).value() - server_before;
    const auto us_each = [&](double seconds) { return seconds * 1e6 / static_cast<double>(r.operations); };
    return formatted("%s: %llu operations, %.0f op/s, %llu errors\n", who.name.c_str(),
                     static_cast<unsigned long long>(r.operations), r.operations_per_s(),
                     static_cast<unsigned long long>(r.errors)) +
           formatted("processor time for each operation: client %.3f us (system %.3f)\n", us_each(r.cpu_s),
                     us_each(r.cpu_system_s)) +
           formatted("server %.3f us (system %.3f), ", us_each(server_cpu.total_s()), us_each(server_cpu.system_s)) +
           formatted("of which within GET and SET %.3f us\n", server_us_inside_commands(address));
}

}  // namespace redoubt::bench
