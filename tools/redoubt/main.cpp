// The redoubt command.
#include <CLI/CLI.hpp>

#include "tools/redoubt/demo/demo.hpp"
#include "tools/redoubt/demo/scenes.hpp"

namespace redoubt::core {
extern const char* const version;
}

namespace {

std::string list_of_scenes() {
    std::string text = "Scenes:";
    for (const auto& scene : redoubt::lab::all_scenes())
        text += "\n  " + std::string(scene.name) + "\n      " + std::string(scene.summary);
    return text + "\n\nExit codes: 0 every promise held, 1 a promise broken, 2 usage, 3 could not run.";
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Redoubt, a resilient Redis client", "redoubt"};
    app.set_version_flag("--version", std::string("redoubt ") + redoubt::core::version);
    app.require_subcommand(1);

    redoubt::lab::demo_options options;
    auto* const demo = app.add_subcommand("demo", "Show what holds while a server is in trouble");
    demo->add_flag("--json", options.json, "One line of JSON on stdout; progress goes to stderr");
    demo->add_option("--scene", options.scenes, "Play this scene only (may be repeated)")->type_name("NAME");
    demo->add_option("--seed", options.seed, "Start of all random choices")->type_name("N")->capture_default_str();
    demo->add_option("--url", options.url, "Use this server: redis://HOST:PORT or redis+unix:///PATH")
        ->type_name("URL");
    demo->footer(list_of_scenes());
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? redoubt::lab::exit_held : redoubt::lab::exit_usage;
    }
    return redoubt::lab::run_demo(options);
}
