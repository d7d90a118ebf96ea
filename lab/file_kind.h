// What a path leads to, in words.
#pragma once

#include <sys/stat.h>

namespace thalweg::lab {

/// `a folder`, `a pipe`, …: for errors about what is no regular file.
inline const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace thalweg::lab
