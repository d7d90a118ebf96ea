// Runs the thalweg command in tests: exit code, output, signals.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace thalweg::lab::test {

/// How a process ended.
struct Ended {
  int code = -1;  ///< exit code; 128 + number of the signal that killed it
  std::string output, errors;
};

/// All bytes of a file; none if it is not there.
inline std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A running `thalweg` whose output goes to files in `folder`.
class Command {
 public:
  /// `before` is called in the new process before it becomes the command: limits, user, folder, variables.
  Command(const std::filesystem::path& folder, std::vector<std::string> arguments,
          const std::function<void()>& before = {})
      : output_(folder / "stdout"), errors_(folder / "stderr") {
    arguments.insert(arguments.begin(), THALWEG_COMMAND);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ == 0) {
      if (std::freopen(output_.c_str(), "w", stdout) == nullptr) _exit(126);
      if (std::freopen(errors_.c_str(), "w", stderr) == nullptr) _exit(126);
      if (before) before();
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~Command() {
    if (process_ > 0) {
      kill(SIGKILL);
      wait();
    }
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void kill(int signal) const { ::kill(process_, signal); }

  /// Waits until this text is in its standard output; false if the process has ended before.
  bool wait_for(const std::string& text) {
    while (contents(output_).find(text) == std::string::npos) {
      siginfo_t state{};
      if (waitid(P_PID, static_cast<id_t>(process_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 && state.si_pid != 0) {
        return contents(output_).find(text) != std::string::npos;
      }
      usleep(5000);
    }
    return true;
  }

  Ended wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(output_), contents(errors_)};
  }

 private:
  std::filesystem::path output_, errors_;
  pid_t process_ = -1;
};

inline Ended run_command(const std::filesystem::path& folder, std::vector<std::string> arguments,
                         const std::function<void()>& before = {}) {
  return Command(folder, std::move(arguments), before).wait();
}

}  // namespace thalweg::lab::test
