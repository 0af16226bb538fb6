// The soak command of developers: long runs that try to break promises.
#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "tools/soak/engine.hpp"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int slower = 4;  // everything takes its time under a sanitizer
#else
constexpr int slower = 1;
#endif

int main(int argc, char** argv) {
    constexpr int exit_usage = 2;
    CLI::App app{"Soak runs of Redoubt", "redoubt-soak"};
    app.require_subcommand(1);

    double minutes = 1;
    unsigned round_ms = 2'000;
    unsigned margin_ms = 500 * slower;
    redoubt::lab::soak_options options;
    auto* const engine = app.add_subcommand("engine", "Users of every kind, trouble and closed clients");
    engine->add_option("--minutes", minutes, "How long")->check(CLI::Range(0.01, 100'000.0))->capture_default_str();
    engine->add_option("--round-ms", round_ms, "Length of a round")
        ->check(CLI::Range(200U, 600'000U))
        ->capture_default_str();
    engine->add_option("--margin-ms", margin_ms, "How far past its deadline a call may end")->capture_default_str();
    engine->add_option("--seed", options.seed, "Start of all random choices")->capture_default_str();
    engine->add_option("--venue", options.venue, "This one only")
        ->check(CLI::IsMember({"redis-proxy", "redis-unix", "echo-tcp", "echo-unix"}));
    engine->add_option("--weather", options.weather, "This one only")
        ->check(CLI::IsMember({"stormy", "impatient", "calm"}));
    using lie = redoubt::lab::EchoServer::lie;
    const std::map<std::string, lie> lies{
        {"wrong-reply", lie::wrong_reply}, {"runs-twice", lie::runs_twice}, {"runs-not", lie::runs_not}};
    engine->add_option("--lie", options.lie, "Of the echo server, to show that the soak finds out")
        ->transform(CLI::CheckedTransformer(lies));
    engine->add_flag("--json", options.json, "One line of JSON on stdout; progress goes to stderr");
    engine->footer("Exit codes: 0 nothing was violated, 1 something was, 2 usage, 3 could not run.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_usage;
    }
    options.length = std::chrono::milliseconds(static_cast<std::int64_t>(minutes * 60'000));
    options.round = std::chrono::milliseconds(round_ms);
    options.margin = std::chrono::milliseconds(margin_ms);
    options.patience *= slower;
    return redoubt::lab::run_engine_soak(options);
}
