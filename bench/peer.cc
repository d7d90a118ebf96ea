// Peer: a process that times training steps when it is told to.
#include "peer.h"

#include <thalweg/error.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us

namespace thalweg::bench {

namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(std::string("pipe: ") + std::strerror(errno));
  return ends;
}

}  // namespace

Peer::Peer(std::vector<std::string> command) : program_(command.front()) {
  // If the process ends, writing to it is an error and no signal.
  std::signal(SIGPIPE, SIG_IGN);
  const auto [its_input, to] = make_pipe();
  const auto [from, its_output] = make_pipe();
  to_ = to;
  from_ = from;

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, its_input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, its_output, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int error = posix_spawnp(&process_, program_.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(its_input);
  close(its_output);
  if (error != 0) {
    close(to_);
    close(from_);
    throw Error(program_ + ": " + std::strerror(error));
  }
  version_ = read_line();
}

Peer::~Peer() {
  close(to_);  // its loop ends at the end of its input
  close(from_);
  waitpid(process_, nullptr, 0);
}

double Peer::seconds_each(const std::string& task, int steps) {
  const std::string line = task + " " + std::to_string(steps) + "\n";
  if (write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw Error(program_ + " takes no commands: " + std::strerror(errno));
  }
  return std::stod(read_line());
}

std::string Peer::read_line() {
  std::string line;
  for (char next = 0; read(from_, &next, 1) == 1;) {
    if (next == '\n') return line;
    line += next;
  }
  throw Error(program_ + " has ended; what it said stands above");
}

}  // namespace thalweg::bench
