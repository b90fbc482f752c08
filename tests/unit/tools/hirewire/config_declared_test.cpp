// What the verbs know of a destination by the installation's file.
#include "tools/hirewire/config_declared.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

using namespace hirewire;
using namespace hirewire::cli;

namespace {

// A file that goes with the object.
class File {
public:
    explicit File(const std::string& text) {
        char name[] = "/tmp/hirewire-declared-XXXXXX";
        const int file = mkstemp(name);
        REQUIRE(file >= 0);
        close(file);
        path_ = name;
        std::ofstream{path_} << "[account]\nname = \"main\"\n[kafka]\nbrokers = \"127.0.0.1:9\"\n"
                                "[redis]\nhost = \"127.0.0.1\"\n"
                             << text;
    }
    ~File() { unlink(path_.c_str()); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

// Who is not handed the postings keeps a confidential one published.
TEST_CASE("snapshot: postings go to whom the file has told of them, and to nobody else") {
    const std::string cluster = "[cluster]\nbase_url = \"http://127.0.0.1:9\"\n";
    CHECK_FALSE(wants_postings("cluster", File{cluster}.path()));
    CHECK(wants_postings("cluster", File{cluster + "import_postings = [\"p-1\"]\n"}.path()));
    const std::string clinch = "[clinch]\nbase_url = \"http://127.0.0.1:9\"\n";
    CHECK(wants_postings("clinch", File{clinch + "company_code = \"acme\"\n"}.path()));
    CHECK_FALSE(wants_postings("clinch", File{clinch + "jobs = false\n"}.path()));
    // Without its section, as by the defaults.
    CHECK(wants_postings("clinch", ""));
    CHECK(wants_postings("clinch", File{cluster}.path()));
    CHECK_FALSE(wants_postings("clara", File{cluster}.path()));
    CHECK_FALSE(wants_postings("a-sixth", File{cluster}.path()));
}
