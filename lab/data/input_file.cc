// InputFile: a regular file that is read from its beginning on.
#include "data/input_file.h"

#include "file_kind.h"

#include <thalweg/error.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // the system reads no more than 2 GiB at a time

[[noreturn]] void fail(const std::filesystem::path& file, const char* call, int error) {
  throw Error(fmt::format("{}: {}: {}", file.string(), call, std::generic_category().message(error)));
}

}  // namespace

InputFile::InputFile(std::filesystem::path file) : path_(std::move(file)) {
  // Without O_NONBLOCK, opening a pipe would wait for somebody who writes into it.
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) fail(path_, "open", errno);
  struct stat status {};
  const int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  ::close(descriptor_);
  if (error != 0) fail(path_, "fstat", error);
  throw Error(fmt::format("{}: is {}, not a regular file", path_.string(), kind_of(status.st_mode)));
}

InputFile::~InputFile() { ::close(descriptor_); }

std::size_t InputFile::read(std::span<std::uint8_t> output) {
  std::size_t done = 0;
  while (done < output.size()) {
    const ssize_t got = ::read(descriptor_, output.data() + done, std::min(kMostAtOnce, output.size() - done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "read", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void InputFile::rewind() {
  if (::lseek(descriptor_, 0, SEEK_SET) < 0) fail(path_, "lseek", errno);
}

std::shared_ptr<const std::uint8_t> InputFile::map() const {
  void* const bytes = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (bytes == MAP_FAILED) return nullptr;
  return {static_cast<const std::uint8_t*>(bytes),
          [bytes, size = size_](const std::uint8_t*) { ::munmap(bytes, size); }};
}

std::vector<std::byte> InputFile::read_all() {
  rewind();
  std::vector<std::byte> bytes(size_);
  bytes.resize(read({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
  return bytes;
}

}  // namespace thalweg::lab
