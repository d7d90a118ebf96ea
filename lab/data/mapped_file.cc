// MappedFile: a whole file as read-only memory, paged in by the system as it is used.
#include "data/mapped_file.h"

#include <thalweg/error.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace thalweg::lab {

namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const char* call, int error) {
  throw Error(fmt::format("{}: {}: {}", file.string(), call, std::generic_category().message(error)));
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file, "open", errno);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    const int error = S_ISREG(status.st_mode) ? errno : EINVAL;
    ::close(descriptor);
    if (error == EINVAL) throw Error(fmt::format("{}: is not a regular file", file.string()));
    fail(file, "fstat", error);
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > 0) {
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (memory == MAP_FAILED) fail(file, "mmap", error);
    bytes_ = {static_cast<const std::uint8_t*>(memory), size};
  } else {
    ::close(descriptor);
  }
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace thalweg::lab
