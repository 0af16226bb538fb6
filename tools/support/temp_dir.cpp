// Makes and removes private directories.
#include "tools/support/temp_dir.hpp"

#include <cstdlib>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>

namespace redoubt::lab {
namespace {

/// What is left to remove when the program ends. Never destroyed: exit handlers run in no useful order.
struct live_dirs {
    std::mutex mutex;
    std::set<std::string> paths;

    static live_dirs& instance() {
        static auto* const dirs = [] {
            std::atexit([] {
                auto& live = instance();
                std::lock_guard lock(live.mutex);
                for (const auto& path : live.paths) remove(path);
                live.paths.clear();
            });
            return new live_dirs;
        }();
        return *dirs;
    }
    static void remove(const std::string& path) {
        std::error_code ignored;  // nobody is left to be told
        std::filesystem::remove_all(path, ignored);
    }
};

std::string make_dir() {
    constexpr std::size_t base_length_max = 70;  // a unix socket's path has 107 bytes at most
    const char* variable = ::getenv("TMPDIR");
    std::string base = variable != nullptr ? variable : "";
    if (base.empty() || base.size() > base_length_max) base = "/tmp";
    std::string path = base + "/redoubt-lab-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error(path + ": " + std::strerror(errno));
    return path;
}

}  // namespace

TempDir::TempDir() {
    auto& live = live_dirs::instance();
    std::lock_guard lock(live.mutex);
    path_ = make_dir();
    live.paths.insert(path_);
}

TempDir::~TempDir() {
    auto& live = live_dirs::instance();
    std::lock_guard lock(live.mutex);
    if (live.paths.erase(path_) > 0) live_dirs::remove(path_);
}

std::string file_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::string file_tail(const std::string& path, std::size_t bytes_max) {
    auto text = file_text(path);
    if (text.size() <= bytes_max) return text;
    text.erase(0, text.size() - bytes_max);
    const auto line_end = text.find('\n');
    return line_end == std::string::npos ? text : text.substr(line_end + 1);
}

}  // namespace redoubt::lab
