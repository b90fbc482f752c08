#pragma once
// The receiver's file of signature tokens (receiver.signature_tokens_file): one token a line, or separated by
// commas.
#include <string>

namespace hirewire::cli {

// Adds a line. The file is replaced as a whole and keeps its mode and its owner, so a reader sees the old or the
// new one; a file that is not there is made, for its owner alone. On the disk when this returns. Throws
// std::runtime_error, which tells the file and the reason and never a token; the file is then what it was.
void append_token(const std::string& file, const std::string& token);

// While it lives, nobody else who asks for one may change the files of this file's directory: two that append at once
// would lose a token, which Lever tells only once. Throws std::runtime_error when somebody else has it.
class TokenFileLock {
public:
    explicit TokenFileLock(const std::string& file);
    ~TokenFileLock();
    TokenFileLock(const TokenFileLock&) = delete;
    TokenFileLock& operator=(const TokenFileLock&) = delete;

private:
    int directory_ = -1;
};

}  // namespace hirewire::cli
