// The report: one JSON line, or a table.
#pragma once

#include <string>
#include <vector>

#include "bench/round.hpp"
#include "tools/support/json.hpp"

namespace redoubt::bench {

/// {"rows":[...]}
boost::json::object report_json(const std::vector<row>& rows);
std::string table_head();
std::string table_line(const row& r);

}  // namespace redoubt::bench
