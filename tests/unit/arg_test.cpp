// Arguments and lists of them: what converts, what is refused, and in which order lists are visited.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <redoubt/arg.hpp>
#include <redoubt/codec.hpp>
#include <string>
#include <vector>

namespace redoubt {
namespace {
struct Point {
    int x = 0;
    int y = 0;
};
struct Opaque {};
enum class Colour { red };
}  // namespace

template <> struct codec<Point> {
    static void encode(const Point& p, writer& w) { w.append(p.x).append(':').append(p.y); }
};

namespace {

using namespace std::string_view_literals;

static_assert(sizeof(arg) == 24);
static_assert(sizeof(args) == 24);
static_assert(std::is_trivially_copyable_v<arg>);

template <class T> constexpr bool accepted = std::is_constructible_v<arg, T>;
static_assert(accepted<const char*> && accepted<std::string> && accepted<std::string_view> &&
              accepted<const char (&)[4]>);
static_assert(accepted<int> && accepted<std::uint64_t> && accepted<short> && accepted<double> && accepted<float>);
static_assert(accepted<signed char> && accepted<unsigned char>);
static_assert(accepted<Point>);
static_assert(!accepted<bool> && !accepted<char> && !accepted<wchar_t> && !accepted<char8_t>);
static_assert(!accepted<std::nullptr_t>);
static_assert(!accepted<std::chrono::seconds> && !accepted<std::chrono::duration<double>>);
static_assert(!accepted<Opaque> && !accepted<Colour>);
static_assert(!accepted<std::optional<std::string>>);

static_assert(std::is_constructible_v<args, std::vector<Point>> && std::is_constructible_v<args, const char*>);
static_assert(!std::is_constructible_v<args, std::vector<Opaque>> && !std::is_constructible_v<args, std::vector<bool>>);
static_assert(!std::is_constructible_v<args, std::map<std::string, int>>);
static_assert(std::is_constructible_v<arg_pairs, std::map<std::string, Point>>);
static_assert(!std::is_constructible_v<arg_pairs, std::map<std::string, bool>>);

std::string text_of(const arg& a) {
    switch (a.kind()) {
        case arg::type::text: return std::string(a.text());
        case arg::type::integer: return std::to_string(a.integer());
        case arg::type::unsigned_integer: return std::to_string(a.unsigned_integer());
        case arg::type::real: return std::to_string(a.real());
        case arg::type::user: break;
    }
    writer w;
    a.encode(w);
    return std::string(w.view());
}

// Lists arrive as parameters, as they do in commands: what they refer to lives until the call is over.
std::string all_of(const args& list) {
    std::string all;
    std::size_t visited = 0;
    list.for_each([&](const arg& a) {
        all += text_of(a) + ' ';
        ++visited;
    });
    EXPECT_EQ(visited, list.size());
    return all;
}
std::string pairs_of(const arg_pairs& list) { return all_of(list); }

TEST(Arg, KeepsTheKindOfWhatItWasMadeFrom) {
    EXPECT_EQ(arg("text").kind(), arg::type::text);
    EXPECT_EQ(arg(-1).kind(), arg::type::integer);
    EXPECT_EQ(arg(1U).kind(), arg::type::unsigned_integer);
    EXPECT_EQ(arg(1.5).kind(), arg::type::real);
    EXPECT_EQ(arg(Point{}).kind(), arg::type::user);
}

TEST(Arg, RefersToTheBytesItWasGiven) {
    const std::string text = std::string("a\0b"sv) + std::string(1, '\r');
    EXPECT_EQ(arg(text).text().data(), text.data());
    EXPECT_EQ(arg(text).text(), "a\0b\r"sv);
    EXPECT_EQ(arg(""sv).text(), "");
}

TEST(Arg, HoldsTheWholeRangeOfNumbers) {
    EXPECT_EQ(arg(std::numeric_limits<std::int64_t>::min()).integer(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(arg(std::numeric_limits<std::uint64_t>::max()).unsigned_integer(),
              std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(arg(static_cast<signed char>(-5)).integer(), -5);
    EXPECT_EQ(arg(0.5F).real(), 0.5);
}

TEST(Arg, EncodesAUserTypeThroughItsCodec) { EXPECT_EQ(text_of(Point{3, -4}), "3:-4"); }

TEST(Args, OneOfAnyKind) {
    EXPECT_EQ(all_of("k"), "k ");
    EXPECT_EQ(all_of(std::string("k")), "k ");
    EXPECT_EQ(all_of(7), "7 ");
    EXPECT_EQ(all_of(Point{1, 2}), "1:2 ");
    const arg kept("kept");
    EXPECT_EQ(all_of(kept), "kept ");
}

TEST(Args, BracesMixKinds) {
    EXPECT_EQ(all_of({"a"}), "a ");
    EXPECT_EQ(all_of({"a", "b"}), "a b ");
    EXPECT_EQ(all_of({"a", 1, Point{1, 2}, std::string("longer than any small string is")}),
              "a 1 1:2 longer than any small string is ");
    EXPECT_EQ(all_of({}), "");
}

TEST(Args, AnySizedRange) {
    EXPECT_EQ(all_of(std::vector<std::string>{"a", "b"}), "a b ");
    EXPECT_EQ(all_of(std::array<int, 3>{1, 2, 3}), "1 2 3 ");
    EXPECT_EQ(all_of(std::deque<Point>{{1, 2}}), "1:2 ");
    EXPECT_EQ(all_of(std::list<std::string_view>()), "");
    const char* const plain[] = {"x", "y"};
    EXPECT_EQ(all_of(plain), "x y ");
}

TEST(ArgPairs, NestedFlatOrFromARange) {
    EXPECT_EQ(pairs_of({{"a", 1}}), "a 1 ");
    EXPECT_EQ(pairs_of({{"a", 1}, {"b", Point{1, 2}}}), "a 1 b 1:2 ");
    EXPECT_EQ(pairs_of({"a", 1, "b", "c"}), "a 1 b c ");
    EXPECT_EQ(pairs_of({{"a", "b"}, {"c", "d"}}), "a b c d ");
    EXPECT_EQ(pairs_of(std::map<std::string, Point>{{"a", {1, 2}}, {"b", {3, 4}}}), "a 1:2 b 3:4 ");
    EXPECT_EQ(pairs_of(std::vector<std::pair<int, double>>{{1, 0.5}}), "1 0.500000 ");
    EXPECT_EQ(pairs_of(std::vector<std::string>{"a", "b"}), "a b ");
}

}  // namespace
}  // namespace redoubt
