// Environment variables onto options: the URL first, then one variable for each common field.
#include "core/options/overlay_env.hpp"

#include <cstdlib>

#include "core/options/fields.hpp"
#include "core/options/invalid.hpp"
#include "core/options/url.hpp"

namespace redoubt::core {

namespace {

std::string_view value_of(environment get, std::string_view name) {
    const char* const value = get(std::string(name).c_str());
    return value != nullptr ? value : std::string_view{};
}

error wrong_variable(std::string_view name, const std::string& why) { return invalid(std::string(name) + ": " + why); }

}  // namespace

result<void> overlay(options& o, environment get) {
    options changed = o;
    for (const std::string_view name : {"REDOUBT_URL", "REDIS_URL"}) {
        const auto url = value_of(get, name);
        if (url.empty()) continue;
        if (auto wrong = apply_url(changed, url)) return wrong_variable(name, *wrong);
        break;
    }
    for (const auto& f : fields()) {
        if (f.variable.empty()) continue;
        const auto text = value_of(get, f.variable);
        if (text.empty()) continue;
        if (auto wrong = parse(f, changed, text)) return wrong_variable(f.variable, *wrong);
    }
    if (auto checked = validate(changed); !checked) return checked.error();
    o = std::move(changed);
    return ok();
}

}  // namespace redoubt::core

namespace redoubt {

result<void> options::overlay_env() {
    return core::overlay(*this, [](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace redoubt
