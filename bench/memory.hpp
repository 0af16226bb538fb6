// redoubt-bench memory: what connections, processes, queues and storms of dials cost, each against its bar.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace redoubt::bench {

/// One line of the report.
struct memory_figure {
    std::string name;
    double value = 0;
    std::string unit = {};
    double bar = -1;  ///< at most this; below 0: none, the figure is only told
    bool holds() const { return bar < 0 || value <= bar; }
};

boost::json::object figures_json(const std::vector<memory_figure>& figures);
std::string figure_head();
std::string figure_line(const memory_figure& f);

/// A probe measures inside a process of its own, so that no other one's memory is in its way. It takes the URL of a
/// server and answers one object of numbers.
boost::json::object run_probe(const std::string& name, const std::string& url);

/// The sub-command, its own name and all. The exit code: 0 all bars hold, 1 one does not, 2 usage, 3 could not run.
int run_memory(int argc, char** argv);

}  // namespace redoubt::bench
