// What a report was measured on.
#include "bench/machine.hpp"

#include <hiredis/hiredis.h>
#include <sys/utsname.h>

#include <boost/json/parse.hpp>
#include <boost/version.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "tools/support/child_process.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::bench {
namespace {

/// The value of the first line "name<blanks><separator> value" of a file; empty when there is none.
std::string value_in(const char* file, const std::string& name, char separator) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(name)) continue;
        auto value = line.substr(std::min(line.find(separator) + 1, line.size()));
        std::erase(value, '"');
        return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    return {};
}

std::string first_line_of(const std::vector<std::string>& argv) {
    if (lab::find_program(argv.front()).empty()) return {};
    const lab::TempDir dir;
    lab::ChildProcess(lab::child_options{argv, dir.file("output"), dir.file("errors")}).wait();
    const auto text = lab::file_text(dir.file("output"));
    return text.substr(0, text.find('\n'));
}

std::string package_versions(const std::string& npm_directory) {
    std::string text = "node " + first_line_of({"node", "--version"});
    for (const char* name : {"ioredis", "redis", "@valkey/valkey-glide"}) {
        const auto file = npm_directory + "/node_modules/" + name + "/package.json";
        boost::json::error_code ec;
        const auto parsed = boost::json::parse(lab::file_text(file), ec);
        if (ec || !parsed.is_object()) continue;
        if (const auto* version = parsed.as_object().if_contains("version"))
            text += std::string(", ") + name + " " + std::string(version->as_string());
    }
    return text;
}

}  // namespace

machine_facts machine_of(const lab::server_address& address, const std::string& npm_directory) {
    struct utsname kernel {};
    ::uname(&kernel);
    const std::string_view release = kernel.release;  // what follows the number is the distributor's
#ifdef __clang__
    const std::string compiler = __VERSION__;
#else
    const std::string compiler = "g++ " __VERSION__;
#endif
    char day[16] = "";
    const auto now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::strftime(day, sizeof day, "%Y-%m-%d", &utc);
    char load[32] = "unknown";
    double loads[1] = {};
    if (::getloadavg(loads, 1) == 1) std::snprintf(load, sizeof load, "%.1f", loads[0]);
    machine_facts facts{
        {"day", day},
        {"processors",
         std::to_string(std::thread::hardware_concurrency()) + " × " + value_in("/proc/cpuinfo", "model name", ':')},
        {"load before the run", load},
        {"system", value_in("/etc/os-release", "PRETTY_NAME", '=') + ", Linux " +
                       std::string(release.substr(0, release.find('-')))},
        {"compiler", compiler},
        {"libraries", "hiredis " + std::to_string(HIREDIS_MAJOR) + '.' + std::to_string(HIREDIS_MINOR) + '.' +
                          std::to_string(HIREDIS_PATCH) + ", Boost " + std::to_string(BOOST_VERSION / 100'000) + '.' +
                          std::to_string(BOOST_VERSION / 100 % 1'000)},
        {"server",
         "redis-server " + lab::RawRedis(address).info("server")["redis_version"] + ", on the same processors"},
        {"redis-benchmark", first_line_of({"redis-benchmark", "--version"})}};
    if (!npm_directory.empty()) facts.emplace_back("npm", package_versions(npm_directory));
    return facts;
}

}  // namespace redoubt::bench
