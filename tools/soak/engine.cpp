// Round after round: a venue, a weather, clients that come and go, and the books balanced at the end.
#include "tools/soak/engine.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "tools/soak/callers.hpp"
#include "tools/soak/venue.hpp"
#include "tools/support/counting_log.hpp"
#include "tools/support/json.hpp"

namespace redoubt::lab {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

std::size_t entries_of(const char* directory) {
    const std::filesystem::directory_iterator all(directory);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// What a client takes and must give back.
struct belongings {
    std::size_t descriptors = 0;
    std::size_t threads = 0;
    static belongings now() { return {entries_of("/proc/self/fd"), entries_of("/proc/self/task")}; }
};

template <class Condition> bool eventually(Condition condition, milliseconds within) {
    const auto until = steady_clock::now() + within;
    while (!condition()) {
        if (steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

class EngineSoak {
public:
    explicit EngineSoak(const soak_options& o) : options_(o), record_(o.margin) {
        // Handlers after close() run on threads of Asio's own, which stay: let them be here before anything is counted.
        boost::asio::post(boost::asio::system_executor(), [] {});
        for (auto make : {redis_behind_proxy, echo_on_unix_socket, redis_on_unix_socket, echo_over_tcp}) {
            auto venue = make();
            venue->lie(o.lie);
            if (o.venue.empty() || o.venue == venue->name()) venues_.push_back(std::move(venue));
        }
        for (const auto w : {weather::stormy, weather::impatient, weather::stormy, weather::calm, weather::stormy})
            if (o.weather.empty() || o.weather == to_string(w)) weathers_.push_back(w);
    }

    int run() {
        const auto until = steady_clock::now() + options_.length;
        for (round_ = 0; steady_clock::now() < until; ++round_) play(std::min(options_.round, left(until)));
        return summary();
    }

private:
    static milliseconds left(steady_clock::time_point until) {
        return std::max(milliseconds(200), std::chrono::duration_cast<milliseconds>(until - steady_clock::now()));
    }
    std::uint64_t draw(std::uint64_t most) { return random_.up_to(most); }
    void violated(const std::string& what) { record_.violated(what); }

    options client_options(const Venue& venue) {
        options o;
        o.endpoints = {venue.endpoint()};
        o.app = "soak";
        o.attempt_timeout = std::chrono::seconds(draw(1) == 0 ? 0 : 20);
        o.breaker.reset();  // it would keep the traffic away that is the point of it all
        o.reconnect.base = milliseconds(1);
        o.reconnect.cap = milliseconds(20);
        if (draw(1) == 0) o.limiter = limiter_options{.limit = static_cast<std::uint32_t>(1 + draw(5))};
        if (draw(2) == 0) o.spin = {};
        if (draw(2) == 0) o.output_bytes_max = 4096;
        return o;
    }

    void play(milliseconds how_long);
    void let_visitors_come(Venue& venue, steady_clock::time_point until);
    void end_callers(SoakCallers& callers);
    void close(Client client, SoakCallers& callers);
    void check_left_over(Venue& venue, const belongings& before);
    void judge_writes(Venue& venue, unsigned first_caller);
    void report(const Venue& venue, weather how, milliseconds took);
    int summary();

    soak_options options_;
    resilience::random_engine random_{options_.seed};
    SoakRecord record_;
    std::vector<std::unique_ptr<Venue>> venues_;
    std::vector<weather> weathers_;
    std::uint64_t round_ = 0;
    unsigned clients_ = 0;
    std::size_t told_ = 0;  // violations
    struct {
        std::uint64_t answered = 0;
        fate_counts errors;
        std::uint64_t cancelled = 0;
        std::uint64_t writes = 0;
        std::int64_t over_ns_max = 0;
    } total_;
    std::uint64_t writes_ = 0;  // of this round
};

// A thread that never comes back cannot be waited for: say so, and end.
void EngineSoak::end_callers(SoakCallers& callers) {
    callers.stop();
    const auto within = options_.patience + options_.margin + milliseconds(10'000);
    if (eventually([&] { return callers.busy() == 0; }, within)) return callers.join();
    std::fprintf(stderr, "VIOLATED: %u callers have not come back %lld ms after the end of round %llu, seed %llu\n",
                 callers.busy(), static_cast<long long>(within.count()), static_cast<unsigned long long>(round_),
                 static_cast<unsigned long long>(options_.seed));
    std::fflush(nullptr);
    std::_Exit(1);
}

void EngineSoak::close(Client client, SoakCallers& callers) {
    const auto time = milliseconds(draw(20));
    const auto started = steady_clock::now();
    (void)client.close(time);
    if (steady_clock::now() - started > time + options_.margin) violated("close() took longer than it was given");
    end_callers(callers);
    client = Client();  // perhaps the last handle
}

// Clients that are opened, used, and closed while calls are under way; the last handle goes in one case in two.
void EngineSoak::let_visitors_come(Venue& venue, steady_clock::time_point until) {
    while (steady_clock::now() < until) {
        auto visitor = Client::open(client_options(venue)).value();
        SoakCallers callers(visitor, record_,
                            {.client = ++clients_,
                             .how = weather::stormy,
                             .seed = draw(~0U),
                             .threads = 3,
                             .callbacks = 2,
                             .cancelling = 2,
                             .coroutines = 2,
                             .leases = draw(1) == 0 ? 1U : 0U,
                             .dedicated = draw(1) == 0 ? 1U : 0U,
                             .value_bytes_max = 64U << 10U,
                             .deadline = options_.patience,
                             .being_closed = true});
        std::this_thread::sleep_for(milliseconds(draw(60)));
        close(std::move(visitor), callers);
    }
}

void EngineSoak::play(milliseconds how_long) {
    auto& venue = *venues_[round_ % venues_.size()];
    const auto how = weathers_[round_ % weathers_.size()];
    const auto first_caller = record_.callers();
    const auto before = belongings::now();
    const auto started = steady_clock::now();
    {
        auto client = Client::open(client_options(venue)).value();
        (void)client.ready(options_.patience);
        SoakCallers callers(client, record_,
                            {.client = ++clients_,
                             .how = how,
                             .seed = draw(~0U),
                             .threads = static_cast<unsigned>(1 + draw(15)),
                             .callbacks = static_cast<unsigned>(draw(8)),
                             .cancelling = static_cast<unsigned>(draw(8)),
                             .coroutines = static_cast<unsigned>(draw(8)),
                             .deadline = options_.patience});
        {
            std::optional<Troublemaker> trouble;
            if (how == weather::stormy) trouble.emplace(venue, draw(~0U));
            let_visitors_come(venue, started + how_long);
        }
        // Closed under its users in half of the rounds where calls may fail.
        if (how != weather::stormy || draw(1) == 0) end_callers(callers);
        close(std::move(client), callers);
    }
    check_left_over(venue, before);
    judge_writes(venue, first_caller);
    report(venue, how, std::chrono::duration_cast<milliseconds>(steady_clock::now() - started));
}

void EngineSoak::check_left_over(Venue& venue, const belongings& before) {
    constexpr milliseconds within{5'000};
    belongings now;
    const bool clean = eventually(
        [&] {
            now = belongings::now();
            return now.descriptors <= before.descriptors && now.threads <= before.threads;
        },
        within);
    if (!clean) {
        violated("left over after close(): descriptors " + std::to_string(before.descriptors) + " -> " +
                 std::to_string(now.descriptors) + ", threads " + std::to_string(before.threads) + " -> " +
                 std::to_string(now.threads));
    }
    std::size_t connections = 0;
    if (!eventually([&] { return (connections = venue.left_over()) == 0; }, within))
        violated(std::to_string(connections) + " connections left at the server after close()");
    if (record_.handlers_missing() != 0) violated(std::to_string(record_.handlers_missing()) + " handlers never ran");
}

void EngineSoak::judge_writes(Venue& venue, unsigned first_caller) {
    const auto writes = record_.take_writes();
    const auto verdict = judge(writes, {.pushed = venue.take_executed(first_caller, record_.callers())});
    writes_ = writes.size();
    if (verdict.fates_wrong != 0)
        violated(std::to_string(verdict.fates_wrong) +
                 " commands were executed although their calls were told not_applied");
    if (verdict.acknowledged_missing != 0)
        violated(std::to_string(verdict.acknowledged_missing) + " calls succeeded although nothing was executed");
    if (verdict.executed_twice != 0) violated(std::to_string(verdict.executed_twice) + " commands were executed twice");
}

void EngineSoak::report(const Venue& venue, weather how, milliseconds took) {
    const auto figures = record_.take_figures();
    total_.answered += figures.answered;
    total_.errors.not_applied += figures.errors.not_applied;
    total_.errors.unknown += figures.errors.unknown;
    total_.errors.answered += figures.errors.answered;
    total_.cancelled += figures.cancelled;
    total_.writes += writes_;
    total_.over_ns_max = std::max(total_.over_ns_max, figures.over_deadline_ns_max);
    if (figures.answered == 0) violated("not one call succeeded in a round");
    const auto violations = record_.violations();
    std::fprintf(options_.json ? stderr : stdout,
                 "%4llu  %-11s %-9s %6lld ms  %8llu answered  %-44s  slowest %7.1f ms  over %7.1f ms  %zu violations\n",
                 static_cast<unsigned long long>(round_), std::string(venue.name()).c_str(),
                 std::string(to_string(how)).c_str(), static_cast<long long>(took.count()),
                 static_cast<unsigned long long>(figures.answered), figures.errors.text().c_str(),
                 static_cast<double>(figures.slowest_ns) / 1e6, static_cast<double>(figures.over_deadline_ns_max) / 1e6,
                 violations.size());
    std::fflush(stdout);
    std::set<std::string> said;
    for (; told_ < violations.size(); ++told_) {
        if (said.size() >= 10 || !said.insert(violations[told_]).second) continue;
        std::fprintf(stderr, "VIOLATED: %s (round %llu, seed %llu)\n", violations[told_].c_str(),
                     static_cast<unsigned long long>(round_), static_cast<unsigned long long>(options_.seed));
    }
}

int EngineSoak::summary() {
    const auto violations = record_.violations().size();
    if (options_.json) {
        const boost::json::object figures{
            {"violations", violations},
            {"rounds", round_},
            {"clients", clients_},
            {"answered", total_.answered},
            {"errors", total_.errors.json()},
            {"cancelled", total_.cancelled},
            {"writes_judged", total_.writes},
            {"max_over_deadline_ms", rounded(static_cast<double>(total_.over_ns_max) / 1e6, 1)},
            {"seed", options_.seed}};
        std::puts(one_line(figures).c_str());
    } else {
        std::printf(
            "%llu rounds, %u clients, %llu calls answered, %s, %llu to be cancelled, %llu writes judged, seed %llu: "
            "%zu violations\n",
            static_cast<unsigned long long>(round_), clients_, static_cast<unsigned long long>(total_.answered),
            total_.errors.text().c_str(), static_cast<unsigned long long>(total_.cancelled),
            static_cast<unsigned long long>(total_.writes), static_cast<unsigned long long>(options_.seed), violations);
    }
    return violations == 0 ? 0 : 1;
}

}  // namespace

int run_engine_soak(const soak_options& options) try {
    const CountingLog log;
    return EngineSoak(options).run();
} catch (const std::exception& e) {
    std::fprintf(stderr, "redoubt-soak: %s\n", e.what());
    return 3;
}

}  // namespace redoubt::lab
