// The tables of verdicts: probes that failed, answers on a lease.
#include "core/pool/verdicts.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

using resilience::probe_answer;
using enum redoubt::fate;

TEST(ProbeVerdict, OnlySilenceAndLossesAreFailures) {
    struct {
        errc code;
        fate f;
        phase p;
        std::optional<probe_answer> expected;
    } const table[] = {
        {errc::deadline_exceeded, unknown, phase::sent, probe_answer::failed},
        {errc::deadline_exceeded, not_applied, phase::queue, probe_answer::failed},  // the server does not read
        {errc::connection_lost, unknown, phase::sent, probe_answer::failed},
        {errc::connection_lost, not_applied, phase::queue, probe_answer::failed},
        {errc::write_failed, not_applied, phase::queue, probe_answer::failed},
        {errc::protocol_error, unknown, phase::sent, probe_answer::failed},
        {errc::loading, not_applied, phase::reply, probe_answer::quarantined},
        {errc::busy, not_applied, phase::reply, probe_answer::quarantined},
        {errc::master_down, not_applied, phase::reply, probe_answer::quarantined},
        {errc::misconf, not_applied, phase::reply, probe_answer::alive},
        {errc::no_perm, not_applied, phase::reply, probe_answer::alive},
        {errc::no_auth, not_applied, phase::reply, probe_answer::alive},
        {errc::server_error, answered, phase::reply, probe_answer::alive},
        {errc::connection_full, not_applied, phase::queue, std::nullopt},
        {errc::limiter_full, not_applied, phase::limiter, std::nullopt},
        {errc::breaker_open, not_applied, phase::none, std::nullopt},
        {errc::no_resources, not_applied, phase::queue, std::nullopt},
        {errc::cancelled, unknown, phase::sent, std::nullopt},
        {errc::closed, unknown, phase::sent, std::nullopt},
    };
    for (const auto& row : table) {
        const error why(row.code, row.f, row.p);
        EXPECT_EQ(probe_verdict(why), row.expected) << why.message();
    }
}

TEST(LeaseVerdict, IsTheServersWordNotAScripts) {
    struct {
        errc code;
        const char* words;
        lease_verdict expected;
    } const table[] = {
        {errc::read_only, "READONLY You can't write", lease_verdict::leave},
        {errc::no_auth, "NOAUTH Authentication required.", lease_verdict::leave},
        {errc::denied, "DENIED Redis is running in protected mode", lease_verdict::close},
        {errc::unblocked,
         "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
         lease_verdict::close},
        {errc::unblocked, "UNBLOCKED client unblocked via CLIENT UNBLOCK", lease_verdict::keep},
        {errc::loading, "LOADING", lease_verdict::keep},
        {errc::wrong_pass, "WRONGPASS", lease_verdict::keep},
        {errc::no_perm, "NOPERM", lease_verdict::keep},
        {errc::server_error, "ERR", lease_verdict::keep},
    };
    for (const auto& row : table) {
        const error why(row.code, not_applied, phase::reply, {.text = row.words});
        EXPECT_EQ(judge_lease(why), row.expected) << row.words;
        EXPECT_EQ(judge_lease(error(why).with_partial(true)), lease_verdict::keep) << row.words;
    }
    EXPECT_EQ(judge_lease(error(errc::no_auth, not_applied, phase::dial)), lease_verdict::keep) << "not an answer here";
}

TEST(LeaseVerdict, WhoComesLaterIsToldTheServersWords) {
    const error answer(errc::denied, not_applied, phase::reply, {.node = "redis://a:1", .text = "DENIED no"});
    const auto later = closed_by_its_server(answer);
    EXPECT_EQ(later, errc::connection_lost);
    EXPECT_EQ(later.node(), "redis://a:1");
    EXPECT_NE(later.text().find("DENIED no"), std::string_view::npos);
}

}  // namespace
}  // namespace redoubt::core
