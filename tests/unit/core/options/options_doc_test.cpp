// The table in docs/options.md says what the code says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/options/fields.hpp"

namespace redoubt::core {
namespace {

std::string document() {
#ifdef REDOUBT_SOURCE_DIR
    const std::filesystem::path root = REDOUBT_SOURCE_DIR;
#else
    auto root = std::filesystem::path(__FILE__);
    for (int up = 0; up < 5; ++up) root = root.parent_path();
#endif
    std::ifstream in(root / "docs" / "options.md");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

std::string row(const field& f) {
    const auto* number = std::get_if<number_rule>(&f.rule);
    const std::string range = number != nullptr ? code(range_text(f)) : range_text(f);
    const std::string zero(number != nullptr ? number->zero : "");
    std::string out = "|";
    for (const auto& cell : {code(std::string(f.path)), code(print(f, options{})), range, zero,
                             code(std::string(f.parameter)), code(std::string(f.variable))}) {
        out.append(" ").append(cell).append(cell.empty() ? "|" : " |");
    }
    return out;
}

TEST(OptionsDoc, TableAgreesWithTheCode) {
    std::vector<std::string> expected;
    for (const auto& f : fields()) expected.push_back(row(f));
    std::vector<std::string> found;
    std::istringstream lines(document());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("| `")) found.push_back(line);
    }
    EXPECT_THAT(found, ::testing::ElementsAreArray(expected));
}

TEST(OptionsDoc, ExamplesAreUrlsThatWork) {
    std::istringstream lines(document());
    int examples = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("redis://") && !line.starts_with("redis+unix://")) continue;
        ++examples;
        const auto o = options::from_url(line);
        EXPECT_TRUE(o) << line << ": " << o.error().text();
    }
    EXPECT_GE(examples, 4);
}

}  // namespace
}  // namespace redoubt::core
