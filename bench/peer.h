// Peer: a process that times training steps when it is told to, and lives as long as the comparison.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace thalweg::bench {

/// training_steps.cc or one of peers/*.py. Throws thalweg::Error if it cannot be started or ends.
class Peer {
 public:
  /// `command`: the program and its arguments.
  explicit Peer(std::vector<std::string> command);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Mean seconds of one of `steps` steps of `task`, a word that the program knows.
  double seconds_each(const std::string& task, int steps);
  /// The first line that it printed: of the LibTorch or PyTorch that it uses.
  const std::string& version() const { return version_; }

 private:
  std::string read_line();

  std::string program_;
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;  // its standard input and output
  std::string version_;
};

}  // namespace thalweg::bench
