// Values from replies and into arguments, and what is said when they do not fit.
#include <gmock/gmock.h>

#include <cmath>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <redoubt/codec_containers.hpp>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace redoubt {

struct User {
    int id;
    std::string name;
    bool operator==(const User&) const = default;
};

template <> struct codec<User> {
    static void encode(const User& u, writer& w) {
        if (u.name.empty()) return w.fail();
        w.append(u.id).append(':').append(u.name);
    }
    static result<User> decode(reply_view v) {
        const auto text = v.text();
        const auto colon = text.find(':');
        if (colon == text.npos) return reply_mismatch(v, "id:name");
        return User{std::stoi(std::string{text.substr(0, colon)}), std::string{text.substr(colon + 1)}};
    }
};

namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

template <class T> result<T> decode(const reply& r) { return codec<T>::decode(r); }

template <class T> std::string refusal(const reply& r, errc expected = errc::reply_type) {
    const auto decoded = decode<T>(r);
    if (decoded) return "accepted";
    EXPECT_EQ(decoded.assume_error().kind(), expected);
    EXPECT_EQ(decoded.assume_error().fate(), fate::answered);
    EXPECT_EQ(decoded.assume_error().phase(), phase::reply);
    return std::string{decoded.assume_error().text()};
}

reply strings(std::initializer_list<std::string_view> texts) {
    std::vector<reply> all;
    for (const auto t : texts) all.push_back(reply::string(t));
    return reply::array(all.data(), all.size());
}

static_assert(decodable<std::string> && decodable<int> && decodable<bool> && decodable<double> && decodable<reply>);
static_assert(decodable<std::optional<std::vector<User>>> && decodable<std::map<std::string, int>> && decodable<void>);
static_assert(!decodable<std::string_view> && !decodable<char> && !decodable<char*>);

TEST(Codec, Strings) {
    const std::string nul{"a\0b", 3};
    EXPECT_EQ(*decode<std::string>(reply::string(nul)), nul);
    EXPECT_EQ(*decode<std::string>(reply::status("PONG")), "PONG");
    EXPECT_EQ(refusal<std::string>(reply::integer(5)), "reply: expected a string, found integer 5");
    EXPECT_EQ(refusal<std::string>(reply::nil()), "reply: expected a string, found nil");
    EXPECT_EQ(refusal<std::string>(reply::error("ERR x")), "reply: expected a string, found (error) ERR x");
    EXPECT_EQ(refusal<std::string>(reply::array({})), "reply: expected a string, found array []");
}

TEST(Codec, ErrorTextsAreBounded) {
    const auto text = refusal<int>(reply::string(std::string(100000, 'x')));
    EXPECT_LT(text.size(), 120u);
}

TEST(Codec, Integers) {
    EXPECT_EQ(*decode<int>(reply::integer(-5)), -5);
    EXPECT_EQ(*decode<int>(reply::string("-5")), -5);
    EXPECT_EQ(*decode<std::int64_t>(reply::string("-9223372036854775808")), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(*decode<std::uint64_t>(reply::string("18446744073709551615")), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(*decode<std::uint64_t>(reply::integer(7)), 7u);
    EXPECT_EQ(*decode<std::uint8_t>(reply::integer(255)), 255);
    for (const std::string_view wrong : {"", "x", "1x", " 1", "1 ", "+1", "1.5", "--1", "0x1"}) {
        EXPECT_EQ(refusal<int>(reply::string(wrong)),
                  "reply: expected an integer, found string \"" + std::string{wrong} + "\"");
        EXPECT_EQ(refusal<unsigned>(reply::string(wrong)),
                  "reply: expected an integer, found string \"" + std::string{wrong} + "\"");
    }
    EXPECT_EQ(refusal<int>(reply::nil()), "reply: expected an integer, found nil");
    EXPECT_EQ(refusal<unsigned>(reply::array({})), "reply: expected an integer, found array []");
}

TEST(Codec, IntegersOutOfRange) {
    EXPECT_EQ(refusal<std::int8_t>(reply::integer(128), errc::reply_range),
              "reply: expected an integer between -128 and 127, found integer 128");
    EXPECT_EQ(refusal<std::int8_t>(reply::string("-129"), errc::reply_range),
              "reply: expected an integer between -128 and 127, found string \"-129\"");
    EXPECT_EQ(refusal<std::uint8_t>(reply::integer(256), errc::reply_range),
              "reply: expected an integer between 0 and 255, found integer 256");
    EXPECT_EQ(refusal<std::uint8_t>(reply::string("-1"), errc::reply_range),
              "reply: expected an integer between 0 and 255, found string \"-1\"");
    refusal<std::uint64_t>(reply::integer(-1), errc::reply_range);
    refusal<std::uint64_t>(reply::string("18446744073709551616"), errc::reply_range);
    refusal<std::int64_t>(reply::string("9223372036854775808"), errc::reply_range);
    refusal<std::uint64_t>(reply::string("-99999999999999999999"), errc::reply_range);
}

TEST(Codec, Reals) {
    EXPECT_EQ(*decode<double>(reply::string("1.5")), 1.5);
    EXPECT_EQ(*decode<double>(reply::string("-1e300")), -1e300);
    EXPECT_EQ(*decode<double>(reply::string("inf")), INFINITY);
    EXPECT_EQ(*decode<double>(reply::string("-inf")), -INFINITY);
    EXPECT_TRUE(std::isnan(*decode<double>(reply::string("nan"))));
    EXPECT_EQ(*decode<double>(reply::integer(3)), 3.0);
    EXPECT_EQ(*decode<double>(reply::real(0.25)), 0.25);
    EXPECT_EQ(*decode<float>(reply::string("0.1")), 0.1f);
    EXPECT_EQ(refusal<double>(reply::string("1,5")), "reply: expected a number, found string \"1,5\"");
    refusal<double>(reply::string("1e999"), errc::reply_range);
    refusal<float>(reply::string("1e39"), errc::reply_range);
    refusal<double>(reply::nil());
}

TEST(Codec, Booleans) {
    EXPECT_EQ(*decode<bool>(reply::integer(1)), true);
    EXPECT_EQ(*decode<bool>(reply::integer(0)), false);
    EXPECT_EQ(*decode<bool>(reply::boolean(true)), true);
    EXPECT_EQ(refusal<bool>(reply::integer(2), errc::reply_range), "reply: expected 0 or 1, found integer 2");
    EXPECT_EQ(refusal<bool>(reply::status("OK")), "reply: expected 0 or 1, found status OK");
    EXPECT_EQ(*read_ok_or_nil(reply::status("OK")), true);
    EXPECT_EQ(*read_ok_or_nil(reply::nil()), false);
    EXPECT_FALSE(read_ok_or_nil(reply::status("QUEUED")));
    EXPECT_FALSE(read_ok_or_nil(reply::integer(1)));
}

TEST(Codec, VoidIsAnyStatus) {
    EXPECT_TRUE(decode<void>(reply::status("OK")));
    EXPECT_EQ(refusal<void>(reply::string("OK")), "reply: expected a status, found string \"OK\"");
    EXPECT_EQ(refusal<void>(reply::nil()), "reply: expected a status, found nil");
}

TEST(Codec, OptionalIsNilOrTheValue) {
    EXPECT_EQ(*decode<std::optional<std::string>>(reply::nil()), std::nullopt);
    EXPECT_EQ(*decode<std::optional<std::string>>(reply::string("")), std::optional<std::string>(""));
    EXPECT_EQ(refusal<std::optional<int>>(reply::string("x")), "reply: expected an integer, found string \"x\"");
    EXPECT_EQ((*decode<std::vector<std::optional<int>>>(reply::array({reply::integer(1), reply::nil()}))),
              (std::vector<std::optional<int>>{1, std::nullopt}));
}

TEST(Codec, ReplyIsEverything) {
    const reply r = reply::array({reply::integer(1), reply::error("ERR")});
    EXPECT_EQ(*decode<reply>(r), r);
}

TEST(Codec, Sequences) {
    EXPECT_THAT(*decode<std::vector<std::string>>(strings({"a", "b"})), ElementsAre("a", "b"));
    EXPECT_THAT(*decode<std::deque<int>>(strings({"1", "2"})), ElementsAre(1, 2));
    EXPECT_THAT(*decode<std::list<double>>(strings({"0.5"})), ElementsAre(0.5));
    EXPECT_THAT(
        *decode<std::vector<std::vector<int>>>(reply::array({strings({"1"}), reply::array({}), strings({"2", "3"})})),
        ElementsAre(ElementsAre(1), ElementsAre(), ElementsAre(2, 3)));
    EXPECT_EQ((*decode<std::array<int, 2>>(strings({"1", "2"}))), (std::array<int, 2>{1, 2}));
    EXPECT_EQ((refusal<std::array<int, 3>>(strings({"1", "2"}))),
              "reply: expected an array of 3, found array [\"1\", \"2\"]");
    EXPECT_EQ(refusal<std::vector<int>>(reply::nil()), "reply: expected an array, found nil");
    EXPECT_EQ(refusal<std::vector<int>>(reply::string("1")), "reply: expected an array, found string \"1\"");
}

TEST(Codec, MismatchesSayWhere) {
    EXPECT_EQ(refusal<std::vector<int>>(strings({"1", "x"})), "reply[1]: expected an integer, found string \"x\"");
    EXPECT_EQ(refusal<std::vector<std::vector<int>>>(reply::array({strings({"1"}), strings({"2", "3", "y"})})),
              "reply[1][2]: expected an integer, found string \"y\"");
    EXPECT_EQ((refusal<std::map<std::string, int>>(strings({"a", "1", "b", "z"}))),
              "reply[3]: expected an integer, found string \"z\"");
    EXPECT_EQ(
        (refusal<std::tuple<int, std::vector<bool>>>(reply::array({reply::integer(1), reply::array({reply::nil()})}))),
        "reply[1][0]: expected 0 or 1, found nil");
    EXPECT_EQ((refusal<std::pair<int, int>>(strings({"u", "v"}))), "reply[0]: expected an integer, found string \"u\"");
    EXPECT_EQ(refusal<std::set<int>>(strings({"w"})), "reply[0]: expected an integer, found string \"w\"");
    EXPECT_EQ(refusal<std::vector<User>>(strings({"1:Ann", "2"})), "reply[1]: expected id:name, found string \"2\"");
    EXPECT_EQ(
        (refusal<std::vector<std::pair<std::string, int>>>(reply::array({strings({"a", "1"}), strings({"b", "q"})}))),
        "reply[1][1]: expected an integer, found string \"q\"");
    EXPECT_EQ(refusal<std::vector<std::int8_t>>(strings({"1", "500"}), errc::reply_range),
              "reply[1]: expected an integer between -128 and 127, found string \"500\"");
}

TEST(Codec, PairsAndTuples) {
    EXPECT_EQ((*decode<std::pair<std::string, int>>(strings({"a", "1"}))), (std::pair<std::string, int>{"a", 1}));
    const reply scan = reply::array({reply::string("17"), strings({"a", "b"})});
    const auto [cursor, keys] = *decode<std::tuple<std::uint64_t, std::vector<std::string>>>(scan);
    EXPECT_EQ(cursor, 17u);
    EXPECT_THAT(keys, ElementsAre("a", "b"));
    EXPECT_EQ((refusal<std::tuple<int, int, int>>(strings({"1"}))),
              "reply: expected an array of 3, found array [\"1\"]");
    EXPECT_EQ((refusal<std::pair<int, int>>(reply::nil())), "reply: expected an array of 2, found nil");
}

TEST(Codec, MapsAndSets) {
    const reply flat = strings({"a", "1", "b", "2", "a", "3"});
    EXPECT_THAT((*decode<std::map<std::string, int>>(flat)), ElementsAre(Pair("a", 1), Pair("b", 2)));
    EXPECT_THAT((*decode<std::unordered_map<std::string, int>>(flat)),
                UnorderedElementsAre(Pair("a", 1), Pair("b", 2)));
    EXPECT_THAT((*decode<std::multimap<std::string, int>>(flat)),
                ElementsAre(Pair("a", 1), Pair("a", 3), Pair("b", 2)));
    EXPECT_THAT((*decode<std::set<std::string>>(strings({"b", "a", "b"}))), ElementsAre("a", "b"));
    EXPECT_THAT((*decode<std::unordered_set<int>>(strings({"1", "2"}))), UnorderedElementsAre(1, 2));
    EXPECT_TRUE((*decode<std::map<std::string, int>>(reply::array({}))).empty());
    EXPECT_EQ((refusal<std::map<std::string, int>>(strings({"a"}))),
              "reply: expected an array of keys and values, found array [\"a\"]");
    EXPECT_EQ((refusal<std::map<std::string, int>>(reply::nil())),
              "reply: expected an array of keys and values, found nil");
    EXPECT_EQ((refusal<std::set<std::string>>(reply::integer(1))), "reply: expected an array, found integer 1");
}

TEST(Codec, PairsFlatOrNested) {
    using scores = std::vector<std::pair<std::string, double>>;
    EXPECT_THAT(*decode<scores>(strings({"a", "1", "b", "2.5"})), ElementsAre(Pair("a", 1), Pair("b", 2.5)));
    EXPECT_THAT(*decode<scores>(reply::array({strings({"a", "1"}), strings({"b", "2.5"})})),
                ElementsAre(Pair("a", 1), Pair("b", 2.5)));
    EXPECT_TRUE(decode<scores>(reply::array({}))->empty());
    EXPECT_EQ(refusal<scores>(strings({"a", "1", "b"})),
              "reply: expected an array of pairs, found array [\"a\", \"1\", \"b\"]");
}

TEST(Codec, TypesOfUsers) {
    EXPECT_EQ(*decode<User>(reply::string("7:Ann")), (User{7, "Ann"}));
    EXPECT_EQ(*decode<std::optional<User>>(reply::nil()), std::nullopt);
    EXPECT_THAT(*decode<std::vector<User>>(strings({"1:A", "2:B"})), ElementsAre(User{1, "A"}, User{2, "B"}));
    writer w;
    codec<User>::encode({7, "Ann"}, w);
    EXPECT_EQ(w.view(), "7:Ann");
    EXPECT_FALSE(w.failed());
    codec<User>::encode({7, ""}, w);
    EXPECT_TRUE(w.failed());
    w.clear();
    EXPECT_FALSE(w.failed());
    EXPECT_EQ(w.view(), "");
}

template <class T> std::string encoded(const T& value) {
    writer w;
    codec<T>::encode(value, w);
    return std::string{w.view()};
}

TEST(Writer, WritesTextsAndNumbers) {
    EXPECT_EQ(encoded(std::string{"a\0b", 3}), (std::string{"a\0b", 3}));
    EXPECT_EQ(encoded(std::string_view{"x"}), "x");
    EXPECT_EQ(encoded(0), "0");
    EXPECT_EQ(encoded(std::int8_t{-128}), "-128");
    EXPECT_EQ(encoded(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(encoded(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(encoded(0.1), "0.1");
    EXPECT_EQ(encoded(0.1f), "0.1");
    EXPECT_EQ(encoded(-INFINITY), "-inf");
}

TEST(Writer, GrowsAsNeeded) {
    writer w;
    std::string expected;
    for (int i = 0; i != 5000; ++i) {
        w.append(i).append(',');
        expected += std::to_string(i) + ",";
    }
    w.append(std::string_view(expected)).append("");
    EXPECT_EQ(w.view(), expected + expected);
}

}  // namespace
}  // namespace redoubt
