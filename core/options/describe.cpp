// Options as lines of text, without the password.
#include "core/options/fields.hpp"

namespace redoubt {

std::string describe(const options& o) {
    std::string out;
    for (const auto& field : core::fields()) out.append(field.path).append(" = ").append(print(field, o)) += '\n';
    return out;
}

}  // namespace redoubt
