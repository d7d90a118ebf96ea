// Tests of a study that takes more seeds and more optimizers, and of the verdicts that were planned.
#include "study/enlarging.h"

#include "fake_study.h"
#include "store/standing.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace thalweg::lab {
namespace {

using test::lr_of;
using test::Pretended;
using test::sample_config;
using test::StudyTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

CompareConfig with_seeds(std::size_t count, CompareConfig config = sample_config()) {
  config.tuning.seeds = {101};
  config.seeds.resize(count);
  std::iota(config.seeds.begin(), config.seeds.end(), 1);
  return config;
}

class EnlargingTest : public StudyTest {
 protected:
  Standing standing() const { return standing_of(load()); }
  static bool is_final(const TrainingConfig& config) { return config.seed < 100; }
  std::size_t finals_given() const { return static_cast<std::size_t>(std::ranges::count_if(fake_.given, is_final)); }
};

TEST_F(EnlargingTest, MoreSeedsAfterAVerdictAreTrainedAndLabelled) {
  EXPECT_EQ(run(with_seeds(8)), StudyEnd::complete);
  EXPECT_EQ(standing().looks_taken, 1);
  EXPECT_TRUE(standing().as_planned());
  EXPECT_EQ(run(with_seeds(10), "thalweg compare … --seeds 10"), StudyEnd::complete);
  EXPECT_EQ(fake_.given.size(), 4U) << "two new seeds of two optimizers";
  for (const TrainingConfig& config : fake_.given) EXPECT_GT(config.seed, 8U);
  EXPECT_TRUE(standing().enlarged);
  EXPECT_FALSE(standing().as_planned());
  EXPECT_EQ(standing().looks_taken, 2);
  EXPECT_EQ(load().command, "thalweg compare … --seeds 10");
  EXPECT_EQ(load().config["seeds"].size(), 10U);
  EXPECT_THAT(messages_, AllOf(HasSubstr("new seeds: 9, 10"), HasSubstr("announce no winner")));
}

TEST_F(EnlargingTest, AnOldStudyGoesOnToDrawItsValidationPartsAsItDid) {
  nlohmann::json stored = with_seeds(8);
  EXPECT_TRUE(enlarge(stored, with_seeds(10)).config.training.validation_by_class);
  EXPECT_EQ(stored["training"].erase("validation_by_class"), 1U);
  const Enlarging enlarging = enlarge(stored, with_seeds(10));
  EXPECT_THAT(enlarging.differences, IsEmpty());
  EXPECT_EQ(enlarging.new_seeds.size(), 2U);
  EXPECT_FALSE(enlarging.config.training.validation_by_class);
}

TEST_F(EnlargingTest, RunAgainIsNoSecondLook) {
  run(with_seeds(8));
  run(with_seeds(8), "thalweg compare --out moved");
  EXPECT_THAT(fake_.given, IsEmpty());
  EXPECT_EQ(load().command, "thalweg compare --out moved") << "its folder may have moved";
  EXPECT_EQ(standing().looks_taken, 1);
  EXPECT_TRUE(standing().as_planned());
}

TEST_F(EnlargingTest, BeforeAnyVerdictItIsNoEnlargementOfOne) {
  run(with_seeds(2));
  EXPECT_EQ(standing().looks_taken, 0) << "two seeds give no verdict";
  EXPECT_EQ(run(with_seeds(8)), StudyEnd::complete);
  EXPECT_EQ(fake_.given.size(), 12U);
  EXPECT_EQ(standing().looks_taken, 1);
  EXPECT_TRUE(standing().as_planned());
  EXPECT_THAT(messages_, Not(HasSubstr("announce no winner")));
}

TEST_F(EnlargingTest, PlannedLooksAreTakenOneByOne) {
  const auto planned = [](std::size_t seeds) {
    CompareConfig config = with_seeds(seeds);
    config.looks = 2;
    return config;
  };
  run(planned(8));
  EXPECT_DOUBLE_EQ(standing().level(), 0.025);
  EXPECT_THAT(messages_, HasSubstr("verdict 1 of 2 planned"));
  run(planned(10));
  EXPECT_EQ(standing().looks_taken, 2);
  EXPECT_TRUE(standing().as_planned());
  EXPECT_THAT([&] { run(with_seeds(12)); }, ThrowsMessage<Error>(HasSubstr("looks: 2, now 1")));
  run(planned(12));
  EXPECT_EQ(standing().looks_taken, 3);
  EXPECT_FALSE(standing().as_planned());
  EXPECT_THAT(messages_, HasSubstr("the last of its 2 planned verdicts"));
}

TEST_F(EnlargingTest, ANewOptimizerIsTunedLikeTheOthers) {
  fake_.train = [](const TrainingConfig& config) { return Pretended{.accuracy = std::min(0.5, lr_of(config))}; };
  CompareConfig config = with_seeds(2);
  config.tuning.given = false;  // rmsprop and sgd are best at 1, so that the grid grows to it and 10
  run(config);
  EXPECT_EQ(load().outcome["grid"].size(), 5U);
  config.optimizers = {"adam", "sgd:momentum=.9", "rmsprop"};
  EXPECT_EQ(run(config), StudyEnd::complete);
  EXPECT_EQ(fake_.given.size(), 5U + 2U);
  for (const TrainingConfig& given : fake_.given) EXPECT_THAT(given.optimizer, HasSubstr("adam"));
  EXPECT_EQ(load().config["optimizers"], nlohmann::json({"rmsprop:lr=0.5", "sgd:momentum=0.9", "adam"}));
  EXPECT_EQ(load().outcome["chosen"].size(), 3U);
  EXPECT_THAT(messages_, HasSubstr("new optimizers: adam"));
}

TEST_F(EnlargingTest, ANewOptimizerThatGrowsTheGridGrowsItForAll) {
  // rmsprop is best at 1e-2; sgd at 10, which it is not tried with before adam, best at 1, asks for it.
  fake_.train = [](const TrainingConfig& config) {
    const double lr = lr_of(config);
    if (config.optimizer.starts_with("adam")) return Pretended{.accuracy = lr == 1 ? 0.9 : 0.1 * std::min(lr, 1.0)};
    if (config.optimizer.starts_with("sgd")) return Pretended{.accuracy = lr == 10 ? 0.9 : lr == 1e-2 ? 0.8 : 0.1};
    return Pretended{.accuracy = lr == 1e-2 ? 0.9 : 0.1};
  };
  CompareConfig config = with_seeds(8);
  config.tuning.given = false;
  run(config);
  EXPECT_EQ(load().outcome["chosen"]["sgd:momentum=0.9"]["lr"], 1e-2);
  config.optimizers.push_back("adam");
  EXPECT_EQ(run(config), StudyEnd::complete);
  const StudyData study = load();
  EXPECT_EQ(study.outcome["chosen"]["adam"]["lr"], 1);
  EXPECT_EQ(study.outcome["chosen"]["sgd:momentum=0.9"]["lr"], 10);
  EXPECT_EQ(study.outcome["chosen"]["rmsprop"]["lr"], 1e-2);
  EXPECT_EQ(finals_given(), 16U) << "adam's eight, and sgd's again";
  EXPECT_EQ(study.trials.size(), 3U * 5U + 3U * 8U) << "sgd's former final trials are gone";
  EXPECT_THAT(messages_,
              HasSubstr("sgd:momentum=0.9: another lr is chosen than before, so that its 8 final trials are"));
}

TEST_F(EnlargingTest, CutOffWhileItIsEnlargedItGoesOn) {
  run(with_seeds(8));
  CompareConfig larger = with_seeds(9);
  larger.optimizers.push_back("adam");
  for (std::size_t cut : {0U, 2U, 5U}) {
    fake_.stop_after = cut;
    fake_.stopped = false;
    EXPECT_EQ(run(larger), StudyEnd::interrupted);
    EXPECT_EQ(standing().looks_taken, 1);
    EXPECT_TRUE(standing().enlarged);
  }
  fake_.stop_after = 1000;
  fake_.stopped = false;
  EXPECT_EQ(run(larger), StudyEnd::complete);
  EXPECT_EQ(standing().looks_taken, 2);
  EXPECT_EQ(load().trials.size(), 3U * 3U + 3U * 9U);
}

TEST_F(EnlargingTest, FewerAreRefusedByWhatTheStudyHas) {
  run(with_seeds(8));
  EXPECT_THAT([&] { run(with_seeds(4)); },
              ThrowsMessage<Error>(AllOf(HasSubstr("seeds 1 to 8, now 1 to 4"), HasSubstr("not fewer"))));
  CompareConfig other = with_seeds(8);
  std::ranges::for_each(other.seeds, [](std::uint64_t& seed) { seed += 4; });
  EXPECT_THAT([&] { run(other); }, ThrowsMessage<Error>(HasSubstr("seeds 1 to 8, now 5 to 12")));
  other = with_seeds(8);
  other.optimizers = {"adam", "rmsprop"};
  EXPECT_THAT([&] { run(other); },
              ThrowsMessage<Error>(AllOf(HasSubstr("(sgd:momentum=0.9)"), HasSubstr("not fewer"))));
  other = with_seeds(10);
  other.tuning.seeds = {101, 102};
  EXPECT_THAT([&] { run(other); }, ThrowsMessage<Error>(HasSubstr("tuning.seeds.1: none, now 102")));
  EXPECT_EQ(load().config, nlohmann::json(with_seeds(8))) << "a refusal changes nothing";
  EXPECT_FALSE(standing().enlarged);
}

TEST_F(EnlargingTest, AStudyThatAnEarlierThalwegFinishedHasBeenLookedAt) {
  run(with_seeds(8));
  {
    StudyFolder folder = open_study_folder(folder_.path(), with_seeds(8), "classification", "", false);
    StudyData study = folder.store.load();
    study.config.erase("looks");
    study.config["tuning"].erase("given");
    for (const char* key : {"grid", "looks_taken", "look_pending"}) study.outcome.erase(key);
    folder.store.set_plan(study.config, study.command, study.outcome);
  }
  EXPECT_EQ(run(with_seeds(9)), StudyEnd::complete);
  EXPECT_TRUE(standing().enlarged);
  EXPECT_EQ(standing().looks_taken, 2);
}

TEST_F(EnlargingTest, DataIsKnownByItsContentWhereverItIs) {
  const auto at = [](const std::string& path, const std::string& fingerprint) {
    CompareConfig config = with_seeds(2);
    config.training.data = path;
    config.data_fingerprint = fingerprint;
    return config;
  };
  fake_.stop_after = 3;
  EXPECT_EQ(run(at("idx:data", "1234")), StudyEnd::interrupted);
  fake_.stop_after = 1000;
  fake_.stopped = false;
  EXPECT_THAT([&] { run(at("idx:data", "5678")); },
              ThrowsMessage<Error>(HasSubstr("\"idx:data\" holds other examples")));
  EXPECT_EQ(run(at("idx:/moved/data", "1234"), "thalweg compare --data idx:/moved/data"), StudyEnd::complete);
  EXPECT_EQ(fake_.given.size(), 2U * 3U + 4U - 3U) << "what had finished is kept";
  for (const TrainingConfig& config : fake_.given) EXPECT_EQ(config.data, "idx:/moved/data");
  EXPECT_EQ(load().command, "thalweg compare --data idx:/moved/data");
  EXPECT_EQ(load().config["training"]["data"], "idx:/moved/data");
  EXPECT_EQ(run(at("idx:data", "1234")), StudyEnd::complete) << "and back";
}

TEST_F(EnlargingTest, WithoutAFingerprintDataIsKnownByItsPath) {
  CompareConfig config = with_seeds(2);
  config.training.data = "idx:data";
  run(config);
  config.data_fingerprint = "1234";
  EXPECT_EQ(run(config), StudyEnd::complete);
  config.training.data = "idx:/moved/data";
  EXPECT_THAT([&] { run(config); }, ThrowsMessage<Error>(HasSubstr("training.data: \"idx:data\", now")));
}

TEST(Enlarge, RefusesWhatIsNoConfiguration) {
  for (const char* text :
       {"null", "7", "{}", "[]", R"({"optimizers": 3, "seeds": [1], "tuning": null, "training": {}})",
        R"({"optimizers": ["nonsense"], "seeds": [1, 2], "tuning": 7, "training": 8})"}) {
    EXPECT_THAT(enlarge(nlohmann::json::parse(text), sample_config()).differences, Not(IsEmpty())) << text;
  }
  nlohmann::json unknown = sample_config();
  unknown["optimizers"][0] = "rmsprob";
  EXPECT_THAT(enlarge(unknown, sample_config()).differences, ElementsAre(HasSubstr("rmsprob")));
}

TEST(Enlarge, TakesKeysThatWereAddedSinceForTheirDefaults) {
  nlohmann::json old = sample_config();
  old["training"].erase("test_limit");
  EXPECT_THAT(enlarge(old, sample_config()).differences, IsEmpty());
  old["training"]["test_limit"] = 5;
  EXPECT_THAT(enlarge(old, sample_config()).differences, ElementsAre("training.test_limit: 5, now 0"));
}

TEST(SeedsText, ShortensRows) {
  EXPECT_EQ(seeds_text({1, 2, 3}), "1 to 3");
  EXPECT_EQ(seeds_text({1, 2}), "1, 2");
  EXPECT_EQ(seeds_text({4}), "4");
  EXPECT_EQ(seeds_text({1, 2, 4}), "1, 2, 4");
}

}  // namespace
}  // namespace thalweg::lab
