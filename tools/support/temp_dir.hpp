// A private directory that is gone when the program ends.
#pragma once

#include <string>

namespace redoubt::lab {

/// Made below $TMPDIR, or below /tmp when that is unset or too long for the path of a unix socket. Removed by the
/// destructor, and at a normal end of the program when no destructor ran (std::exit below the owner).
class TempDir {
public:
    TempDir();  ///< throws std::runtime_error
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// The last bytes of a file, whole lines where possible; empty when it cannot be read.
std::string file_tail(const std::string& path, std::size_t bytes_max);
std::string file_text(const std::string& path);

}  // namespace redoubt::lab
