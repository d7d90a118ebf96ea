// Peer: PyTorch's training steps in a Python process that lives as long as the comparison.
#pragma once

#include <filesystem>
#include <string>

#include <sys/types.h>

namespace thalweg::bench {

/// Runs peers/training_steps.py, which times steps when it is told to. Throws thalweg::Error if it cannot be started
/// or ends.
class Peer {
 public:
  Peer(const std::string& python, const std::filesystem::path& script, int threads);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Mean seconds of one of `steps` steps of `task`: mlp, linear or cnn.
  double seconds_each(const std::string& task, int steps);
  /// PyTorch's version.
  const std::string& version() const { return version_; }

 private:
  std::string read_line();

  pid_t process_ = -1;
  int to_ = -1, from_ = -1;  // its standard input and output
  std::string version_;
};

}  // namespace thalweg::bench
