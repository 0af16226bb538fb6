// Descriptor limit and processor time.
#include "tools/support/resources.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "tools/support/temp_dir.hpp"

namespace redoubt::lab {
namespace {

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

cpu_time usage_of(int who) {
    struct rusage usage {};
    ::getrusage(who, &usage);
    return {seconds(usage.ru_utime), seconds(usage.ru_stime)};
}

}  // namespace

descriptor_limit raise_descriptor_limit() {
    struct rlimit limit {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    return {before, limit.rlim_cur};
}

cpu_time process_cpu_time() { return usage_of(RUSAGE_SELF); }
cpu_time thread_cpu_time() { return usage_of(RUSAGE_THREAD); }

std::optional<cpu_time> cpu_time_of(pid_t pid) {
    const auto text = file_text("/proc/" + std::to_string(pid) + "/stat");
    const auto name_end = text.rfind(')');  // the name may hold spaces and brackets itself
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    if (!(fields >> user >> system)) return std::nullopt;
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return cpu_time{user / ticks_per_second, system / ticks_per_second};
}

}  // namespace redoubt::lab
