// thalweg train and thalweg data, run as a person runs them.
#include "command.h"
#include "idx_files.h"
#include "math_library.h"
#include "store/store.h"
#include "training/checkpoint.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>

namespace thalweg::lab {
namespace {

using test::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TrainCommand : public ::testing::Test {
 protected:
  TrainCommand() { test::write_learnable_dataset(folder.path(), 400, 80); }

  std::vector<std::string> train(std::vector<std::string> more) const {
    std::vector<std::string> all{"train", "--data", spec(), "--dense", "16", "--threads", "1", "--lr", "3e-3"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Ended run(const std::vector<std::string>& arguments) const { return test::run_command(folder.path(), arguments); }
  std::string spec() const { return "idx:" + folder.path().string(); }
  std::string out() const { return (folder.path() / "run").string(); }
  StudyData study() const { return Store::open_for_reading(find_study(out())).load(); }

  test::TemporaryFolder folder;
};

TEST_F(TrainCommand, TrainsKeepsRecordsAndPrintsTheResult) {
  const Ended ended = run(train({"--epochs", "8", "--out", out(), "--json"}));
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const nlohmann::json json = nlohmann::json::parse(ended.output);
  EXPECT_EQ(json.at("outcome"), "completed");
  EXPECT_GT(json.at("test").at("accuracy").get<double>(), 0.9);
  EXPECT_EQ(json.at("records").size(), 8u);
  EXPECT_EQ(json.at("config").at("optimizer"), "rmsprop:lr=0.003");
  EXPECT_THAT(ended.errors, HasSubstr("epoch 8/8")) << "plain lines where there is no terminal";
  EXPECT_THAT(ended.errors, ::testing::Not(HasSubstr("\x1b")));
  const StudyData kept = study();
  EXPECT_EQ(kept.kind, "train");
  ASSERT_EQ(kept.trials.size(), 1u);
  EXPECT_EQ(kept.trials[0].optimizer, "rmsprop");
  EXPECT_EQ(kept.trials[0].lr, 0.003);
  EXPECT_EQ(kept.trials[0].status, TrialStatus::finished);
  EXPECT_EQ(kept.trials[0].epochs.size(), 8u);
  EXPECT_EQ(kept.trials[0].result.value().test, json.at("test").get<MetricValues>());
}

TEST_F(TrainCommand, KeepsWhatIsInTheFolder) {
  ASSERT_EQ(run(train({"--epochs", "1", "--out", out()})).code, 0);
  const Ended again = run(train({"--epochs", "1", "--out", out()}));
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.errors, AllOf(HasSubstr("--resume " + out()), HasSubstr("--overwrite")));
  test::write_bytes(folder.path() / "run" / "notes", {1, 2, 3});
  ASSERT_EQ(run(train({"--epochs", "2", "--out", out(), "--overwrite"})).code, 0);
  EXPECT_EQ(study().trials.at(0).epochs.size(), 2u);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "run" / "notes"));
}

TEST_F(TrainCommand, InterruptedGoesOnWithTheSameBits) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove_all(out());
    test::Command command(folder.path(), train({"--epochs", "100000", "--schedule", "constant", "--out", out()}));
    ASSERT_TRUE(command.wait_for("epoch      2/"));
    command.kill(signal);
    const Ended ended = command.wait();
    EXPECT_EQ(ended.code, 130);
    EXPECT_THAT(ended.errors, HasSubstr("thalweg train --resume " + out()));
    EXPECT_EQ(study().trials.at(0).result.value().outcome, Outcome::interrupted);
    const Checkpoint stopped = read_checkpoint(folder.path() / "run" / "checkpoint.safetensors");
    const std::string epochs = std::to_string(stopped.run.epoch + 1);
    const Ended resumed = run({"train", "--resume", out(), "--epochs", epochs, "--json"});
    ASSERT_EQ(resumed.code, 0) << resumed.errors;
    const std::string other = (folder.path() / "other").string();
    const Ended whole =
        run(train({"--epochs", epochs, "--schedule", "constant", "--out", other, "--overwrite", "--json"}));
    const nlohmann::json one = nlohmann::json::parse(resumed.output), two = nlohmann::json::parse(whole.output);
    EXPECT_EQ(one.at("test"), two.at("test"));
    EXPECT_EQ(one.at("steps"), two.at("steps"));
    EXPECT_EQ(study().trials.at(0).epochs.size(), static_cast<std::size_t>(stopped.run.epoch + 1));
    EXPECT_EQ(study().trials.at(0).status, TrialStatus::finished);
  }
}

TEST_F(TrainCommand, ResumeRefusesOtherFlagsByName) {
  ASSERT_EQ(run(train({"--epochs", "1", "--out", out()})).code, 0);
  const Ended ended = run({"train", "--resume", out(), "--batch", "16"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("batch"), HasSubstr("64"), HasSubstr("16")));
  EXPECT_EQ(run({"train", "--resume", out(), "--batch", "64"}).code, 0);
  const Ended nothing = run({"train", "--resume", (folder.path() / "nothing").string()});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("checkpoint.safetensors"));
}

TEST_F(TrainCommand, ResumesFromAnyFolderAndWithDataThatWereMoved) {
  const std::filesystem::path work = folder.path() / "work";
  std::filesystem::create_directories(work / "data");
  test::write_learnable_dataset(work / "data", 300, 60);
  const std::string run_folder = (work / "run").string();
  const auto in = [&](const std::filesystem::path& place, std::vector<std::string> arguments) {
    return test::run_command(folder.path(), std::move(arguments), [place] { std::filesystem::current_path(place); });
  };
  ASSERT_EQ(in(work, {"train", "--data", "idx:data", "--dense", "16", "--threads", "1", "--schedule", "constant",
                      "--epochs", "1", "--out", "run"})
                .code,
            0);
  const Ended elsewhere = in("/", {"train", "--resume", run_folder, "--epochs", "2"});
  EXPECT_EQ(elsewhere.code, 0) << elsewhere.errors;

  std::filesystem::rename(work / "data", work / "moved");
  const Ended gone = in("/", {"train", "--resume", run_folder, "--epochs", "3"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.errors, AllOf(HasSubstr((work / "data").string()), HasSubstr("--data idx:FOLDER")));
  // Refused, it leaves the run as it is.
  const Ended other = in("/", {"train", "--resume", run_folder, "--epochs", "3", "--data", spec()});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.errors, AllOf(HasSubstr("other examples"), HasSubstr(folder.path().string())));
  EXPECT_EQ(Store::open_for_reading(find_study(run_folder)).load().trials.at(0).status, TrialStatus::finished);

  const Ended moved =
      in("/", {"train", "--resume", run_folder, "--epochs", "3", "--data", "idx:" + (work / "moved").string()});
  EXPECT_EQ(moved.code, 0) << moved.errors;
  EXPECT_EQ(in("/", {"train", "--resume", run_folder, "--epochs", "4"}).code, 0) << "the new place is known now";
}

TEST_F(TrainCommand, DivergenceIsRecordedAndAFailure) {
  const Ended ended = run({"train", "--data", spec(), "--optimizer", "sgd:lr=1e30", "--out", out()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("diverged"), ::testing::Not(HasSubstr("-nan"))));
  EXPECT_EQ(study().trials.at(0).result.value().outcome, Outcome::diverged);
}

TEST_F(TrainCommand, WrongFlagsAreUsageErrors) {
  const auto expect_usage = [&](std::vector<std::string> flags, const char* said) {
    const Ended ended = run(train(std::move(flags)));
    EXPECT_EQ(ended.code, 2) << said;
    EXPECT_THAT(ended.errors, HasSubstr(said));
    EXPECT_FALSE(std::filesystem::exists(out()));
  };
  expect_usage({"--model", "cmn", "--out", out()}, "cnn");
  expect_usage({"--optimizer", "rmsprob", "--out", out()}, "rmsprop");
  expect_usage({"--momentum", "2", "--out", out()}, "[0, 1)");
  expect_usage({"--batch=-1", "--out", out()}, "batch");
  expect_usage({"--epoch", "3", "--out", out()}, "--epochs");
  expect_usage({"--model", "softmax", "--out", out()}, "--dense");  // `train` gives it
  expect_usage({"--checkpoint-every", "5"}, "--checkpoint-every");
  expect_usage({"--overwrite"}, "--overwrite");
  expect_usage({"--train-limit", "1", "--out", out()}, "--train-limit");
  expect_usage({"--schedule", "step", "--optimizer", "sgd schedule=cosine", "--out", out()}, "--schedule");
  expect_usage({"--tolerance", "0.5", "--out", out()}, "--patience");
  // What does not go with the model or the length of the run.
  expect_usage({"--optimizer", "sgd group[*.gain]=lr=1", "--out", out()}, "\"*.gain\" matches no parameter");
  expect_usage({"--schedule", "cosine:warmup=1000", "--out", out()}, "warmup = 1000 leaves nothing");
  expect_usage({"--optimizer", "sgd check=off", "--out", out()}, "check=off means nothing here");
  expect_usage({"--batch-norm", "--batch=1", "--out", out()}, "is a single one, which has no spread");
  const Ended compared = run({"compare", "adam", "sgd group[*.gain]=lr=1", "--data", spec(), "--out", out()});
  EXPECT_EQ(compared.code, 2);
  EXPECT_THAT(compared.errors, HasSubstr("optimizer 'sgd group[*.gain]=lr=1': "));
  EXPECT_FALSE(std::filesystem::exists(out()));
  const Ended data = run({"train", "--data", "fashion-minst"});
  EXPECT_EQ(data.code, 2);
  EXPECT_THAT(data.errors, HasSubstr("fashion-mnist"));
}

TEST_F(TrainCommand, DamagedDataAreAFailedJob) {
  std::filesystem::resize_file(folder.path() / "train-images-idx3-ubyte", 1000);
  const Ended ended = run(train({}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("train-images-idx3-ubyte"), HasSubstr("offset 1000")));
}

TEST_F(TrainCommand, RefusesAPipeForACheckpoint) {
  ASSERT_EQ(run(train({"--epochs", "1", "--out", out()})).code, 0);
  const std::string file = out() + "/checkpoint.safetensors";
  std::filesystem::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  const Ended ended = run({"train", "--resume", out()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("checkpoint.safetensors"), HasSubstr("pipe")));
}

TEST_F(TrainCommand, TooLargeAModelIsOneLine) {
  const Ended ended = run({"train", "--data", spec(), "--threads", "1", "--dense", "8,1000000000000"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, ::testing::StartsWith("thalweg: out of memory"));
  EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1);
}

// LibTorch and OpenBLAS wait for ever for threads that do not start and memory that they cannot have.
class LimitedTrainCommand : public TrainCommand {
 protected:
  LimitedTrainCommand() { std::filesystem::permissions(folder.path(), std::filesystem::perms(0755)); }

  Ended limited(const char* threads, const std::function<void()>& limit) const {
    return test::run_command(folder.path(),
                             {"train", "--data", spec(), "--epochs", "1", "--dense", "16", "--threads", threads}, [&] {
                               alarm(120);  // what waits for ever is a failure, not a test that never ends
                               limit();
                             });
  }
};

TEST_F(LimitedTrainCommand, SaysThatThreadsDoNotStart) {
  if (geteuid() != 0) GTEST_SKIP() << "root alone can become a user without processes";
  const Ended ended = limited("1", [] {
    const rlimit one{.rlim_cur = 1, .rlim_max = 1};
    if (setrlimit(RLIMIT_NPROC, &one) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(125);
  });
  if (ended.code == 127) GTEST_SKIP() << "the command is where only root can read";
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("threads start"), HasSubstr("ulimit -u")));
}

TEST_F(LimitedTrainCommand, SaysThatMemoryIsLimited) {
  int refused = 0;
  for (const rlim_t megabytes : {600, 750, 850, 900, 950, 1000, 1100, 1300}) {
    const Ended ended = limited("1", [&] {
      const rlimit limit{.rlim_cur = megabytes << 20, .rlim_max = megabytes << 20};
      if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(125);
    });
    // 127: not even the libraries fit.
    EXPECT_THAT(ended.code, ::testing::AnyOf(0, 1, 127)) << megabytes << ended.errors;
    if (ended.code != 1) continue;
    ++refused;
    EXPECT_THAT(ended.errors, ::testing::AnyOf(HasSubstr("ulimit -v"), HasSubstr("memory"))) << megabytes;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(LimitedTrainCommand, OpenMPsLimitsAreKept) {
  const Ended refused = limited("2", [] { setenv("OMP_THREAD_LIMIT", "1", 1); });
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("OMP_THREAD_LIMIT"), HasSubstr("--threads 1")));
  const Ended all = limited("0", [] { setenv("OMP_THREAD_LIMIT", "1", 1); });
  EXPECT_EQ(all.code, 0) << all.errors;
  const Ended dynamic = limited("2", [] { setenv("OMP_DYNAMIC", "true", 1); });
  EXPECT_EQ(dynamic.code, 0) << dynamic.errors;
}

TEST_F(TrainCommand, RecordsWhatItsBitsDependOn) {
  ASSERT_EQ(run({"train", "--data", spec(), "--dense", "16", "--epochs", "1", "--out", out()}).code, 0);
  const StudyData kept = study();
  EXPECT_GE(kept.config.at("threads").get<int>(), 1) << "the number, not `all`";
  EXPECT_TRUE(kept.environment.at("machine").contains("instruction_set"));
  if (!blas_name().empty()) {
    EXPECT_EQ(kept.environment.at("machine").at("blas"), blas_name());
  }
}

TEST_F(TrainCommand, DataInfoTellsWhatIsThere) {
  const Ended info = run({"data", "info", spec(), "--json"});
  ASSERT_EQ(info.code, 0) << info.errors;
  const nlohmann::json json = nlohmann::json::parse(info.output);
  EXPECT_EQ(json.at("train").at("examples"), 400);
  EXPECT_EQ(json.at("inputs").at(0).at("shape"), (std::vector<int>{1, 12, 12}));
  std::int64_t sum = 0;
  for (const auto& count : json.at("test").at("class_counts")) sum += count.get<std::int64_t>();
  EXPECT_EQ(sum, 80);
  EXPECT_THAT(run({"data"}).output, HasSubstr("fashion-mnist"));
  EXPECT_THAT(run({"data", "info", spec()}).output, HasSubstr("12 × 12"));
  EXPECT_EQ(run({"data", "info", "fashion-minst"}).code, 2);
}

}  // namespace
}  // namespace thalweg::lab
