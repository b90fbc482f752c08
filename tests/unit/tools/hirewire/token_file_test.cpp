#include "tools/hirewire/token_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

#include "common/lever/signature.hpp"

using namespace hirewire;
using cli::append_token;

namespace {

namespace fs = std::filesystem;

struct Bench {
    Bench() {
        char name[] = "/tmp/hirewire-tokens-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        directory = name;
        file = (directory / "tokens").string();
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench() {
        std::error_code ignored;
        fs::remove_all(directory, ignored);
    }

    void write(const std::string& text) const { std::ofstream{file} << text; }
    [[nodiscard]] std::string text() const {
        std::ostringstream all;
        all << std::ifstream{file}.rdbuf();
        return all.str();
    }
    [[nodiscard]] unsigned mode() const {
        struct stat status {};
        REQUIRE(::stat(file.c_str(), &status) == 0);
        return status.st_mode & 07777U;
    }
    [[nodiscard]] std::ptrdiff_t files() const {
        return std::distance(fs::directory_iterator{directory}, fs::directory_iterator{});
    }

    fs::path directory;
    std::string file;
};

// What it says when it cannot.
std::string complaint(const std::string& file, const std::string& token) {
    try {
        append_token(file, token);
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

// Protects the tokens that are there: each new one is one more, in a form that the receiver reads, however the
// file was written before.
TEST_CASE("token file: a token is added to those that are there") {
    for (const char* before : {"one\ntwo\n", "one\ntwo", "one,two", "one, two,\n", "one two\r\n"}) {
        CAPTURE(before);
        const Bench b;
        b.write(before);
        append_token(b.file, "three");
        append_token(b.file, "four");
        CHECK(lever::split_tokens(b.text()) == lever::split_tokens("one two three four"));
        CHECK(b.text().starts_with(before));
        CHECK(b.files() == 1);
    }
}

// Protects the secret: the first file is for its owner alone, and no copy stays beside it.
TEST_CASE("token file: a file that is not there, or empty, is begun") {
    const Bench b;
    append_token(b.file, "one");
    CHECK(b.text() == "one\n");
    CHECK(b.mode() == 0600);
    CHECK(b.files() == 1);
    b.write("");
    append_token(b.file, "two");
    CHECK(b.text() == "two\n");
}

// Protects the receiver: it runs as another user and reads by the group's right, also after a registration.
TEST_CASE("token file: the mode and the owner stay") {
    const Bench b;
    b.write("one\n");
    for (const mode_t mode : {0640U, 0600U, 0400U}) {
        REQUIRE(::chmod(b.file.c_str(), mode) == 0);
        struct stat before {};
        REQUIRE(::stat(b.file.c_str(), &before) == 0);
        append_token(b.file, "more");
        struct stat after {};
        REQUIRE(::stat(b.file.c_str(), &after) == 0);
        CHECK(b.mode() == mode);
        CHECK(after.st_uid == before.st_uid);
        CHECK(after.st_gid == before.st_gid);
        CHECK(after.st_ino != before.st_ino);  // replaced, never written into
    }
}

// Protects a mounted secret that is a link to where it really is.
TEST_CASE("token file: behind a symbolic link the file is replaced and the link stays") {
    const Bench b;
    b.write("one\n");
    const auto link = b.directory / "link";
    fs::create_symlink("tokens", link);
    append_token(link.string(), "two");
    CHECK(fs::is_symlink(link));
    CHECK(b.text() == "one\ntwo\n");
}

// Protects against a subscription whose token is lost without a word, and against a token in a terminal's history.
TEST_CASE("token file: what cannot be kept is told with the file, without the token, and leaves nothing behind") {
    const Bench b;
    const std::string nowhere = (b.directory / "nowhere" / "tokens").string();
    const std::string said = complaint(nowhere, "very-secret");
    CHECK(said.find(nowhere) != std::string::npos);
    CHECK(said.find("very-secret") == std::string::npos);
    CHECK_FALSE(fs::exists(b.directory / "nowhere"));

    const std::string directory = (b.directory / "directory").string();
    fs::create_directory(directory);
    CHECK(complaint(directory, "very-secret").find("is not a file") != std::string::npos);
    CHECK(b.files() == 1);

    b.write("one\n");
    CHECK_FALSE(complaint(b.file + "/tokens", "very-secret").empty());
    CHECK(b.text() == "one\n");
}

TEST_CASE("token file: only one at a time may add to it") {
    const Bench b;
    {
        const cli::TokenFileLock first{b.file};
        CHECK_THROWS_AS(cli::TokenFileLock{b.file}, std::runtime_error);
    }
    CHECK_NOTHROW(cli::TokenFileLock{b.file});
    CHECK_THROWS_AS(cli::TokenFileLock{b.file + "/nowhere/tokens"}, std::runtime_error);
}
