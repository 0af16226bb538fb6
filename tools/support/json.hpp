// Boost.JSON, compiled into this library once, and the few shapes that the tools write.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

namespace redoubt::lab {

/// A figure with a sensible number of digits: a measurement has no 17 of them.
double rounded(double value, int digits);
/// The value on one line, without a line end.
std::string one_line(const boost::json::value& value);

}  // namespace redoubt::lab
