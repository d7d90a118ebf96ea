// Reading a whole file.
#include "files/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

namespace thalweg::inline v0_1 {

std::vector<std::byte> read_file(const std::filesystem::path& file, FileCalls& calls) {
  const std::string what = "cannot read " + shown(file);
  const Descriptor descriptor{calls,
                              without_interruption([&] { return calls.open(file.c_str(), O_RDONLY | O_CLOEXEC, 0); })};
  struct stat status {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) != 0) {
    throw system_error(what, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    throw Error(what + ": it is a directory");
  }

  // The size is only where to start: the file may grow or shrink meanwhile, and a pipe has none. One byte more than
  // the size lets the read that finds the end happen without growing.
  std::vector<std::byte> contents;
  std::size_t filled = 0;
  std::size_t capacity = static_cast<std::size_t>(status.st_size) + 1;
  try {
    while (true) {
      contents.resize(capacity);
      const ssize_t got = without_interruption([&] {
        const std::size_t most = std::min<std::size_t>(capacity - filled, std::numeric_limits<int>::max());
        return calls.read(descriptor.get(), contents.data() + filled, most);
      });
      if (got < 0) {
        throw system_error(what + " at offset " + std::to_string(filled), errno);
      }
      if (got == 0) {
        break;
      }
      filled += static_cast<std::size_t>(got);
      if (filled == capacity) {
        capacity += std::max<std::size_t>(capacity, 4096);
      }
    }
    contents.resize(filled);
  } catch (const std::bad_alloc&) {
    throw Error(what + ": no memory for its " + std::to_string(capacity) + " bytes");
  } catch (const std::length_error&) {
    throw Error(what + ": no memory for its " + std::to_string(capacity) + " bytes");
  }
  return contents;
}

std::vector<std::byte> read_file(const std::filesystem::path& file) { return read_file(file, FileCalls::real()); }

}  // namespace thalweg::inline v0_1
