// thalweg train and thalweg data, run as a person runs them.
#include "command.h"
#include "idx_files.h"
#include "store/store.h"
#include "training/checkpoint.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

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
  EXPECT_GT(json.at("test_accuracy").get<double>(), 0.9);
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
  EXPECT_EQ(kept.trials[0].result.value().test_accuracy, json.at("test_accuracy").get<double>());
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
    EXPECT_EQ(one.at("test_loss"), two.at("test_loss"));
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
    return test::run_command(folder.path(), std::move(arguments), place);
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
  EXPECT_THAT(gone.errors, AllOf(HasSubstr((work / "data").string()), HasSubstr("--resume " + run_folder),
                                 HasSubstr("--data idx:FOLDER")));
  // Refused, it leaves the run as it is.
  const Ended other = in("/", {"train", "--resume", run_folder, "--epochs", "3", "--data", spec()});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.errors, AllOf(HasSubstr("other images or labels"), HasSubstr(folder.path().string())));
  EXPECT_EQ(Store::open_for_reading(find_study(run_folder)).load().trials.at(0).status, TrialStatus::finished);

  const Ended moved =
      in("/", {"train", "--resume", run_folder, "--epochs", "3", "--data", "idx:" + (work / "moved").string()});
  EXPECT_EQ(moved.code, 0) << moved.errors;
  EXPECT_EQ(in("/", {"train", "--resume", run_folder, "--epochs", "4"}).code, 0) << "the new place is known now";
}

TEST_F(TrainCommand, DivergenceIsRecordedAndAFailure) {
  const Ended ended = run({"train", "--data", spec(), "--optimizer", "sgd:lr=1e30", "--out", out()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("diverged"));
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
  expect_usage({"--batch", "0", "--out", out()}, "batch");
  expect_usage({"--epoch", "3", "--out", out()}, "--epochs");
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

TEST_F(TrainCommand, DataInfoTellsWhatIsThere) {
  const Ended info = run({"data", "info", spec(), "--json"});
  ASSERT_EQ(info.code, 0) << info.errors;
  const nlohmann::json json = nlohmann::json::parse(info.output);
  EXPECT_EQ(json.at("train").at("images"), 400);
  EXPECT_EQ(json.at("height"), 12);
  std::int64_t sum = 0;
  for (const auto& count : json.at("test").at("class_counts")) sum += count.get<std::int64_t>();
  EXPECT_EQ(sum, 80);
  EXPECT_THAT(run({"data"}).output, HasSubstr("fashion-mnist"));
  EXPECT_THAT(run({"data", "info", spec()}).output, HasSubstr("12 × 12"));
  EXPECT_EQ(run({"data", "info", "fashion-minst"}).code, 2);
}

}  // namespace
}  // namespace thalweg::lab
