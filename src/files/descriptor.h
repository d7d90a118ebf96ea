// An open file that closes itself, and the loops that the system's calls need around them.
#pragma once

#include "files/file_calls.h"
#include "text.h"
#include "thalweg/error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace thalweg::inline v0_1 {

/// Error "`what`: the system's reason for `code`".
inline Error system_error(const std::string& what, int code) {
  return Error(what + ": " + std::generic_category().message(code));
}

/// Calls again as long as a signal interrupts the call.
template <typename Call>
auto without_interruption(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(FileCalls& calls, int descriptor) : calls_(calls), descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const { return descriptor_; }

  /// Closes now; false, with errno, if the system reports that something was lost.
  bool close() {
    if (descriptor_ < 0) {
      return true;
    }
    const int result = calls_.close(descriptor_);
    descriptor_ = -1;
    // Interrupted or not, the descriptor is gone: closing again could hit another thread's file.
    return result == 0 || errno == EINTR;
  }

 private:
  FileCalls& calls_;
  int descriptor_;
};

}  // namespace thalweg::inline v0_1
