// Tests of workers and of thalweg compare: crashes, kills, interruptions, going on, and a run on real images.
#include "command.h"
#include "idx_files.h"
#include "store/store.h"
#include "study/worker_pool.h"
#include "text_file.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace thalweg::lab {
namespace {

using test::Command;
using test::Ended;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

/// State and parent of a process; no parent if there is none.
std::pair<char, pid_t> state_of(const std::string& process) {
  std::ifstream stream("/proc/" + process + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const std::size_t end = text.rfind(')');  // of the program's name, which may hold anything
  std::pair<char, pid_t> state{0, 0};
  if (end != std::string::npos) std::sscanf(text.c_str() + end, ") %c %d", &state.first, &state.second);
  return state;
}

bool is_running(pid_t process) {
  const auto [state, parent] = state_of(std::to_string(process));
  return parent != 0 && state != 'Z';
}

/// Processes that this one has started and that are still there.
std::set<pid_t> children_of(pid_t parent) {
  std::set<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto [state, owner] = state_of(name);
    if (owner == parent && state != 'Z') children.insert(std::stoi(name));
  }
  return children;
}

/// Keeps what workers tell. `on_epoch` may meddle.
struct Listener : TrialEvents {
  std::map<std::int64_t, std::string> records, errors;  ///< of finished and failed trials
  std::function<void(std::int64_t)> on_epoch = {};

  void started(std::int64_t trial) override { records[trial].clear(); }
  void progressed(std::int64_t, const Progress&) override {}
  void step(std::int64_t trial, const StepRecord& record) override { records[trial] += nlohmann::json(record).dump(); }
  void epoch(std::int64_t trial, const EpochRecord& record) override {
    EpochRecord timeless = record;
    timeless.seconds = timeless.examples_per_second = 0;
    records[trial] += nlohmann::json(timeless).dump();
    if (on_epoch) on_epoch(trial);
  }
  void finished(std::int64_t trial, const TrainingResult& result) override {
    TrainingResult timeless = result;
    timeless.seconds = 0;
    records[trial] += nlohmann::json(timeless).dump();
  }
  void failed(std::int64_t trial, const std::string& error) override {
    records.erase(trial);
    errors[trial] = error;
  }
};

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() { test::write_learnable_dataset(folder_.path(), 400, 80); }

  TrainingConfig config(const std::string& optimizer = "rmsprop:lr=0.003") const {
    TrainingConfig config;
    config.data = "idx:" + folder_.path().string();
    config.optimizer = optimizer;
    config.network.dense = {16};
    config.stop.epochs = 2;
    config.threads = 1;
    return config;
  }
  TrainingConfig endless() const {
    TrainingConfig endless = config();
    endless.stop.epochs = 1'000'000;
    return endless;
  }
  static void run(WorkerPool& pool, std::vector<Job> jobs, TrialEvents& events) {
    ListSource source(std::move(jobs));
    pool.run(source, events);
  }
  static void run(WorkerPool&& pool, std::vector<Job> jobs, TrialEvents& events) { run(pool, std::move(jobs), events); }
  static WorkerSettings one_worker() { return {.jobs = 1, .executable = THALWEG_COMMAND}; }

  TemporaryFolder folder_;
};

TEST_F(WorkerTest, ATrialHasTheSameBitsWhateverItsWorkerDidBefore) {
  Listener together, alone;
  TrainingConfig cnn = config("nadam");
  cnn.model = "cnn";
  run(WorkerPool(one_worker()), {{1, config()}, {2, cnn}, {3, config()}}, together);
  run(WorkerPool(one_worker()), {{3, config()}}, alone);
  ASSERT_THAT(together.records, SizeIs(3)) << together.errors[1];
  EXPECT_EQ(together.records[1], together.records[3]);
  EXPECT_EQ(together.records[3], alone.records[3]);
  EXPECT_NE(together.records[2], together.records[3]);
}

TEST_F(WorkerTest, AKilledWorkerFailsItsTrialAndNoOther) {
  Listener listener;
  // Once: more of its epochs may still be on their way, when another worker is there.
  listener.on_epoch = [killed = false](std::int64_t trial) mutable {
    if (trial != 1 || std::exchange(killed, true)) return;
    const std::set<pid_t> workers = children_of(getpid());
    ASSERT_THAT(workers, SizeIs(1));
    kill(*workers.begin(), SIGKILL);
  };
  WorkerPool pool(one_worker());
  run(pool, {{1, endless()}, {2, config()}, {3, config()}}, listener);
  ASSERT_THAT(listener.errors, SizeIs(1));
  EXPECT_THAT(listener.errors[1], HasSubstr("killed by SIGKILL"));
  EXPECT_THAT(listener.records, SizeIs(2));
}

TEST_F(WorkerTest, ATrialThatCannotBeTrainedFailsWithItsError) {
  Listener listener;
  TrainingConfig missing = config();
  missing.data = "idx:/nowhere";
  run(WorkerPool(one_worker()), {{1, missing}, {2, config()}}, listener);
  EXPECT_THAT(listener.errors[1], HasSubstr("/nowhere"));
  EXPECT_THAT(listener.records, SizeIs(1));
}

TEST_F(WorkerTest, StopsItsWorkersOnRequestAndAtItsEnd) {
  std::atomic<bool> stop = false;
  Listener listener;
  listener.on_epoch = [&](std::int64_t) { stop = true; };
  WorkerPool pool({.jobs = 2, .executable = THALWEG_COMMAND, .stop_requested = &stop});
  run(pool, {{1, endless()}, {2, endless()}, {3, config()}}, listener);
  EXPECT_THAT(listener.errors, IsEmpty());
  EXPECT_THAT(children_of(getpid()), IsEmpty());
  {
    WorkerPool idle(one_worker());
    Listener finished;
    run(idle, {{1, config()}}, finished);
    EXPECT_THAT(children_of(getpid()), SizeIs(1)) << "kept for the next trials";
  }
  EXPECT_THAT(children_of(getpid()), IsEmpty());
}

TEST_F(WorkerTest, ProgramsThatAreNoWorkersFailTheTrial) {
  Listener listener;
  run(WorkerPool({.jobs = 1, .executable = "/bin/cat"}), {{1, config()}}, listener);
  EXPECT_THAT(listener.errors[1], HasSubstr("ended with exit code 1: "));
  run(WorkerPool({.jobs = 1, .executable = "/bin/echo"}), {{2, config()}}, listener);
  EXPECT_THAT(listener.errors[2], HasSubstr("no message of a worker: worker --parent"));
  EXPECT_THAT(
      [&] {
        run(WorkerPool({.jobs = 1, .executable = "/bin/nowhere"}), {{3, config()}}, listener);
      },
      ThrowsMessage<Error>(HasSubstr("cannot start /bin/nowhere")));
}

/// A program that stands for a worker that hangs.
class HangingWorker : public WorkerTest {
 protected:
  WorkerSettings worker_that(const std::string& does) const {
    const auto file = folder_.path() / "worker.sh";
    std::ofstream(file) << "#!/bin/sh\n" << does << '\n';
    std::filesystem::permissions(file, std::filesystem::perms(0755));
    return {.jobs = 1,
            .executable = file,
            .patience = {.waiting = std::chrono::seconds(2), .computing = std::chrono::seconds(2)}};
  }
};

TEST_F(HangingWorker, IsEndedAndTheStudyWithItIfNoneEverSaidAWord) {
  const auto says = [&](const std::string& does) {
    Listener listener;
    EXPECT_THAT(
        [&] {
          run(WorkerPool(worker_that(does)), {{1, config()}, {2, config()}}, listener);
        },
        ThrowsMessage<Error>(HasSubstr("no worker gets to work")));
    EXPECT_THAT(listener.errors, SizeIs(1));
    return listener.errors[1];
  };
  EXPECT_THAT(says("echo 'cannot make a thread' >&2; exec sleep 1000"),
              AllOf(HasSubstr("has said nothing"), HasSubstr("no processor"), HasSubstr("cannot make a thread")));
  EXPECT_THAT(says("while :; do :; done"), HasSubstr("computes without end"));
  EXPECT_THAT(says("kill -STOP $$; exit 0"), HasSubstr("SIGSTOP"));
  EXPECT_THAT(children_of(getpid()), IsEmpty());
}

TEST_F(HangingWorker, CostsOneTrialIfOthersGetToWork) {
  WorkerSettings settings = one_worker();
  settings.patience = {.waiting = std::chrono::seconds(60), .computing = std::chrono::seconds(2)};
  Listener listener;
  listener.on_epoch = [](std::int64_t trial) {
    if (trial == 1) kill(*children_of(getpid()).begin(), SIGSTOP);
  };
  run(WorkerPool(settings), {{1, endless()}, {2, config()}}, listener);
  EXPECT_THAT(listener.errors[1], HasSubstr("it is stopped (SIGSTOP?)"));
  EXPECT_THAT(listener.records, SizeIs(1));
}

class CompareCommand : public WorkerTest {
 protected:
  std::vector<std::string> arguments(const std::string& epochs = "2") const {
    return {"compare",
            "rmsprop",
            "sgd:momentum=0.9",
            "--data",
            config().data,
            "--dense",
            "16",
            "--tune-lr",
            "1e-3,1e-2",
            "--seeds",
            "3",
            "--epochs",
            epochs,
            "--tune-epochs",
            "2",
            "--jobs",
            "1",
            "--out",
            out()};
  }
  std::string out() const { return (folder_.path() / "study").string(); }
  StudyData load() const { return Store::open_for_reading(find_study(out())).load(); }
  static std::size_t count(const StudyData& study, TrialStatus status) {
    return static_cast<std::size_t>(std::ranges::count(study.trials, status, &TrialData::status));
  }
  /// Waits until the study has so many finished trials.
  void wait_for(std::size_t finished) const {
    while (!std::filesystem::exists(out() + "/" + kStudyFile) || count(load(), TrialStatus::finished) < finished) {
      usleep(10'000);
    }
  }
  /// Seconds that each finished trial took: no two runs of one have the same.
  static std::map<std::int64_t, double> seconds(const StudyData& study) {
    std::map<std::int64_t, double> seconds;
    for (const TrialData& trial : study.trials) {
      if (trial.status == TrialStatus::finished) seconds[trial.id] = trial.result.value().seconds;
    }
    return seconds;
  }
  void expect_kept(const std::map<std::int64_t, double>& before) const {
    const std::map<std::int64_t, double> now = seconds(load());
    for (const auto& [trial, value] : before) EXPECT_EQ(now.at(trial), value) << "trial " << trial << " ran again";
  }

  /// Stops the one command that runs at a moment when it has a worker: there is none between tuning and final runs.
  static pid_t stop_with_worker(Command& command) {
    for (;;) {
      command.kill(SIGSTOP);  // so that its workers do not change while they are counted
      const std::set<pid_t> commands = children_of(getpid());
      if (commands.size() != 1) throw std::runtime_error("not one command is running");
      const std::set<pid_t> workers = children_of(*commands.begin());
      if (workers.size() > 1) throw std::runtime_error("more than one worker is running");
      if (!workers.empty()) return *workers.begin();
      command.kill(SIGCONT);
      usleep(1000);
    }
  }

  static constexpr std::size_t kTrials = 2 * 2 + 2 * 3;
};

TEST_F(CompareCommand, ComparesOnRealImages) {
  const std::string report = (folder_.path() / "report.html").string();
  const std::vector<std::string> command{"compare",
                                         "rmsprop",
                                         "sgd:momentum=0.9",
                                         "--data",
                                         "fashion-mnist",
                                         "--train-limit",
                                         "3000",
                                         "--test-limit",
                                         "500",
                                         "--epochs",
                                         "2",
                                         "--tune-lr",
                                         "1e-3,1e-2,1e-1",
                                         "--tune-epochs",
                                         "1",
                                         "--seeds",
                                         "2",
                                         "--jobs",
                                         "2",
                                         "--out",
                                         out(),
                                         "--report",
                                         report,
                                         "--json"};
  const Ended ended = test::run_command(folder_.path(), command);
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const nlohmann::json json = nlohmann::json::parse(ended.output);
  ASSERT_EQ(json.at("optimizers").size(), 2U);
  for (const nlohmann::json& optimizer : json.at("optimizers")) {
    ASSERT_EQ(optimizer.at("test").size(), 2U);
    for (const nlohmann::json& accuracy : optimizer.at("test")) EXPECT_GT(accuracy.get<double>(), 0.6);
  }
  EXPECT_GT(std::filesystem::file_size(report), 10'000U);
  const StudyData study = load();
  EXPECT_EQ(count(study, TrialStatus::finished), 2U * 3U + 2U * 2U);
  EXPECT_EQ(study.config.at("training").at("threads"), 1);
  EXPECT_THAT(study.environment.at("machine").at("instruction_set").get<std::string>(), testing::Not(IsEmpty()));
  EXPECT_THAT(study.command, AllOf(HasSubstr("thalweg compare rmsprop"), HasSubstr("--seeds 2")));

  const Ended again = test::run_command(folder_.path(), command);
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.output, ended.output);
  EXPECT_THAT(again.errors, HasSubstr("10 finished trials are kept"));
}

TEST_F(CompareCommand, TakesOptimizersThatDifferInWhatIsAroundTheRule) {
  std::vector<std::string> command = arguments();
  command.erase(command.begin() + 1, command.begin() + 3);
  const std::vector<std::string> optimizers{"sgd", "sgd clip=norm:0.001", "sgd schedule=constant", "sgd average=mean"};
  command.insert(command.begin() + 1, optimizers.begin(), optimizers.end());
  const std::string report = (folder_.path() / "report.html").string();
  for (const char* more : {"--json", "--report", report.c_str()}) command.emplace_back(more);
  const Ended ended = test::run_command(folder_.path(), command);
  ASSERT_EQ(ended.code, 0) << ended.errors;
  std::set<std::string> names;
  const nlohmann::json json = nlohmann::json::parse(ended.output);
  for (const nlohmann::json& optimizer : json.at("optimizers")) {
    names.insert(optimizer.at("name").get<std::string>());
  }
  EXPECT_EQ(names, std::set<std::string>(optimizers.begin(), optimizers.end()));
  EXPECT_THAT(read_text_file(report, 10'000'000), AllOf(HasSubstr("clip=norm:0.001"), HasSubstr("average=mean")));
  std::set<double> losses;  // each really trains otherwise
  for (const TrialData& trial : load().trials) {
    if (trial.role == TrialRole::final && trial.config.seed == 1) losses.insert(trial.result.value().test->at("loss"));
  }
  EXPECT_EQ(losses.size(), optimizers.size());
}

TEST_F(CompareCommand, GoesOnAfterItWasKilled) {
  std::map<std::int64_t, double> before;
  for (const std::size_t finished : {2U, 6U}) {
    Command command(folder_.path(), arguments());
    wait_for(finished);
    const pid_t worker = stop_with_worker(command);
    command.kill(SIGKILL);
    EXPECT_EQ(command.wait().code, 128 + SIGKILL);
    while (is_running(worker)) usleep(1000);
    expect_kept(before);
    before = seconds(load());
    EXPECT_GE(before.size(), finished);
  }
  const Ended ended = test::run_command(folder_.path(), arguments());
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(count(load(), TrialStatus::finished), kTrials);
  expect_kept(before);
}

TEST_F(CompareCommand, InterruptedSaysHowToGoOn) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove_all(out());
    Command command(folder_.path(), arguments());
    wait_for(3);
    command.kill(signal);
    const Ended ended = command.wait();
    EXPECT_EQ(ended.code, 130);
    EXPECT_THAT(ended.errors, AllOf(HasSubstr("To go on"), HasSubstr("thalweg compare rmsprop")));
    const StudyData study = load();
    EXPECT_EQ(count(study, TrialStatus::running), 0U);
    const auto before = seconds(study);
    EXPECT_EQ(test::run_command(folder_.path(), arguments()).code, 0);
    expect_kept(before);
  }
}

TEST_F(CompareCommand, ATrialWhoseWorkerCrashesGoesOnInAnother) {
  Command command(folder_.path(), arguments("200"));
  wait_for(5);
  kill(stop_with_worker(command), SIGSEGV);
  command.kill(SIGCONT);
  const Ended ended = command.wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.errors, HasSubstr("killed by SIGSEGV; another worker goes on with it"));
  const StudyData study = load();
  EXPECT_EQ(count(study, TrialStatus::finished), kTrials);
  EXPECT_FALSE(std::filesystem::exists(out() + "/trials"));
  // As it would have been undisturbed.
  const TemporaryFolder elsewhere;
  std::vector<std::string> again = arguments("200");
  again.back() = (elsewhere.path() / "study").string();
  ASSERT_EQ(test::run_command(elsewhere.path(), again).code, 0);
  const StudyData undisturbed = Store::open_for_reading(find_study(again.back())).load();
  ASSERT_EQ(undisturbed.trials.size(), study.trials.size());
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    EXPECT_EQ(study.trials[i].epochs.size(), undisturbed.trials[i].epochs.size());
    EXPECT_EQ(nlohmann::json(study.trials[i].steps), nlohmann::json(undisturbed.trials[i].steps));
    EXPECT_EQ(nlohmann::json(study.trials[i].diagnostics), nlohmann::json(undisturbed.trials[i].diagnostics));
  }
}

TEST_F(CompareCommand, RefusesAFolderThatIsInUse) {
  Command command(folder_.path(), arguments("1000000"));
  wait_for(1);
  const TemporaryFolder elsewhere;
  const Ended second = test::run_command(elsewhere.path(), arguments());
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.errors, HasSubstr("another process is working in this folder"));
}

}  // namespace
}  // namespace thalweg::lab
