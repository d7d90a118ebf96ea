// Runs a command of one's own: a process, two pipes and a clock.
#include "study/run_program.h"

#include "json_text.h"
#include "study/processes.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPollMilliseconds = 200;
constexpr int kPollAtEnd = 5;  // milliseconds, once it has closed what it writes to: it is about to end
constexpr std::uint64_t kMostSteps = 1'000'000'000'000;  // and epochs, of a program
constexpr std::size_t kLongestLine = 1 << 20, kLastWords = 4096;

/// Lines out of pieces. What is longer than kLongestLine is cut off, the rest of it left out.
class Lines {
 public:
  template <class Take>
  void add(std::string_view piece, Take&& take) {
    for (const char c : piece) {
      if (c == '\n') {
        take(line_);
        line_.clear();
      } else if (line_.size() < kLongestLine) {
        line_ += c;
      }
    }
  }
  /// What has no newline behind it.
  const std::string& rest() const { return line_; }

 private:
  std::string line_;
};

/// A process group that is killed at the end of its life, and also where this process is killed itself: its leader does
/// nothing but wait for that. What a command has started in its turn would go on.
class Group {
 public:
  Group() {
    auto [reader, writer] = make_pipe();
    leader_ = fork();
    if (leader_ < 0) throw Error(fmt::format("cannot start a process: {}", std::strerror(errno)));
    if (leader_ == 0) {
      setpgid(0, 0);
      close(writer.get());
      char nothing = 0;
      while (read(reader.get(), &nothing, 1) < 0 && errno == EINTR) {
      }
      kill(0, SIGKILL);
      _exit(1);
    }
    setpgid(leader_, leader_);  // whoever of the two comes first
    held_open_ = std::move(writer);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    kill_all();
    int status = 0;
    while (waitpid(leader_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  pid_t id() const { return leader_; }
  void kill_all() const { kill(-leader_, SIGKILL); }

 private:
  pid_t leader_ = -1;
  Descriptor held_open_;
};

/// A process, killed with its group at the end of its life unless it has ended.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    auto [out_reader, out_writer] = make_pipe();
    auto [error_reader, error_writer] = make_pipe();
    auto [start_reader, start_writer] = make_pipe();  // closed by a successful start; else it says why
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ < 0) throw Error(fmt::format("cannot start {}: {}", printable(words.front()), std::strerror(errno)));
    if (process_ == 0) {
      setpgid(0, group_.id());
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      for (const int number : {SIGINT, SIGTERM, SIGPIPE}) std::signal(number, SIG_DFL);
      const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
      dup2(nothing, STDIN_FILENO);
      dup2(out_writer.get(), STDOUT_FILENO);
      dup2(error_writer.get(), STDERR_FILENO);
      execvp(arguments.front(), arguments.data());
      const int reason = errno;
      [[maybe_unused]] const ssize_t written = write(start_writer.get(), &reason, sizeof(reason));
      _exit(127);
    }
    setpgid(process_, group_.id());
    start_writer = {};
    int reason = 0;
    ssize_t got = 0;
    while ((got = read(start_reader.get(), &reason, sizeof(reason))) < 0 && errno == EINTR) {
    }
    if (got == sizeof(reason)) {
      wait();
      throw Error(fmt::format("cannot start {}: {}", printable(words.front()), std::strerror(reason)));
    }
    output_ = std::move(out_reader);
    errors_ = std::move(error_reader);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      wait();
    }
  }

  int output() const { return output_.get(); }
  int errors() const { return errors_.get(); }

  /// Its status, once it has ended; what it left behind in its group is killed.
  std::optional<int> status() {
    int status = 0;
    if (waitpid(process_, &status, WNOHANG) == 0) return std::nullopt;
    group_.kill_all();
    process_ = -1;
    return status;
  }

 private:
  void wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }

  const Group group_;
  pid_t process_ = -1;
  Descriptor output_, errors_;
};

/// What has come; nothing more to come if false.
bool read_some(int descriptor, std::string& piece) {
  std::array<char, 1 << 16> chunk;
  const ssize_t got = read(descriptor, chunk.data(), chunk.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  piece.assign(chunk.data(), static_cast<std::size_t>(got));
  return got > 0;
}

class ProgramRun {
 public:
  ProgramRun(const ProgramCall& call, const ProgramHooks& hooks) : call_(call), hooks_(hooks), child_(call.words) {}

  TrainingResult run() {
    std::array<pollfd, 2> waiting{{{child_.output(), POLLIN, 0}, {child_.errors(), POLLIN, 0}}};
    std::optional<int> status;
    // To the end of the process, and of what it had written by then: another one may hold the pipes open.
    for (bool last = false; !last;) {
      status = status ? status : child_.status();
      const bool is_silent = waiting[0].fd < 0 && waiting[1].fd < 0;
      const int ready = poll(waiting.data(), waiting.size(), status ? 0 : is_silent ? kPollAtEnd : kPollMilliseconds);
      last = status && ready <= 0;
      if (ready > 0) last = take(waiting) && status;
      hooks_.on_wait();
      if (!status) status = child_.status();  // what it told may have taken longer to note than to tell
      if (!status) check_time();
    }
    output_.add("\n", [&](const std::string& line) { take_line(line); });
    return result(*status);
  }

 private:
  /// True if both pipes are closed.
  bool take(std::array<pollfd, 2>& waiting) {
    std::string piece;
    if (waiting[0].revents != 0) {
      piece.clear();
      if (!read_some(child_.output(), piece)) waiting[0].fd = -1;
      output_.add(piece, [&](const std::string& line) { take_line(line); });
    }
    if (waiting[1].revents != 0) {
      piece.clear();
      if (!read_some(child_.errors(), piece)) waiting[1].fd = -1;
      last_words_ += piece;
      if (last_words_.size() > kLastWords) last_words_.erase(0, last_words_.size() - kLastWords);
    }
    return waiting[0].fd < 0 && waiting[1].fd < 0;
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

  void check_time() const {
    if (call_.timeout > 0 && seconds() >= call_.timeout) {
      fail(fmt::format("ran longer than {:g} s (--trial-timeout) and was ended", call_.timeout));
    }
  }

  void take_line(const std::string& line) {
    if (line.find('{') == std::string::npos) return;
    nlohmann::json json;
    try {
      json = parse_json(line, "line", NotFinite::read);
    } catch (const Error&) {
      return;  // its own business
    }
    if (!json.is_object()) return;
    if (const std::optional<double> test = number_at(json, call_.test); test && !call_.test.empty()) test_ = test;
    const std::optional<double> number = number_at(json, call_.metric);
    if (!number) return;
    if (records_ == kMostRecords) fail(fmt::format("told more than {} values of {}", kMostRecords, call_.metric));
    ++records_;
    EpochRecord record;
    if (records_ == 1 && tells_zero(json, "epoch")) from_zero_ = 1;
    record.epoch = epoch_ = from_zero_ + rising(json, "epoch", epoch_ - from_zero_, epoch_ + 1 - from_zero_);
    record.step = step_ = rising(json, "step", step_, std::max(step_ + 1, record.epoch));
    record.validation = MetricValues{{metric_name(), *number}};
    record.seconds = seconds();
    last_ = *number;
    hooks_.on_record(record);
  }

  std::string metric_name() const { return call_.better == Better::higher ? "score" : "cost"; }

  /// NaN for null, which is what JSON has for it.
  static std::optional<double> number_at(const nlohmann::json& json, const std::string& key) {
    const auto value = json.find(key);
    if (value == json.end() || !(value->is_number() || value->is_null())) return std::nullopt;
    return value->is_null() ? std::numeric_limits<double>::quiet_NaN() : value->get<double>();
  }

  static bool tells_zero(const nlohmann::json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_integer() && *found == 0;
  }

  std::int64_t rising(const nlohmann::json& json, const char* key, std::int64_t before, std::int64_t otherwise) const {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_integer()) return otherwise;
    if (found->is_number_unsigned() && found->get<std::uint64_t>() > kMostSteps) {
      fail(fmt::format("told {} {}; at most {} can be kept", key, found->get<std::uint64_t>(), kMostSteps));
    }
    const std::int64_t now = found->get<std::int64_t>();
    if (now > before) return now;
    fail(fmt::format("told {} {} after {}; they must rise", key, now, before));
  }

  TrainingResult result(int status) const {
    if (WIFSIGNALED(status)) fail(fmt::format("was killed by {}", signal_name(WTERMSIG(status))));
    if (WEXITSTATUS(status) != 0) fail(fmt::format("ended with exit code {}", WEXITSTATUS(status)));
    if (!last_) {
      fail(fmt::format("told no {0}: expected lines as {{\"{0}\": 0.5}} on its standard output", call_.metric));
    }
    TrainingResult result;
    result.outcome = Outcome::completed;
    result.reason = "the command has ended";
    for (const auto& [name, value] : {std::pair(call_.metric, last_), std::pair(call_.test, test_)}) {
      if (!value || std::isfinite(*value)) continue;
      result.outcome = Outcome::diverged;
      result.reason = fmt::format("{} is {}", name, *value);
    }
    if (test_) result.test = MetricValues{{metric_name(), *test_}};
    result.epochs = epoch_;
    result.steps = step_;
    result.seconds = seconds();
    return result;
  }

  [[noreturn]] void fail(const std::string& what) const {
    std::string said = last_words_;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    const std::size_t newline = said.rfind('\n');
    if (newline != std::string::npos) said.erase(0, newline + 1);
    throw Error(
        fmt::format("{} {}{}", printable(call_.words.front()), what, said.empty() ? "" : ": " + printable(said)));
  }

  const ProgramCall& call_;
  const ProgramHooks& hooks_;
  const Clock::time_point begun_ = Clock::now();
  Child child_;
  Lines output_;
  std::string last_words_;
  std::int64_t records_ = 0, epoch_ = 0, step_ = 0;
  std::int64_t from_zero_ = 0;  // 1: it counts epochs from 0
  std::optional<double> last_, test_;
};

}  // namespace

TrainingResult run_program(const ProgramCall& call, const ProgramHooks& hooks) { return ProgramRun(call, hooks).run(); }

}  // namespace thalweg::lab
