// Results: value or error, how each is reached, and what a wrong reach does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <redoubt/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace redoubt {
namespace {

// Many results are kept at once: beside the value only the error and one word of state.
static_assert(sizeof(error) == 16);
static_assert(sizeof(result<void>) == 24);
static_assert(sizeof(result<std::int64_t>) == 32);
static_assert(sizeof(result<std::optional<std::string>>) == 64);

TEST(ResultTest, HoldsAValue) {
    result<int> r = 42;
    ASSERT_TRUE(r);
    EXPECT_TRUE(r.has_value());
    EXPECT_FALSE(r.has_error());
    EXPECT_EQ(*r, 42);
    EXPECT_EQ(r.value(), 42);
    *r = 43;
    EXPECT_EQ(r.value(), 43);
}

TEST(ResultTest, HoldsAnError) {
    const result<int> r = error(errc::attempt_timeout, fate::unknown, phase::sent);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::attempt_timeout);
    EXPECT_EQ(r.error().fate(), fate::unknown);
}

TEST(ResultTest, IsMadeFromACodeAlone) {
    const result<std::string> r = errc::limiter_full;
    const result<void> v = errc::limiter_full;
    EXPECT_EQ(r.error(), errc::limiter_full);
    EXPECT_EQ(v.error(), condition::rejected);
}

TEST(ResultTest, DefaultIsClosed) {
    EXPECT_EQ(result<int>().error(), errc::closed);
    EXPECT_EQ(result<void>().error(), errc::closed);
}

TEST(ResultTest, VoidSucceedsByOk) {
    const result<void> r = ok();
    EXPECT_TRUE(r);
    EXPECT_NO_THROW(r.value());
}

TEST(ResultTest, ReachesMembersAndMovesValuesOut) {
    result<std::unique_ptr<std::string>> r = std::make_unique<std::string>("value");
    EXPECT_EQ(r->get()->size(), 5U);
    const std::unique_ptr<std::string> taken = *std::move(r);
    EXPECT_EQ(*taken, "value");
    const result<std::string> text = std::string("abc");
    EXPECT_EQ(text->size(), 3U);
}

TEST(ResultTest, ValueOfAFailureThrowsTheErrorWithItsMessage) {
    const error cause(errc::connect_failed, fate::not_applied, phase::dial, error_details{.node = "redis://a:6379"});
    const result<int> r = cause;
    try {
        (void)r.value();
        FAIL() << "value() of a failure returned";
    } catch (const exception& thrown) {
        EXPECT_EQ(thrown.what(), cause.message());
        EXPECT_EQ(thrown.error(), errc::connect_failed);
        EXPECT_EQ(thrown.error().node(), "redis://a:6379");
    }
    EXPECT_THROW(result<void>(errc::closed).value(), std::system_error);
}

TEST(ResultTest, ErrorOfASuccessIsALogicError) {
    const result<int> r = 1;
    EXPECT_THROW((void)r.error(), std::logic_error);
    const result<void> v = ok();
    EXPECT_THROW((void)v.error(), std::logic_error);
}

result<int> parsed(int number) {
    if (number < 0) return error(errc::reply_range, fate::answered, phase::reply);
    return number;
}

result<std::string> described(int number) {
    BOOST_OUTCOME_TRY(const int value, parsed(number));
    BOOST_OUTCOME_TRY(parsed(number - 1));
    return std::to_string(value);
}

result<void> checked(int number) {
    BOOST_OUTCOME_TRY(described(number));
    return ok();
}

TEST(ResultTest, TryPassesErrorsOnAndUnwrapsValues) {
    EXPECT_EQ(*described(7), "7");
    EXPECT_EQ(described(-1).error(), errc::reply_range);
    EXPECT_EQ(described(0).error().fate(), fate::answered);
    EXPECT_TRUE(checked(1));
    EXPECT_EQ(checked(0).error(), errc::reply_range);
}

TEST(ResultTest, CopiesShareTheDetailsOfTheError) {
    const result<int> r = error(errc::server_error, fate::answered, phase::reply, error_details{.text = "ERR no"});
    const result<int> copy = r;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the subject
    EXPECT_EQ(copy.error().text().data(), r.error().text().data());
}

TEST(ResultTest, ValueOrFallsBackOnFailure) {
    EXPECT_EQ(value_or(result<int>(5), 9), 5);
    EXPECT_EQ(value_or(result<int>(errc::closed), 9), 9);
    EXPECT_EQ(value_or(result<std::string>(errc::closed), "none"), "none");
}

TEST(ResultTest, ValueOrFallsBackOnMissingKeyToo) {
    using text = result<std::optional<std::string>>;
    EXPECT_EQ(value_or(text(std::optional<std::string>("v")), "none"), "v");
    EXPECT_EQ(value_or(text(std::optional<std::string>()), "none"), "none");
    EXPECT_EQ(value_or(text(errc::closed), "none"), "none");
}

}  // namespace
}  // namespace redoubt
