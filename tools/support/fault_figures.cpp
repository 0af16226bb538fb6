// The promises of the scenes with a server in trouble.
#include "tools/support/fault_figures.hpp"

namespace redoubt::lab {
namespace {

constexpr double first_success_ms_max = 1'000;
constexpr double dials_at_once_max = 8;
constexpr double dials_per_s_max = 5;
constexpr std::uint64_t log_lines_max = 19;

using sentences = std::vector<std::string>;

boost::json::value figure(const std::optional<double>& ms) {
    return ms ? boost::json::value(rounded(*ms, 1)) : boost::json::value(nullptr);
}

double over_deadline_ms(const tally_figures& calls) { return static_cast<double>(calls.over_deadline_ns_max) / 1e6; }

void check_first_success(const std::optional<double>& ms, const char* since, sentences& broken) {
    if (!ms) return broken.push_back(std::string("no call succeeded after ") + since), void();
    if (!(*ms <= first_success_ms_max))
        broken.push_back("the first success came " + one_line(rounded(*ms, 0)) + " ms after " + since +
                         ", promised are 1000 ms");
}

void check_dials(std::uint64_t dials, double seconds, sentences& broken) {
    const auto most = dials_at_once_max + dials_per_s_max * seconds;
    if (static_cast<double>(dials) > most)
        broken.push_back(std::to_string(dials) + " dials in " + one_line(rounded(seconds, 1)) +
                         " s, at most 8 and 5 a second are promised");
}

void check_calls(const tally_figures& calls, sentences& broken) {
    if (calls.late > 0)
        broken.push_back(std::to_string(calls.late) + " calls ended more than 250 ms after their deadline, the last " +
                         one_line(rounded(over_deadline_ms(calls), 0)) + " ms");
    if (calls.wrong_replies > 0)
        broken.push_back(std::to_string(calls.wrong_replies) + " replies cannot be those of their own calls");
}

void check_zero(std::uint64_t count, const char* what, sentences& broken) {
    if (count > 0) broken.push_back(std::to_string(count) + ' ' + what);
}

}  // namespace

boost::json::object outage_figures::json() const {
    return {{"operations", calls.operations()},
            {"errors", calls.errors.json()},
            {"first_success_ms", figure(first_success_ms)},
            {"dials", dials},
            {"executed_twice", ledger.executed_twice},
            {"acknowledged_missing", ledger.acknowledged_missing},
            {"fates_wrong", ledger.fates_wrong},
            {"late", calls.late},
            {"max_over_deadline_ms", rounded(over_deadline_ms(calls), 1)},
            {"wrong_replies", calls.wrong_replies},
            {"log_lines", log_lines}};
}

sentences outage_figures::promises_broken() const {
    sentences broken;
    check_first_success(first_success_ms, "the server accepted connections again", broken);
    check_dials(dials, away_s, broken);
    check_zero(ledger.executed_twice, "commands were executed twice", broken);
    check_zero(ledger.acknowledged_missing, "acknowledged writes are missing on the server", broken);
    check_zero(ledger.fates_wrong, "writes ran though their error said that they had not", broken);
    check_calls(calls, broken);
    if (log_lines > log_lines_max)
        broken.push_back(std::to_string(log_lines) + " lines in the log, fewer than 20 are promised");
    return broken;
}

boost::json::object hang_figures::json() const {
    return {{"operations", calls.operations()},
            {"errors", calls.errors.json()},
            {"late", calls.late},
            {"max_over_deadline_ms", rounded(over_deadline_ms(calls), 1)},
            {"wrong_replies", calls.wrong_replies},
            {"first_success_ms", figure(first_success_ms)}};
}

sentences hang_figures::promises_broken() const {
    sentences broken;
    check_calls(calls, broken);
    check_first_success(first_success_ms, "the server went on", broken);
    return broken;
}

boost::json::object full_figures::json() const {
    return {{"operations", calls.operations()},
            {"errors", calls.errors.json()},
            {"dials", dials},
            {"first_success_ms", figure(first_success_ms)},
            {"unclear_errors", calls.unclear},
            {"late", calls.late},
            {"wrong_replies", calls.wrong_replies}};
}

sentences full_figures::promises_broken() const {
    sentences broken;
    check_zero(calls.unclear, "errors do not say that the server has reached its maximum of clients", broken);
    if (calls.clear == 0) broken.emplace_back("no error says that the server has reached its maximum of clients");
    check_dials(dials, full_s, broken);
    check_first_success(first_success_ms, "the others left", broken);
    check_calls(calls, broken);
    return broken;
}

}  // namespace redoubt::lab
