// FolderLock by flock on the folder itself.
#include "store/folder_lock.h"

#include <thalweg/error.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace thalweg::lab {
namespace {

/// ` (process 1234)`: who holds the lock, or nothing if the system does not tell.
std::string holder(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return {};
  const std::string place = fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    // `1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF`; one that waits has an arrow in front of its kind.
    std::istringstream words(line);
    std::string number, kind, advisory, access, where;
    long process = 0;
    if (!(words >> number >> kind >> advisory >> access >> process >> where)) continue;
    if (kind == "FLOCK" && where == place && process > 0) return fmt::format(" (process {})", process);
  }
  return {};
}

/// Takes a run of digits off the front. False if there is none.
bool skip_number(std::string_view& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(digits);
  return digits > 0;
}

/// Is this the draft of a file that was to be replaced: NAME.PROCESS-NUMBER.tmp, as thalweg::replace_file makes it? Or
/// what earlier versions made a study in?
bool is_leftover(std::string_view name) {
  for (const std::string_view file : {kStudyFile, kCheckpointFile}) {
    if (!name.starts_with(file)) continue;
    std::string_view rest = name.substr(file.size());
    if (rest == ".new" || rest.starts_with(".new-")) return true;
    if (!rest.starts_with('.')) return false;
    rest.remove_prefix(1);
    if (!skip_number(rest) || !rest.starts_with('-')) return false;
    rest.remove_prefix(1);
    return skip_number(rest) && rest == ".tmp";
  }
  return false;
}

void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;  // what cannot be removed harms nobody
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (is_leftover(entry.path().filename().string())) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw Error(fmt::format("{}: {}", folder.string(), std::strerror(errno)));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    const std::string who = code == EWOULDBLOCK ? holder(descriptor_) : std::string();
    close(descriptor_);
    if (code == EWOULDBLOCK) {
      throw Error(fmt::format("{}: another process is working in this folder{}", folder.string(), who));
    }
    // SQLite needs locks as much as we do.
    throw Error(
        fmt::format("{}: cannot be locked: {}; its file system (a network's?) must know locks, or choose a "
                    "folder on a disk of this machine",
                    folder.string(), std::strerror(code)));
  }
  remove_leftovers(folder);
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace thalweg::lab
