// Tests of the words of verdicts: when an optimizer may be called the winner, and what is said where none may.
#include "commands/summary_json.h"
#include "report/headline.h"
#include "report/report.h"
#include "report/samples.h"
#include "report/summary.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using samples::study_of;
using samples::tuned;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string plain(std::string_view name) { return std::string(name); }

Headline headline_of(const StudyData& study) { return headline(summarize({&study, 1}).at(0), plain); }

TrialData& trial_of(StudyData& study, const std::string& optimizer, TrialRole role, std::size_t which = 0) {
  for (TrialData& trial : study.trials)
    if (trial.optimizer == optimizer && trial.role == role && which-- == 0) return trial;
  throw std::out_of_range(optimizer);
}

// Where b is clearly ahead and yet no winner: nothing anywhere may say that it won.
void expect_no_winner(const StudyData& study, const std::string& because) {
  const Headline said = headline_of(study);
  EXPECT_THAT(said.reserve, HasSubstr(because));
  EXPECT_FALSE(said.winner);
  EXPECT_THAT(said.sentence, HasSubstr("at these rates b is "));
  const std::string text = report_text({&study, 1}), html = report_html({&study, 1});
  for (const std::string& all : {text, html.substr(0, html.find("<section id=\"methods\">"))})
    EXPECT_THAT(all, AllOf(HasSubstr("t these rates"), Not(ContainsRegex("won[ ,.<]")), Not(HasSubstr("is better"))));
  EXPECT_THAT(text, HasSubstr(because));
  const nlohmann::json json = summary_json(study);
  EXPECT_TRUE(json["verdict"]["winner"].is_null());
  EXPECT_THAT(json["verdict"]["reserve"].get<std::string>(), HasSubstr(because));
}

TEST(Headline, NamesTheWinnerByHowMuchAndWithWhatConfidence) {
  const StudyData study = tuned(study_of({0.80, 0.90, 0.85}, 8, 0.001, 10'000));
  const Headline said = headline_of(study);
  EXPECT_THAT(said.sentence, AllOf(StartsWith("b won, "), HasSubstr("ahead of c")));
  EXPECT_THAT(said.sentence, ContainsRegex("(4.9|5.0)[0-9] points .(49|50)[0-9] of 10,000 test examples."));
  EXPECT_THAT(said.detail, AllOf(HasSubstr("8 seeds"), HasSubstr("(95 % confidence, all pairs together)")));
  EXPECT_EQ(said.winner, 1u);
  EXPECT_EQ(said.reserve, "");
  const nlohmann::json json = summary_json(study);
  EXPECT_EQ(json["verdict"]["winner"], "b");
  EXPECT_EQ(json["pairs"].size(), 3u);
  EXPECT_EQ(json["pairs"][0]["ahead"], "b");
  EXPECT_NEAR(json["pairs"][0]["interval_level"], 1 - 0.05 / 3, 1e-12);
  EXPECT_EQ(json["optimizers"][0]["interval_level"], 0.95);
}

TEST(Headline, SaysBesideTheVerdictWhatItDoesNotCover) {
  const StudyData study = tuned(study_of({0.80, 0.90}, 8, 0.001, 10'000));
  EXPECT_THAT(headline_of(study).limits, AllOf(HasSubstr("one split"), HasSubstr("one test part of 10,000 examples"),
                                               HasSubstr("1 tuning seed"), HasSubstr("Other data")));
  const std::string html = report_html({&study, 1});
  EXPECT_LT(html.find("one split"), html.find("<ul class=\"facts\">"));
}

// 25 of 10,000 examples are .25 points.
TEST(Headline, CountsALeadInTestExamples) {
  StudyData study = tuned(study_of({0.8900, 0.8925}, 8, 0.0004, 10'000));
  for (std::size_t seed = 0; seed < 8; ++seed)
    trial_of(study, "b", TrialRole::final, seed).result->test->at("accuracy") =
        trial_of(study, "a", TrialRole::final, seed).result->test->at("accuracy") + (seed % 2 == 0 ? 0.0024 : 0.0026);
  EXPECT_EQ(headline_of(study).sentence, "b won, 0.25 points (25 of 10,000 test examples) ahead of a.");
}

TEST(Headline, NamesNoWinnerWhereTheDifferenceMayBeChance) {
  const Headline said = headline_of(tuned(study_of({0.900, 0.9001}, 8, 0.01)));
  EXPECT_EQ(said.sentence, "No winner is shown: the optimizers are too close to call.");
  EXPECT_THAT(said.detail, HasSubstr("No difference from"));
  EXPECT_THAT(headline_of(study_of({0.900, 0.9001}, 8, 0.01)).sentence, HasSubstr("at these rates"));
}

// The pair's own numbers decide: of the words nothing more is claimed.
TEST(Headline, SaysHowManySeedsWouldTell) {
  const StudyData study = tuned(study_of({0.900, 0.9001}, 8, 0.01));
  const Comparison pair = summarize({&study, 1}).at(0).comparisons.at(0);
  ASSERT_EQ(pair.verdict, Verdict::no_difference);
  const std::string words = seeds_text(pair), html = report_html({&study, 1});
  EXPECT_THAT(words, StartsWith("were the difference as observed, "));
  EXPECT_THAT(headline_of(study).detail, HasSubstr("it cannot be told at 8 seeds; " + words + "."));
  EXPECT_THAT(html, HasSubstr("cannot tell at 8 seeds: no difference shown; " + words));
  EXPECT_THAT(report_text({&study, 1}), HasSubstr(words));
  Comparison close{
      .seeds = 8, .difference = 0.5, .sd = 1, .interval = {}, .level = 0.95, .verdict = Verdict::no_difference};
  EXPECT_EQ(seeds_text(close), "were the difference as observed, about 34 seeds would tell");
  close.difference = 0.001;
  EXPECT_EQ(seeds_text(close), "were the difference as observed, more than 1000 seeds would tell");
  close.difference = close.sd = 0;
  EXPECT_EQ(seeds_text(close), "no seed showed any difference");
}

TEST(Headline, BelowEightSeedsItAlwaysCannotTell) {
  const StudyData study = tuned(study_of({0.1, 0.9}, 7, 1e-9));
  EXPECT_THAT(report_html({&study, 1}), AllOf(HasSubstr("cannot tell: fewer than 8 common seeds"),
                                              Not(HasSubstr("seeds would tell")), Not(HasSubstr("is better"))));
}

TEST(Headline, SaysWhoIsTooCloseAndWhoIsBeaten) {
  const Headline said = headline_of(tuned(study_of({0.900, 0.9001, 0.5}, 8, 0.01)));
  EXPECT_THAT(said.sentence, StartsWith("No single winner"));
  EXPECT_THAT(said.detail,
              AllOf(HasSubstr("Better than c, by at least "), HasSubstr("95 % confidence"), Not(HasSubstr("certain"))));
}

TEST(Headline, GivesNoVerdictBelowEightSeeds) {
  const Headline said = headline_of(tuned(study_of({0.1, 0.9}, 7)));
  EXPECT_THAT(said.sentence, HasSubstr("No verdict"));
  EXPECT_THAT(said.sentence + said.detail, AllOf(Not(HasSubstr("won")), Not(HasSubstr("mean"))));
}

TEST(Headline, DivergedRunsCountAsMissingSeeds) {
  StudyData study = tuned(study_of({0.8, 0.9}, 8));
  trial_of(study, "b", TrialRole::final).result->outcome = Outcome::diverged;
  EXPECT_THAT(headline_of(study).sentence, HasSubstr("No verdict"));
}

TEST(Headline, CopesWithNothing) {
  EXPECT_THAT(headline_of(StudyData{}).sentence, HasSubstr("No finished runs"));
  StudyData study = study_of({0.8, 0.9}, 8);
  for (TrialData& trial : study.trials) trial.result->test.reset();
  EXPECT_THAT(headline_of(study).sentence, HasSubstr("No test accuracy"));
}

TEST(Reservations, RatesThatWereNotTuned) {
  expect_no_winner(study_of({0.80, 0.90}, 8), "not tuned: each optimizer ran with the one that was given");
  EXPECT_THAT(headline_of(study_of({0.80, 0.90}, 8)).limits, HasSubstr("learning rate that was given"));
  StudyData one_rate = study_of({0.80, 0.90}, 8);
  one_rate.config["tuning"] = {{"grid", {1e-3}}, {"seeds", {1001}}, {"epochs", 2}, {"given", true}};
  expect_no_winner(one_rate, "not tuned: the grid had a single one, 0.001");
}

// Whoever's it is: one that is behind may have a better rate beyond its grid too.
TEST(Reservations, ARateAtTheEdgeOfItsGrid) {
  for (const std::string optimizer : {"a", "b"}) {
    for (const double edge : {1e-4, 1e-2}) {
      StudyData study = tuned(study_of({0.80, 0.90}, 8));
      for (TrialData& trial : study.trials)
        if (trial.optimizer == optimizer && trial.role == TrialRole::final) {
          trial.lr = edge;
          trial.config.optimizer = optimizer + ":lr=edge";
        }
      expect_no_winner(study, edge < 1e-3 ? "For " + optimizer + " (0.0001) the lowest learning rate of the grid"
                                          : "For " + optimizer + " (0.01) the highest learning rate of the grid");
    }
  }
}

TEST(Reservations, AGridsLastRateThatCouldNotBeTrainedIsNoNeighbour) {
  StudyData study = tuned(study_of({0.80, 0.90}, 8));
  TrialData& beyond = trial_of(study, "b", TrialRole::tune, 2);
  ASSERT_EQ(beyond.lr, 1e-2);
  beyond.result->outcome = Outcome::diverged;
  EXPECT_TRUE(headline_of(study).winner);  // tried, and no good
  beyond.status = TrialStatus::failed;
  beyond.result.reset();
  expect_no_winner(study, "For b (0.001) the highest");
}

TEST(Reservations, AStudyThatWasEnlargedAfterAVerdict) {
  StudyData study = tuned(study_of({0.80, 0.90}, 12));
  study.outcome["enlarged"] = true;
  expect_no_winner(study, "Enlarged after a verdict");
  EXPECT_THAT(headline_of(study).detail, HasSubstr("95 % confidence if this look had been planned"));
}

TEST(Reservations, MoreLooksThanPlanned) {
  StudyData study = tuned(study_of({0.80, 0.90}, 12));
  study.config["looks"] = 2;
  study.outcome["looks_taken"] = 3;
  expect_no_winner(study, "This is look 3 of 2 planned");
}

TEST(Reservations, AStudyThatIsNotFinished) {
  StudyData study = tuned(study_of({0.80, 0.90}, 12));
  trial_of(study, "a", TrialRole::final, 11).status = TrialStatus::pending;
  trial_of(study, "a", TrialRole::final, 11).result.reset();
  expect_no_winner(study, "Not finished: 23 of 24 final trials are done");
  EXPECT_THAT(headline_of(study).sentence, StartsWith("Not finished: at these rates b is"));
}

TEST(Reservations, RunsThatDivergedAreNoSeedsThatAreMissing) {
  StudyData study = tuned(study_of({0.80, 0.90}, 8));
  for (TrialData& trial : study.trials)
    if (trial.optimizer == "b" && trial.role == TrialRole::final) trial.result->outcome = Outcome::diverged;
  EXPECT_EQ(headline_of(study).sentence, "No verdict: too few runs that did not diverge.");
  EXPECT_THAT(headline_of(study).detail, HasSubstr("b diverged in 8 of 8 runs"));
}

TEST(Reservations, ALeaderWhoseRunsDiverged) {
  StudyData study = tuned(study_of({0.80, 0.90}, 12));
  trial_of(study, "b", TrialRole::final).result->outcome = Outcome::diverged;
  expect_no_winner(study, "1 of 12 runs of b diverged");
  study = tuned(study_of({0.80, 0.90}, 12));
  trial_of(study, "a", TrialRole::final).result->outcome = Outcome::diverged;
  EXPECT_TRUE(headline_of(study).winner);
}

TEST(Looks, PlannedOnesAreAnnouncedAndWidenEveryInterval) {
  StudyData study = tuned(study_of({0.80, 0.90}, 12));
  const Summary once = summarize({&study, 1}).at(0);
  study.config["looks"] = 3;
  study.outcome["looks_taken"] = 2;
  const Summary thrice = summarize({&study, 1}).at(0);
  EXPECT_DOUBLE_EQ(thrice.comparisons[0].level, 1 - 0.05 / 3);
  EXPECT_LT(thrice.comparisons[0].interval.low, once.comparisons[0].interval.low);
  EXPECT_LT(thrice.competitors[0].interval->low, once.competitors[0].interval->low);
  const Headline said = headline_of(study);
  EXPECT_THAT(said.sentence, StartsWith("b won"));
  EXPECT_THAT(said.detail, HasSubstr("95 % confidence, all pairs and all 3 planned looks together"));
  EXPECT_THAT(report_text({&study, 1}), HasSubstr("98.3 % interval"));
  EXPECT_THAT(report_html({&study, 1}), AllOf(HasSubstr("98.3 % interval"), HasSubstr("in all 3 planned looks")));
  EXPECT_NEAR(summary_json(study)["optimizers"][0]["interval_level"], 1 - 0.05 / 3, 1e-12);
}

TEST(HalfDone, BeforeTheRatesAreChosen) {
  StudyData study = tuned(study_of({0.80, 0.90}, 8));
  std::erase_if(study.trials, [](const TrialData& trial) { return trial.role == TrialRole::final; });
  study.trials.back().status = TrialStatus::running;
  study.trials.back().result.reset();
  const Headline said = headline_of(study);
  EXPECT_EQ(said.sentence, "Not finished: no final run yet.");
  EXPECT_THAT(said.detail, HasSubstr("5 of 6 tuning trials are done"));
  const std::string text = report_text({&study, 1});
  EXPECT_THAT(text, ContainsRegex("\na +– "));  // no lr 0
  EXPECT_THAT(report_html({&study, 1}), HasSubstr("not chosen yet"));
  EXPECT_TRUE(summary_json(study)["optimizers"][0]["lr"].is_null());
  EXPECT_EQ(summary_json(study)["verdict"]["finished"], false);
  study.outcome["chosen"]["a"] = {{"lr", 1e-3}};
  EXPECT_EQ(summary_json(study)["optimizers"][0]["lr"], 1e-3);
}

TEST(HalfDone, WithTooFewFinalRuns) {
  StudyData study = tuned(study_of({0.80, 0.90}, 8));
  for (std::size_t seed = 5; seed < 8; ++seed) {
    trial_of(study, "b", TrialRole::final, seed).status = TrialStatus::pending;
    trial_of(study, "b", TrialRole::final, seed).result.reset();
  }
  EXPECT_EQ(headline_of(study).sentence, "Not finished, no verdict yet: 13 of 16 final trials are done.");
}

TEST(Pooling, TakesTogetherWhatWasTunedAlike) {
  std::vector<StudyData> studies{tuned(study_of({0.80}, 4)), tuned(study_of({0.80}, 8))};
  EXPECT_EQ(summarize(studies).size(), 1u);
  studies[1].config["tuning"].erase("given");  // as older studies are
  EXPECT_EQ(summarize(studies).size(), 1u);
}

TEST(Pooling, LeavesApartWhatWasNotAndSaysWhy) {
  const StudyData first = tuned(study_of({0.80}, 8));
  const auto expect_apart = [&](StudyData other, const std::string& because) {
    const std::vector<StudyData> studies{first, other};
    const auto summaries = summarize(studies);
    ASSERT_EQ(summaries.size(), 2u) << because;
    EXPECT_TRUE(summaries[0].apart.empty());
    ASSERT_EQ(summaries[1].apart.size(), 1u);
    EXPECT_THAT(summaries[1].apart[0].because, testing::Contains(because));
    for (const std::string& page : {report_text(studies), report_html(studies)})
      EXPECT_THAT(page, AllOf(HasSubstr("Not taken together with the study"), HasSubstr(because)));
  };
  StudyData other = first;
  other.config["tuning"]["grid"] = {1e-3, 1e-2, 1e-1};
  expect_apart(other, "grid of learning rates");
  other = first;
  other.outcome["grid"] = {1e-5, 1e-4, 1e-3, 1e-2};
  expect_apart(other, "grid of learning rates");
  other = first;
  other.config["tuning"]["seeds"] = {1001, 1002};
  expect_apart(other, "tuning seeds");
  other = first;
  other.config["tuning"]["epochs"] = 1;
  expect_apart(other, "epochs of tuning trials");
  other = first;
  other.outcome["enlarged"] = true;
  expect_apart(other, "enlargement after a verdict");
  other = first;
  other.config["looks"] = 3;
  expect_apart(other, "number of planned looks");
  expect_apart(study_of({0.80}, 8), "tuning of learning rates");
}

// Two halves of one study, each too small for a verdict, are one study; two studies with verdicts are a second look.
TEST(Pooling, IsALookWhereThereWasAVerdict) {
  const auto from = [](StudyData study, std::uint64_t first) {
    for (TrialData& trial : study.trials)
      if (trial.role == TrialRole::final) trial.config.seed += first;
    return study;
  };
  const StudyData half = tuned(study_of({0.80, 0.90}, 5)), whole = tuned(study_of({0.80, 0.90}, 8));
  const std::vector<StudyData> halves{half, from(half, 100)}, wholes{whole, from(half, 100)};
  EXPECT_THAT(headline(summarize(halves).at(0), plain).sentence, StartsWith("b won"));
  const Headline said = headline(summarize(wholes).at(0), plain);
  EXPECT_THAT(said.sentence, StartsWith("No winner is named: at these rates b is"));
  EXPECT_THAT(said.reserve, HasSubstr("Taken together after a verdict"));
}

}  // namespace
}  // namespace thalweg::lab
