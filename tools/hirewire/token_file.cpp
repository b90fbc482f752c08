#include "tools/hirewire/token_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace hirewire::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& file, const std::string& what, int why) {
    throw std::runtime_error{file + ": " + what + ": " + std::generic_category().message(why)};
}

// Behind a symbolic link is what has to be replaced, not the link.
fs::path real_path_of(const std::string& file) {
    std::error_code none_there;
    auto path = fs::canonical(file, none_there);
    return none_there ? fs::absolute(file) : path;
}

std::string text_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) fail(file, "cannot be read", errno);
    std::ostringstream text;
    text << in.rdbuf();
    if (in.bad()) fail(file, "cannot be read", EIO);
    return text.str();
}

// A file beside the one that it is to replace, for its owner alone; gone again unless it took the other's place.
class Replacement {
public:
    explicit Replacement(const fs::path& target)
        : target_{target.string()},
          path_{(target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string()},
          descriptor_{::mkstemp(path_.data())} {
        if (descriptor_ < 0) fail(target_, "nothing can be written beside it", errno);
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!placed_) ::unlink(path_.c_str());
    }

    void look_like(const struct stat& model) {
        struct stat made {};
        if (::fstat(descriptor_, &made) != 0) fail(target_, "cannot be replaced", errno);
        const bool same_owner = made.st_uid == model.st_uid && made.st_gid == model.st_gid;
        if (!same_owner && ::fchown(descriptor_, model.st_uid, model.st_gid) != 0) {
            fail(target_, "its replacement cannot be given its owner", errno);
        }
        if (::fchmod(descriptor_, model.st_mode & 07777U) != 0) {
            fail(target_, "its replacement cannot be given its mode", errno);
        }
    }

    void write(std::string_view text) {
        while (!text.empty()) {
            const auto written = ::write(descriptor_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(target_, "cannot be written", errno);
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        if (::fsync(descriptor_) != 0) fail(target_, "cannot be written", errno);
    }

    void take_its_place() {
        if (std::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, "cannot be replaced", errno);
        placed_ = true;
    }

private:
    std::string target_;
    std::string path_;
    int descriptor_;
    bool placed_ = false;
};

// The new name has to last, too.
void sync_directory(const fs::path& directory) {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (descriptor < 0) return;  // may be written to and not read: the name lasts as soon as the system writes it
    ::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

void append_token(const std::string& file, const std::string& token) {
    const fs::path target = real_path_of(file);
    struct stat present {};
    const bool there = ::stat(target.c_str(), &present) == 0;
    if (!there && errno != ENOENT) fail(file, "cannot be read", errno);
    if (there && !fs::is_regular_file(target)) throw std::runtime_error{file + ": is not a file"};
    std::string text = there ? text_of(target.string()) : std::string{};
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += token + "\n";
    Replacement replacement{target};
    if (there) replacement.look_like(present);
    replacement.write(text);
    replacement.take_its_place();
    sync_directory(target.parent_path());
}

TokenFileLock::TokenFileLock(const std::string& file) {
    const auto parent = real_path_of(file).parent_path();
    directory_ = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_ < 0) throw std::runtime_error{parent.string() + ": cannot be opened."};
    if (::flock(directory_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(directory_);
    throw std::runtime_error{
        "another hirewire webhooks register is at work on " + file + "; try again when it is done."};
}

TokenFileLock::~TokenFileLock() {
    ::close(directory_);
}

}  // namespace hirewire::cli
