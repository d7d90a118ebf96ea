// WorkerPool: processes, pipes and what becomes of them.
#include "study/worker_pool.h"

#include "study/processes.h"
#include "study/worker_messages.h"

#include <thalweg/error.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr int kInterrupted = 130;       // exit code of a command that a signal asked to end
constexpr int kPollMilliseconds = 200;  // how late a stop request may be seen
constexpr std::size_t kChunk = 1 << 16;
constexpr std::chrono::milliseconds kGrace{2000};  // between the end of a worker's output and its own
constexpr std::chrono::milliseconds kKillGrace{
    10'000};  // between SIGKILL and the end: a dead disk may hold it for ever
constexpr std::chrono::milliseconds kBetweenLooks{5};
constexpr std::chrono::milliseconds kBetweenActivities{1000};  // looks at what a silent worker does

[[noreturn]] void fail(const char* call) { throw Error(fmt::format("worker: {}: {}", call, std::strerror(errno))); }

/// Writes all of it; false if the reader is gone.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// The last line a worker wrote to its standard error, which is a file in memory.
std::string last_line(int descriptor) {
  const off_t size = lseek(descriptor, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::clamp<off_t>(size, 0, 4096)), '\0');
  const ssize_t got = pread(descriptor, text.data(), text.size(), size - static_cast<off_t>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t newline = text.rfind('\n');
  return newline == std::string::npos ? text : text.substr(newline + 1);
}

/// What a process is doing: its state, as /proc has it, and the processor time it has used.
struct Activity {
  char state = '?';
  std::chrono::milliseconds processor{0};
};

Activity activity_of(pid_t process) {
  std::ifstream stream(fmt::format("/proc/{}/stat", process));
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const std::size_t name_end = text.rfind(')');  // of the program's name, which may hold anything
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  Activity activity;
  fields >> activity.state;
  std::string skipped;
  for (int field = 4; field < 14; ++field) fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  activity.processor = std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
  return activity;
}

const char* in_words(char state) {
  switch (state) {
    case 'T':
    case 't':
      return "it is stopped (SIGSTOP?)";
    case 'D':
      return "it waits for a disk";
    default:
      return "it uses no processor";
  }
}

/// How a process ended, in words.
std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return fmt::format("the worker was killed by {}{}", signal_name(number),
                       number == SIGKILL ? " (out of memory?)" : "");
  }
  return fmt::format("the worker ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

struct WorkerPool::Worker {
  pid_t process = -1;
  Descriptor input, output, errors;
  std::string received;            // the beginning of a line
  std::optional<Assignment> task;  // that it is running
  int status = 0;                  // how it ended

  // Since it last said something, or was given its trial:
  std::chrono::nanoseconds silent{0};   // as long as this process was running, too
  std::chrono::nanoseconds looked{0};   // the part of `silent` up to the last look
  std::chrono::nanoseconds resting{0};  // the part of it without use of the processor, up to now
  Activity before, last;                // at the beginning, and at the last look

  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { end({}); }

  void is_heard() {
    silent = looked = resting = {};
    before = last = activity_of(process);
  }

  /// What it last wrote to its standard error, behind these words.
  std::string with_last_words(const std::string& words) const {
    const std::string said = last_line(errors.get());
    return said.empty() ? words : fmt::format("{}: {}", words, said);
  }

  /// Ends the process, which has this long to end by itself, and says how it ended.
  std::string end(std::chrono::milliseconds grace) {
    if (process < 0) return {};
    const auto ends_within = [&](std::chrono::milliseconds time) {
      while (true) {
        if (waitpid(process, &status, WNOHANG) != 0) return true;
        if (time.count() <= 0) return false;
        std::this_thread::sleep_for(kBetweenLooks);
        time -= kBetweenLooks;
      }
    };
    bool ended = ends_within(grace);
    if (!ended) {
      kill(process, SIGKILL);  // it holds nothing that is worth waiting for
      ended = ends_within(kKillGrace);
    }
    process = -1;
    return with_last_words(ended ? describe(status) : "the worker cannot even be killed");
  }
};

WorkerPool::WorkerPool(WorkerSettings settings) : settings_(std::move(settings)) {}
WorkerPool::~WorkerPool() = default;

std::unique_ptr<WorkerPool::Worker> WorkerPool::start() const {
  auto worker = std::make_unique<Worker>();
  auto [job_reader, job_writer] = make_pipe();
  auto [event_reader, event_writer] = make_pipe();
  worker->errors = Descriptor(memfd_create("worker-errors", MFD_CLOEXEC));
  if (worker->errors.get() < 0) fail("memfd_create");

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, job_reader.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, event_writer.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, worker->errors.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A process group of its own: Ctrl-C goes to the study, which decides. Ignored signals would be inherited.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGPIPE}) sigaddset(&signals, number);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);

  std::string name = "thalweg", command = "worker", flag = "--parent", parent = std::to_string(getpid());
  std::array<char*, 5> arguments{name.data(), command.data(), flag.data(), parent.data(), nullptr};
  const int code =
      posix_spawn(&worker->process, settings_.executable.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) {
    worker->process = -1;
    throw Error(fmt::format("worker: cannot start {}: {}", settings_.executable.string(), std::strerror(code)));
  }
  worker->input = std::move(job_writer);
  worker->output = std::move(event_reader);
  return worker;
}

void WorkerPool::give(Worker& worker, Assignment assignment, TrialEvents& events) {
  ++assignment.attempts;
  worker.task = std::move(assignment);
  worker.is_heard();
  events.started(worker.task->job.trial);
  // A worker that is gone already shows it when its output is read.
  write_all(worker.input.get(), to_line(worker.task->job));
}

/// What a free worker is to do: what lost workers had begun comes first.
std::optional<WorkerPool::Assignment> WorkerPool::next(JobSource& source) {
  if (!again_.empty()) {
    Assignment assignment = std::move(again_.front());
    again_.pop_front();
    return assignment;
  }
  std::optional<Job> job = source.next();
  if (!job) return std::nullopt;
  return Assignment{.job = std::move(*job)};
}

/// Ends a worker that says no more. Its trial has failed, or goes on in another.
void WorkerPool::end_lost(Worker& worker, TrialEvents& events) {
  const std::string how = worker.end(kGrace);
  if (!worker.task) return;
  const Job& job = worker.task->job;
  // In its first moments a command answers SIGTERM by an exit code of its own.
  const bool killed = WIFSIGNALED(worker.status) || WEXITSTATUS(worker.status) == kInterrupted;
  if (!killed || job.checkpoint.empty() || worker.task->attempts >= kAttempts) {
    return events.failed(job.trial, how);
  }
  events.lost(job.trial, how);
  again_.push_back(std::move(*worker.task));
}

/// Takes what the worker has written. False if it has ended or has to.
bool WorkerPool::receive(Worker& worker, TrialEvents& events) {
  std::array<char, kChunk> chunk;
  const ssize_t got = read(worker.output.get(), chunk.data(), chunk.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) {
    end_lost(worker, events);
    return false;
  }
  heard_ = true;
  worker.is_heard();
  worker.received.append(chunk.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (std::size_t end; (end = worker.received.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (!worker.task) return false;  // says something unasked
    const std::int64_t trial = worker.task->job.trial;
    try {
      const std::string_view line(worker.received.data() + begin, end - begin);
      const Delivered delivered = deliver(line, trial, events);
      if (delivered == Delivered::last) worker.task.reset();
      if (delivered == Delivered::asks) {
        worker.task->attempts = 0;  // it comes on
        write_all(worker.input.get(), kGo);
      }
    } catch (const MessageError& error) {
      events.failed(trial, error.what());
      return false;
    }
  }
  worker.received.erase(0, begin);
  return true;
}

/// Notes that the worker has said nothing while this time passed. False if it hangs and has to end.
bool WorkerPool::is_well(Worker& worker, std::chrono::nanoseconds passed, TrialEvents& events) {
  worker.silent += passed;
  const std::chrono::nanoseconds since = worker.silent - worker.looked;
  if (!worker.task || since < kBetweenActivities) return true;
  const Activity now = activity_of(worker.process);
  worker.resting = now.processor == worker.last.processor ? worker.resting + since : std::chrono::nanoseconds(0);
  worker.looked = worker.silent;
  worker.last = now;

  const auto& [waiting, computing] = settings_.patience;
  std::string what;
  if (worker.resting >= (now.state == 'S' ? waiting : computing)) {
    what = in_words(now.state);
  } else if (worker.silent >= computing && now.processor - worker.before.processor >= computing) {
    what = "it computes without end";
  } else {
    return true;
  }
  const std::string error = worker.with_last_words(
      fmt::format("the worker has said nothing for {} s, and {}", worker.silent / std::chrono::seconds(1), what));
  worker.end({});
  events.failed(worker.task->job.trial, error);
  if (!heard_) {
    throw Error(
        fmt::format("no worker gets to work: {}; fewer --jobs or --threads-per-job may help, or a higher limit "
                    "of processes or memory (ulimit -u, ulimit -v)",
                    error));
  }
  return false;
}

/// Lets every worker that is free do something, and starts more while there is something to do.
void WorkerPool::give_all(JobSource& source, TrialEvents& events) {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->task) continue;
    std::optional<Assignment> assignment = next(source);
    if (!assignment) return;
    give(*worker, std::move(*assignment), events);
  }
  while (workers_.size() < static_cast<std::size_t>(settings_.jobs)) {
    std::optional<Assignment> assignment = next(source);
    if (!assignment) return;
    workers_.push_back(start());
    give(*workers_.back(), std::move(*assignment), events);
  }
}

void WorkerPool::run(JobSource& source, TrialEvents& events) {
  // Writing to a worker that has just died must be an error, not a signal.
  struct IgnorePipe {
    sighandler_t before = std::signal(SIGPIPE, SIG_IGN);
    ~IgnorePipe() { std::signal(SIGPIPE, before); }
  } ignore_pipe;

  const auto stopped = [&] { return settings_.stop_requested != nullptr && *settings_.stop_requested; };
  auto looked = std::chrono::steady_clock::now();
  while (!stopped()) {
    give_all(source, events);
    std::vector<pollfd> waiting;
    for (const std::unique_ptr<Worker>& worker : workers_) waiting.push_back({worker->output.get(), POLLIN, 0});
    const bool busy = std::ranges::any_of(workers_, [](const auto& worker) { return worker->task.has_value(); });
    if (!busy) return;
    if (poll(waiting.data(), waiting.size(), kPollMilliseconds) < 0 && errno != EINTR) fail("poll");
    // Where this process was stopped for an hour, the workers have not been silent for one.
    const auto now = std::chrono::steady_clock::now();
    const auto passed = std::min<std::chrono::nanoseconds>(now - looked, kBetweenActivities);
    looked = now;
    for (std::size_t i = workers_.size(); i-- > 0;) {
      Worker& worker = *workers_[i];
      const bool goes_on = waiting[i].revents != 0 ? receive(worker, events) : is_well(worker, passed, events);
      if (!goes_on) workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  workers_.clear();
  again_.clear();
}

}  // namespace thalweg::lab
