// Tests of thalweg tune: any number of workers, kills, interruptions, tasks, folds and what is made of the best.
#include "tune_command.h"

#include "text_file.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <sstream>

namespace thalweg::lab {
namespace {

using test::Command;
using test::Ended;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TuneCommand : public test::TuneCommandTest {
 protected:
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  /// Children of a process.
  static std::vector<pid_t> children_of(pid_t process) {
    std::istringstream text(test::contents(fmt::format("/proc/{0}/task/{0}/children", process)));
    std::vector<pid_t> children;
    for (pid_t child = 0; text >> child;) children.push_back(child);
    return children;
  }
  /// The worker of the one command that is running.
  static pid_t worker() {
    while (true) {
      for (const pid_t command : children_of(getpid())) {
        if (const std::vector<pid_t> workers = children_of(command); !workers.empty()) return workers.front();
      }
      usleep(2000);
    }
  }
  void wait_for(const std::string& out, std::ptrdiff_t finished) const {
    while (runs(out, TrialStatus::finished) < finished) usleep(10'000);
  }
};

TEST_F(TuneCommand, FindsTheSameWithAnyNumberOfWorkers) {
  const std::map<std::string, Words> searches{
      {"tpe", {"--lag", "3", "--trials", "8", "--epochs", "2"}},
      {"hyperband", {"--eta", "2", "--trials", "4", "--epochs", "4"}},
  };
  for (const auto& [sampler, flags] : searches) {
    std::map<std::string, nlohmann::json> found_by;
    for (const std::string jobs : {"1", "2", "8"}) {
      Words words = with(search(sampler + jobs), flags);
      for (const char* const word : {"--range", "lr=log:1e-4:1e-1", "--range", "dense=choice:8|16", "--json"}) {
        words.emplace_back(word);
      }
      words.insert(words.end(), {"--sampler", sampler});
      *(std::ranges::find(words, "--jobs") + 1) = jobs;
      found_by[jobs] = found(run(words));
    }
    ASSERT_TRUE(found_by["1"].is_object()) << found_by["1"];
    EXPECT_EQ(found_by["1"], found_by["2"]) << sampler;
    EXPECT_EQ(found_by["1"], found_by["8"]) << sampler;
    std::set<nlohmann::json> values;
    for (const nlohmann::json& trial : found_by["1"].at("trials")) values.insert(trial.at("value"));
    EXPECT_GT(values.size(), 2U) << "trials that are all alike would show nothing";
  }
}

TEST_F(TuneCommand, GoesOnAfterItOrAWorkerWasKilledOrInterrupted) {
  const Words flags{"--range", "lr=log:1e-4:1e-1", "--trials", "6", "--lag", "2", "--epochs", "40", "--json"};
  const nlohmann::json undisturbed = found(run(search("undisturbed", flags)));
  const Words words = search("disturbed", flags);
  {
    Command command(folder_.path(), words);
    wait_for("disturbed", 1);
    command.kill(SIGINT);
    const Ended ended = command.wait();
    EXPECT_EQ(ended.code, 130);
    EXPECT_THAT(ended.errors, AllOf(HasSubstr("To go on"), HasSubstr("thalweg tune --data")));
    EXPECT_EQ(runs("disturbed", TrialStatus::running), 0);
  }
  {
    Command command(folder_.path(), words);
    wait_for("disturbed", 2);
    kill(worker(), SIGKILL);
    wait_for("disturbed", 3);
    command.kill(SIGKILL);
    EXPECT_EQ(command.wait().code, 128 + SIGKILL);
  }
  Command command(folder_.path(), words);
  kill(worker(), SIGTERM);  // perhaps in its first moments
  const Ended ended = command.wait();
  EXPECT_EQ(found(ended), undisturbed);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("is continued"), HasSubstr("another worker goes on with it")));
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(path("disturbed"))) {
    left.insert(entry.path().filename().string());
  }
  EXPECT_EQ(left, (std::set<std::string>{"best.toml", kStudyFile}));
}

TEST_F(TuneCommand, TasksThatWaitForOneAnotherFindTheSameAsOneProcess) {
  const Words flags{"--range", "lr=log:1e-4:1e-1", "--trials", "3", "--lag", "1", "--epochs", "2"};
  const Words shared = search("tasks", flags);
  std::vector<std::unique_ptr<Command>> tasks;
  for (const std::string number : {"2", "1", "0"}) {
    std::filesystem::create_directory(path(number));
    tasks.push_back(std::make_unique<Command>(path(number), with(shared, {"--task", number})));
  }
  for (const auto& task : tasks) {
    const Ended ended = task->wait();
    EXPECT_EQ(ended.code, 0) << ended.errors;
  }
  const Ended merged = run({"tune", "merge", path("tasks"), "--json"});
  EXPECT_EQ(found(merged), found(run(search("one", with(flags, {"--json"})))));
  EXPECT_THAT(merged.errors, IsEmpty());

  // Files that are not what a task of this search wrote.
  const std::string file = path("tasks/tasks/1.json"), text = test::contents(file);
  const auto merge = [&] { return run({"tune", "merge", path("tasks"), "--overwrite"}); };
  std::ofstream(file) << text.substr(0, text.size() / 2);
  EXPECT_THAT(merge().errors, HasSubstr("1.json"));
  std::filesystem::remove(file);
  EXPECT_THAT(merge().errors, HasSubstr("1 of 3 trials are missing: 1; run their tasks"));
  Ended ended = run(with(search("tasks", flags), {"--seed", "2", "--task", "1"}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("holds another search"), HasSubstr("seed: 1, now 2")));
}

TEST_F(TuneCommand, ATrialsRunsAreSeedsTimesFoldsAndEndWhereTheyAreClearlyWorse) {
  // A rate that learns and one that learns nothing; three runs of four tell them apart.
  const Words words = search("folds", {"--range", "lr=choice:0.01|1e-9", "--sampler", "grid", "--trials", "2", "--lag",
                                       "1", "--folds", "2", "--seeds", "2", "--epochs", "8", "--json"});
  const nlohmann::json json = found(run(words));
  ASSERT_TRUE(json.is_object()) << json;
  const nlohmann::json &good = json.at("trials").at(0), &bad = json.at("trials").at(1);
  EXPECT_EQ(good.at("state"), "complete");
  EXPECT_EQ(bad.at("state"), "pruned");
  EXPECT_EQ(bad.at("error"), "worse than trial 0 by a paired test over 3 runs");
  EXPECT_EQ(good.at("epochs"), 4 * 8);
  EXPECT_EQ(bad.at("epochs"), 3 * 8);

  double sum = 0;
  std::set<std::pair<std::uint64_t, std::int64_t>> parts;
  for (const TrialData& trial : load("folds").trials) {
    if (trial.number != 0) continue;
    sum += trial.epochs.back().validation->at("accuracy");
    parts.emplace(trial.config.seed, trial.config.validation_fold);
    EXPECT_FALSE(trial.result->test) << "the test part is for who takes the best";
  }
  EXPECT_THAT(parts, SizeIs(4));
  EXPECT_DOUBLE_EQ(good.at("value").get<double>(), sum / 4);
}

TEST_F(TuneCommand, TheBestIsTrainedFromItsFileAndByItsCommand) {
  const Words words = search(
      "study", {"--range", "dense=choice:8|16,8", "--range", "optimizer=choice:sgd|adam", "--range", "lr=log:1e-3:1e-1",
                "--range", "momentum=0:0.9:if:optimizer=sgd", "--trials", "4", "--epochs", "2"});
  EXPECT_EQ(run(with(words, {"--dry-run"})).code, 0);
  EXPECT_FALSE(std::filesystem::exists(path("study")));
  const nlohmann::json json = found(run(with(words, {"--json"})));
  ASSERT_TRUE(json.is_object()) << json;

  EXPECT_EQ(run({"train", "--config", path("study/best.toml"), "--out", path("file")}).code, 0);
  const std::string command = json.at("best").at("command");
  ASSERT_THAT(command, testing::StartsWith("thalweg train "));
  const std::string shell = fmt::format("{} {} --out {} >/dev/null 2>&1", THALWEG_COMMAND,
                                        command.substr(std::string("thalweg ").size()), path("command"));
  EXPECT_EQ(std::system(shell.c_str()), 0) << shell;
  const TrialData by_file = load("file").trials.at(0), by_command = load("command").trials.at(0);
  EXPECT_EQ(nlohmann::json(by_file.steps), nlohmann::json(by_command.steps));
  EXPECT_EQ(by_file.result->test, by_command.result->test);
  ASSERT_TRUE(by_file.result->test);
  nlohmann::json parameters = json.at("best").at("parameters");
  EXPECT_THAT(by_file.config.optimizer, testing::StartsWith(parameters.at("optimizer").get<std::string>()));
  EXPECT_DOUBLE_EQ(by_file.lr, parameters.at("lr").get<double>());

  // Optuna's journal, by the formats' description: ids are the order of creation.
  ASSERT_EQ(run({"export", path("study"), "-o", path("study.log")}).code, 0);
  std::istringstream journal(read_text_file(path("study.log"), 1'000'000));
  std::map<int, int> operations;
  std::map<std::int64_t, std::map<std::string, double>> values;
  std::map<std::int64_t, double> results;
  for (std::string line; std::getline(journal, line);) {
    const nlohmann::json entry = nlohmann::json::parse(line);
    EXPECT_TRUE(entry.at("worker_id").is_string());
    const int operation = entry.at("op_code");
    ++operations[operation];
    if (operation == 0) {
      EXPECT_EQ(entry.at("directions"), (std::vector<int>{2})) << "the higher an accuracy, the better";
    } else if (operation == 5) {
      const nlohmann::json distribution = nlohmann::json::parse(entry.at("distribution").get<std::string>());
      EXPECT_THAT(distribution.at("name").get<std::string>(), HasSubstr("Distribution"));
      values[entry.at("trial_id")][entry.at("param_name")] = entry.at("param_value_internal");
    } else if (operation == 6) {
      EXPECT_EQ(entry.at("state"), 1);
      results[entry.at("trial_id")] = entry.at("values").at(0);
    }
  }
  EXPECT_EQ(operations[0], 1);
  EXPECT_EQ(operations[4], 4);
  EXPECT_EQ(operations[7], 4 * 2) << "a value for each epoch";
  EXPECT_EQ(operations[6], 4);
  for (const nlohmann::json& trial : json.at("trials")) {
    const std::int64_t number = trial.at("number");
    parameters = trial.at("parameters");
    EXPECT_EQ(values.at(number).size(), parameters.size());
    EXPECT_DOUBLE_EQ(values.at(number).at("lr"), parameters.at("lr").get<double>());
    EXPECT_EQ(values.at(number).at("optimizer"), parameters.at("optimizer") == "adam" ? 1 : 0);
    EXPECT_DOUBLE_EQ(results.at(number), trial.at("value").get<double>());
  }
}

}  // namespace
}  // namespace thalweg::lab
