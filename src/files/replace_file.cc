// Atomic replacement of a file: write a sibling, fsync it, rename it, fsync the directory.
#include "files/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace thalweg::inline v0_1 {
namespace {

namespace fs = std::filesystem;

// Deletes the temporary file unless it was renamed.
class TemporaryName {
 public:
  TemporaryName(FileCalls& calls, std::string name) : calls_(calls), name_(std::move(name)) {}
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  ~TemporaryName() {
    if (!renamed_) {
      calls_.unlink(name_.c_str());
    }
  }

  const std::string& name() const { return name_; }
  void set_renamed() { renamed_ = true; }

 private:
  FileCalls& calls_;
  std::string name_;
  bool renamed_ = false;
};

[[noreturn]] void fail(const fs::path& file, const std::string& call, int code) {
  throw system_error("cannot replace " + shown(file) + ": " + call, code);
}

// What a chain of symbolic links leads to, existing or not: the link stays, its target is replaced.
fs::path follow_links(const fs::path& file) {
  constexpr int kMostLinks = 40;
  fs::path target = file;
  std::error_code error;
  for (int links = 0; fs::symlink_status(target, error).type() == fs::file_type::symlink; ++links) {
    if (links == kMostLinks) {
      fail(file, "symbolic link", ELOOP);
    }
    const fs::path next = fs::read_symlink(target, error);
    if (error) {
      fail(file, "readlink " + shown(target), error.value());
    }
    target = target.parent_path() / next;
  }
  return target;
}

// Creates a file beside `target` that did not exist before, and returns its descriptor.
int create_sibling(FileCalls& calls, const fs::path& file, const fs::path& target, mode_t mode, std::string& name) {
  static std::atomic<unsigned> counter{0};
  constexpr int kMostTries = 1000;
  // Names may have 255 bytes; what is cut off here is left to the suffix.
  const std::string base = target.filename().string().substr(0, 200) + '.' + std::to_string(::getpid()) + '-';
  for (int tries = 1;; ++tries) {
    name = (target.parent_path() / (base + std::to_string(counter++) + ".tmp")).string();
    const int descriptor =
        without_interruption([&] { return calls.open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); });
    if (descriptor >= 0) {
      return descriptor;
    }
    // The name may be taken by a process that was killed, or by one of another machine on a shared disk.
    if (errno != EEXIST || tries == kMostTries) {
      fail(file, "create " + shown(name), errno);
    }
  }
}

void write_all(FileCalls& calls, int descriptor, std::span<const std::byte> contents, const fs::path& file,
               const std::string& name) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // One call of some systems writes less than 2 GiB.
  const std::size_t total = contents.size();
  while (!contents.empty()) {
    const ssize_t written = without_interruption(
        [&] { return calls.write(descriptor, contents.data(), std::min(contents.size(), kMostBytes)); });
    if (written <= 0) {
      const int code = written < 0 ? errno : ENOSPC;
      fail(file,
           "write " + shown(name) + " at offset " + std::to_string(total - contents.size()) + " of " +
               std::to_string(total),
           code);
    }
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
}

}  // namespace

void replace_file(const fs::path& file, std::span<const std::byte> contents, FileCalls& calls) {
  const fs::path target = follow_links(file);
  if (!target.has_filename()) {
    throw Error("cannot replace '" + shown(file) + "': it names no file");
  }
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) {
    fail(file, "stat " + shown(target), errno);
  }
  if (exists && !S_ISREG(old.st_mode)) {
    throw Error("cannot replace " + shown(file) + ": it is " +
                (S_ISDIR(old.st_mode) ? "a directory" : "not a regular file"));
  }

  // Opened first, so that what cannot be synced is noticed before anything has changed.
  const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
  Descriptor directory{
      calls, without_interruption([&] { return calls.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); })};
  if (directory.get() < 0) {
    fail(file, "open directory " + shown(folder), errno);
  }

  std::string name;
  const int created = create_sibling(calls, file, target, exists ? 0600 : 0666, name);
  Descriptor sibling{calls, created};
  TemporaryName temporary{calls, name};
  if (exists && calls.fchmod(sibling.get(), old.st_mode & 0777) != 0) {
    fail(file, "chmod " + shown(name), errno);
  }
  write_all(calls, sibling.get(), contents, file, name);
  if (without_interruption([&] { return calls.fsync(sibling.get()); }) != 0) {
    fail(file, "fsync " + shown(name), errno);
  }
  if (!sibling.close()) {
    fail(file, "close " + shown(name), errno);
  }
  if (calls.rename(name.c_str(), target.c_str()) != 0) {
    fail(file, "rename " + shown(name), errno);
  }
  temporary.set_renamed();
  // EINVAL: this file system has no fsync of directories.
  if (without_interruption([&] { return calls.fsync(directory.get()); }) != 0 && errno != EINVAL) {
    fail(file, "renamed, but fsync of directory " + shown(folder), errno);
  }
}

void replace_file(const fs::path& file, std::span<const std::byte> contents) {
  replace_file(file, contents, FileCalls::real());
}

void replace_file(const fs::path& file, std::string_view contents) {
  replace_file(file, std::as_bytes(std::span{contents}));
}

}  // namespace thalweg::inline v0_1
