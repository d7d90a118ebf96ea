// Event files: their layout, histograms, and that an interrupted run's are those of a run that never stopped.
#include "command.h"
#include "error_of.h"
#include "event_reader.h"
#include "idx_files.h"
#include "tensorboard/event_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace thalweg::lab {
namespace {

using test::contents;
using test::EventValue;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::error_of;

TEST(EventReader, HasTheKnownChecksums) {
  EXPECT_EQ(test::crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(test::masked("123456789"), 0xC78AB0E5u);
  EXPECT_EQ(test::masked(""), 0xA282EAD8u);
}

TEST(EventFile, BeginsWithTheVersionAndHasScalarsByStep) {
  const test::TemporaryFolder folder;
  EventFile file = EventFile::create(folder.path() / "new" / "run");
  file.add_scalars(7, {{"loss/train", 0.25}, {"lr", 1e-3}});
  file.add_scalars(std::int64_t{1} << 40, {{"loss/train", std::nan("")}});
  file.add_scalars(8, {});
  const std::string bytes = contents(file.path());
  const std::vector<std::string> records = test::records_of(bytes);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(test::field(test::fields_of(records[0]), 3), "brain.Event:2");
  EXPECT_GT(test::number_at<double>(test::field(test::fields_of(records[0]), 1), 0), 1.7e9) << "seconds since 1970";
  const std::vector<EventValue> values = test::values_of(bytes);
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0].tag, "loss/train");
  EXPECT_EQ(values[0].step, 7);
  EXPECT_EQ(values[0].scalar(), 0.25f);
  EXPECT_EQ(values[1].scalar(), 1e-3f);
  EXPECT_EQ(values[2].step, std::int64_t{1} << 40);
  EXPECT_TRUE(std::isnan(values[2].scalar()));
  EXPECT_EQ(file.place().bytes, bytes.size());
}

TEST(EventFile, GoesOnAtItsPlaceAlone) {
  const test::TemporaryFolder folder;
  EventPlace place;
  std::string before;
  {
    EventFile file = EventFile::create(folder.path());
    file.add_scalars(1, {{"x", 1}});
    place = file.place();
    before = contents(file.path());
    file.add_scalars(2, {{"x", 2}});
  }
  EventFile::reopen(place).add_scalars(3, {{"x", 3}});
  EXPECT_EQ(contents(place.file).substr(0, before.size()), before);
  const std::vector<EventValue> values = test::values_of(contents(place.file));
  ASSERT_EQ(values.size(), 2u) << "what stood behind the place is gone";
  EXPECT_EQ(values[1].step, 3);
  place.bytes = 100'000;
  EXPECT_THAT(error_of([&] { EventFile::reopen(place); }), HasSubstr("the run left 100000"));
  EXPECT_THAT(error_of([&] { check_has_no_events(folder.path()); }), HasSubstr("holds the events of another run"));
  place.file += ".gone";
  EXPECT_THAT(error_of([&] { EventFile::reopen(place); }), HasSubstr("No such file"));
}

/// How many values lie in (low, high], by counting.
double counted(const std::vector<float>& values, double low, double high) {
  return static_cast<double>(
      std::ranges::count_if(values, [&](float value) { return std::isfinite(value) && value > low && value <= high; }));
}

TEST(Histogram, CountsByBucket) {
  constexpr float kMost = std::numeric_limits<float>::max(), kNone = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values{
      0,      -0.0f, 1,      -1, 1.0000001f, 3e-12f, -3e-12f,
      1e-40f, kMost, -kMost, 5,  5,          kNone,  std::numeric_limits<float>::infinity()};
  const Histogram histogram = histogram_of(values);
  EXPECT_EQ(histogram.count, 12);
  EXPECT_EQ(histogram.least, -kMost);
  EXPECT_EQ(histogram.greatest, kMost);
  ASSERT_EQ(histogram.limits.size(), histogram.counts.size());
  EXPECT_TRUE(std::ranges::is_sorted(histogram.limits));
  double below = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < histogram.limits.size(); below = histogram.limits[i++])
    EXPECT_EQ(histogram.counts[i], counted(values, below, histogram.limits[i])) << histogram.limits[i];
  EXPECT_THAT(histogram.limits, Contains(0.0));
  EXPECT_GT(histogram.counts.front(), 0);
  EXPECT_GT(histogram.counts.back(), 0);
}

TEST(Histogram, IsAsNarrowAsATenth) {
  std::vector<float> values(20'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1e-4f * std::sin(static_cast<float>(i));
  const Histogram histogram = histogram_of(values);
  EXPECT_EQ(std::accumulate(histogram.counts.begin(), histogram.counts.end(), 0.0), 20'000);
  for (std::size_t i = 1; i < histogram.limits.size(); ++i) {
    if (histogram.counts[i] == 0 || histogram.limits[i] < 1e-11) continue;
    EXPECT_NEAR(histogram.limits[i] / histogram.limits[i - 1], 1.1, 1e-9);
  }
}

TEST(Histogram, OfNothingIsEmpty) {
  EXPECT_TRUE(histogram_of({}).counts.empty());
  const std::vector<float> none{std::numeric_limits<float>::quiet_NaN()};
  EXPECT_EQ(histogram_of(none).count, 0);
  const std::vector<float> zeros(5);
  EXPECT_THAT(histogram_of(zeros).counts, ElementsAre(5));
}

class TensorBoard : public ::testing::Test {
 protected:
  TensorBoard() { test::write_learnable_dataset(folder.path(), 400, 80); }

  test::Ended run(std::vector<std::string> more) const { return test::run_command(folder.path(), std::move(more)); }
  test::Ended train(std::vector<std::string> more) const {
    std::vector<std::string> all{"train",   "--data",     "idx:" + folder.path().string(),
                                 "--dense", "16",         "--threads",
                                 "1",       "--schedule", "constant"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  std::string event_file(const std::string& name) const {
    for (const auto& entry : std::filesystem::directory_iterator(path(name))) return entry.path().string();
    return {};
  }
  /// All but what differs between any two runs: when they were, and how long they were to be.
  std::vector<EventValue> events(const std::string& name) const {
    std::vector<EventValue> values = test::values_of(contents(event_file(name)));
    std::erase_if(values, [](const EventValue& value) {
      return value.tag.starts_with("_hparams_") || value.tag == "config/text_summary";
    });
    return values;
  }

  test::TemporaryFolder folder;
};

TEST_F(TensorBoard, ShowsLossesMetricsGradientsAndTheConfiguration) {
  const test::Ended ended = train({"--epochs", "10", "--tensorboard", path("events"), "--json"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const nlohmann::json json = nlohmann::json::parse(ended.output);
  const std::vector<EventValue> all = test::values_of(contents(event_file("events")));
  const auto with = [&](const std::string& tag) {
    std::vector<EventValue> values;
    for (const EventValue& value : all)
      if (value.tag == tag) values.push_back(value);
    return values;
  };
  const std::vector<EventValue> accuracy = with("accuracy/validation");
  ASSERT_EQ(accuracy.size(), 10u);
  for (std::size_t i = 0; i < accuracy.size(); ++i) {
    const nlohmann::json& record = json.at("records")[i];
    EXPECT_EQ(accuracy[i].step, record.at("step"));
    EXPECT_EQ(accuracy[i].scalar(), record.at("validation").at("accuracy").get<float>());
  }
  EXPECT_EQ(with("accuracy/test").at(0).scalar(), json.at("test").at("accuracy").get<float>());
  EXPECT_FALSE(with("loss/steps").empty());
  EXPECT_EQ(with("_hparams_/session_start_info").size(), 1u);
  EXPECT_EQ(with("_hparams_/session_end_info").size(), 1u);
  EXPECT_THAT(with("config/text_summary").at(0).rest, HasSubstr("    optimizer = "));
  // A gradient's histogram and its norm are of the same numbers.
  const std::vector<EventValue> norms = with("gradient_norm/dense1.weight"), gradients = with("gradient/dense1.weight");
  ASSERT_EQ(norms.size(), gradients.size());
  ASSERT_GT(norms.size(), 3u);
  for (std::size_t i = 0; i < norms.size(); ++i) {
    EXPECT_EQ(norms[i].step, gradients[i].step);
    const auto histogram = test::fields_of(test::field(test::fields_of(gradients[i].rest), 5));
    EXPECT_EQ(test::number_at<double>(test::field(histogram, 3), 0), 144 * 16);
    EXPECT_NEAR(std::sqrt(test::number_at<double>(test::field(histogram, 5), 0)), norms[i].scalar(),
                1e-5 * norms[i].scalar());
  }
}

TEST_F(TensorBoard, AnInterruptedRunGoesOnInTheSameFile) {
  ASSERT_EQ(train({"--epochs", "6", "--tensorboard", path("whole")}).code, 0);
  ASSERT_EQ(train({"--epochs", "6", "--steps", "31", "--out", path("run"), "--tensorboard", path("cut")}).code, 0);
  const std::string file = event_file("cut");
  EXPECT_NE(events("cut"), events("whole"));
  ASSERT_EQ(run({"train", "--resume", path("run"), "--steps", "1000"}).code, 0);
  EXPECT_EQ(event_file("cut"), file);
  EXPECT_EQ(events("cut"), events("whole"));
}

TEST_F(TensorBoard, ALostFileIsToldAndBegunAnew) {
  ASSERT_EQ(train({"--epochs", "6", "--steps", "31", "--out", path("run"), "--tensorboard", path("cut")}).code, 0);
  const std::string lost = event_file("cut");
  std::filesystem::resize_file(lost, 100);
  const test::Ended ended = run({"train", "--resume", path("run"), "--steps", "1000"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("a new event file has the run from here on"));
  std::filesystem::remove(lost);
  EXPECT_GT(events("cut").front().step, 31);
}

TEST_F(TensorBoard, RefusesAFolderOfAnotherRun) {
  ASSERT_EQ(train({"--epochs", "1", "--tensorboard", path("events")}).code, 0);
  const test::Ended ended = train({"--epochs", "1", "--tensorboard", path("events"), "--out", path("run")});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("give each run a folder of its own"));
  EXPECT_FALSE(std::filesystem::exists(path("run"))) << "nothing is begun";
}

TEST_F(TensorBoard, OfARunThatDivergesItTellsSo) {
  EXPECT_EQ(train({"--epochs", "3", "--optimizer", "sgd:lr=1e30", "--tensorboard", path("events")}).code, 1);
  const std::vector<EventValue> values = test::values_of(contents(event_file("events")));
  EXPECT_EQ(values.back().tag, "_hparams_/session_end_info");
}

}  // namespace
}  // namespace thalweg::lab
