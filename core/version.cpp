// The version of the library, as a string in the binary.
namespace redoubt::core {
extern const char* const version;
const char* const version = "0.1.0";
}  // namespace redoubt::core
