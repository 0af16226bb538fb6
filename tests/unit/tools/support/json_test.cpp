// Figures in JSON have few digits and stay on one line.
#include "tools/support/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace redoubt::lab {
namespace {

TEST(Json, figures_are_rounded) {
    EXPECT_DOUBLE_EQ(rounded(1.23456, 2), 1.23);
    EXPECT_DOUBLE_EQ(rounded(1234.5, -2), 1200);
    EXPECT_EQ(one_line(boost::json::object{{"ratio", rounded(1.5, 3)}}), R"({"ratio":1.5})");
}

TEST(Json, numbers_are_written_as_people_write_them) {
    EXPECT_EQ(one_line(boost::json::array{0.0, 0.25, 1234.5, 7552, -3, std::numeric_limits<double>::infinity()}),
              "[0,0.25,1234.5,7552,-3,null]");
}

TEST(Json, an_object_is_one_line) {
    const boost::json::object nested{{"a", 1}, {"b", {{"text", "two\nlines"}, {"none", nullptr}}}};
    EXPECT_EQ(one_line(nested), R"({"a":1,"b":{"text":"two\nlines","none":null}})");
}

}  // namespace
}  // namespace redoubt::lab
