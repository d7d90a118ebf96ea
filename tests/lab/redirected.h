// Runs the thalweg command with standard files that are full, closed, broken pipes or a terminal.
#pragma once

#include "command.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <array>
#include <csignal>
#include <map>

namespace thalweg::lab::test {

/// What becomes of a standard file.
struct Redirection {
  enum class Kind { file, full, closed, broken } kind = Kind::file;
};

inline constexpr Redirection kFull{Redirection::Kind::full}, kClosed{Redirection::Kind::closed},
    kBroken{Redirection::Kind::broken}, kKept{};

struct Setting {
  Redirection input = kKept, output = kKept, errors = kKept;
  std::map<std::string, std::string> environment = {};
  std::vector<int> pending = {};  ///< signals that have come before the program has begun
};

/// Ends in the child: 126 if it cannot be prepared.
inline void redirect(int descriptor, Redirection redirection, const std::filesystem::path& file) {
  const auto become = [&](int other) {
    if (other < 0 || dup2(other, descriptor) < 0) _exit(126);
    if (other != descriptor) close(other);
  };
  std::array<int, 2> ends{};
  switch (redirection.kind) {
    case Redirection::Kind::file:
      become(descriptor == STDIN_FILENO ? open("/dev/null", O_RDONLY)
                                        : open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644));
      break;
    case Redirection::Kind::full:
      become(open("/dev/full", O_WRONLY));
      break;
    case Redirection::Kind::broken:
      if (pipe(ends.data()) != 0) _exit(126);
      close(ends[0]);
      become(ends[1]);
      break;
    case Redirection::Kind::closed:
      close(descriptor);
      break;
  }
}

inline Ended run_redirected(const std::filesystem::path& folder, const Setting& setting,
                            std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), THALWEG_COMMAND);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const std::filesystem::path output = folder / "redirected-output", errors = folder / "redirected-errors";
  std::filesystem::remove(output);
  std::filesystem::remove(errors);
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("fork failed");
  if (process == 0) {
    for (const auto& [name, value] : setting.environment) setenv(name.c_str(), value.c_str(), 1);
    signal(SIGPIPE, SIG_DFL);
    sigset_t held;
    sigemptyset(&held);
    for (const int number : setting.pending) sigaddset(&held, number);
    sigprocmask(SIG_BLOCK, &held, nullptr);
    for (const int number : setting.pending) raise(number);
    // From the last on: a closed one's number would be taken by what is opened after it.
    redirect(STDERR_FILENO, setting.errors, errors);
    redirect(STDOUT_FILENO, setting.output, output);
    redirect(STDIN_FILENO, setting.input, {});
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(output), contents(errors)};
}

/// On a terminal of this width, which shows both stdout and stderr: `output` has what it showed, with plain newlines.
inline Ended run_on_terminal(unsigned short columns, std::vector<std::string> arguments,
                             const std::map<std::string, std::string>& environment = {}) {
  arguments.insert(arguments.begin(), THALWEG_COMMAND);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  winsize size{};
  size.ws_col = columns;
  size.ws_row = 50;
  int terminal = -1;
  const pid_t process = forkpty(&terminal, nullptr, nullptr, &size);
  if (process < 0) throw std::runtime_error("forkpty failed");
  if (process == 0) {
    unsetenv("COLUMNS");
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  Ended ended;
  std::array<char, 4096> chunk{};
  for (ssize_t got; (got = read(terminal, chunk.data(), chunk.size())) > 0;) {
    ended.output.append(chunk.data(), static_cast<std::size_t>(got));
  }
  close(terminal);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::erase(ended.output, '\r');
  return ended;
}

}  // namespace thalweg::lab::test
