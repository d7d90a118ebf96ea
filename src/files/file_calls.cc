// The real file calls.
#include "files/file_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace thalweg::inline v0_1 {

int FileCalls::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
ssize_t FileCalls::read(int descriptor, void* buffer, std::size_t bytes) { return ::read(descriptor, buffer, bytes); }
ssize_t FileCalls::write(int descriptor, const void* buffer, std::size_t bytes) {
  return ::write(descriptor, buffer, bytes);
}
int FileCalls::fchmod(int descriptor, mode_t mode) { return ::fchmod(descriptor, mode); }
int FileCalls::fsync(int descriptor) { return ::fsync(descriptor); }
int FileCalls::close(int descriptor) { return ::close(descriptor); }
int FileCalls::rename(const char* from, const char* to) { return ::rename(from, to); }
int FileCalls::unlink(const char* path) { return ::unlink(path); }

FileCalls& FileCalls::real() {
  static FileCalls calls;
  return calls;
}

}  // namespace thalweg::inline v0_1
