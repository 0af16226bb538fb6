// A client of Node.js as a load: a run of bench/npm/load.mjs, which counts for itself.
#include <boost/json/parse.hpp>
#include <stdexcept>

#include "bench/load.hpp"
#include "tools/support/child_process.hpp"
#include "tools/support/json.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::bench {
namespace {

std::string last_line(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    const auto end = text.rfind('\n');
    return end == std::string::npos ? text : text.substr(end + 1);
}

std::string spec_text(const load_spec& spec) {
    return lab::one_line(boost::json::object{{"client", spec.who.package},
                                             {"host", spec.address.host},
                                             {"port", spec.address.port},
                                             {"in_flight", spec.who.concurrency},
                                             {"value_bytes", spec.value_bytes},
                                             {"keys", spec.keys},
                                             {"duration_ms", spec.duration.count()},
                                             {"seed", spec.seed}});
}

load_result read_figures(const std::string& line) {
    const auto figures = boost::json::parse(line).as_object();
    const auto number = [&](const char* name) { return figures.at(name).to_number<double>(); };
    return {.operations = static_cast<std::uint64_t>(number("operations")),
            .errors = static_cast<std::uint64_t>(number("errors")),
            .seconds = number("seconds"),
            .cpu_s = number("cpu_s"),
            .p50_us = number("p50_us"),
            .p99_us = number("p99_us")};
}

}  // namespace

load_result run_npm(const std::string& directory, const load_spec& spec) {
    const lab::TempDir dir;
    lab::ChildProcess child(
        {{"node", directory + "/load.mjs", spec_text(spec)}, dir.file("figures"), dir.file("errors")});
    const auto ended = child.wait_for(std::chrono::seconds(60));
    if (!ended) throw std::runtime_error(spec.who.name + ": node does not end within 60 s");
    const auto why = [&] { return ": " + lab::file_tail(dir.file("errors"), 500); };
    if (!ended->ok()) throw std::runtime_error(spec.who.name + ": node: " + ended->text() + why());
    try {
        return read_figures(last_line(lab::file_text(dir.file("figures"))));
    } catch (const std::exception& e) {
        throw std::runtime_error(spec.who.name + ": load.mjs printed no figures (" + e.what() + ")" + why());
    }
}

}  // namespace redoubt::bench
