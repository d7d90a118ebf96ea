// Reads whole files, and nothing else.
#include "text_file.h"

#include "file_kind.h"

#include <thalweg/error.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace thalweg::lab {
namespace {

constexpr std::size_t kChunk = 1 << 20;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw Error(fmt::format("{}: {}", file.string(), why));
}

void check_kind(const std::filesystem::path& file, mode_t mode) {
  if (S_ISREG(mode)) return;
  fail(file, fmt::format("is {}, expected a file", kind_of(mode)));
}

/// A file descriptor, closed at the end of its life.
struct Opened {
  int descriptor;
  ~Opened() { close(descriptor); }
};

}  // namespace

std::string read_text_file(const std::filesystem::path& file, std::size_t most) {
  // Opening a pipe would wait for its writer.
  const int descriptor = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) fail(file, fmt::format("cannot be opened: {}", std::strerror(errno)));
  const Opened opened{descriptor};
  struct stat status {};
  if (fstat(descriptor, &status) != 0) fail(file, std::strerror(errno));
  check_kind(file, status.st_mode);
  const auto too_large = [&] { fail(file, fmt::format("has more than {} MiB, which are read at most", most >> 20)); };
  if (status.st_size > 0 && static_cast<std::size_t>(status.st_size) > most) too_large();
  std::string text;
  for (std::size_t size = 0;;) {
    // One byte more than its size, to see its end; it may grow meanwhile.
    text.resize(std::max(size + kChunk, static_cast<std::size_t>(status.st_size) + 1));
    const ssize_t got = read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file, fmt::format("cannot be read: {}", std::strerror(errno)));
    size += static_cast<std::size_t>(got);
    if (size > most) too_large();
    if (got > 0) continue;
    text.resize(size);
    return text;
  }
}

void check_is_file(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) == 0) check_kind(file, status.st_mode);
}

}  // namespace thalweg::lab
