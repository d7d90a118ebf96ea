// Tests of the report: what it says, that nothing in it can break out, and its CSV.
#include "report/report.h"
#include "page_parts.h"

#include "duration.h"
#include "page/text.h"
#include "report/samples.h"
#include "report/summary.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

const Metric& kAccuracy = find_metric("accuracy");
const Measure kValidationLoss{Part::validation, &find_metric("loss")};

namespace fs = std::filesystem;
using samples::study_of;
using test::data_of;
using test::times;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Summary, TargetCountsRunsThatNeverGetThere) {
  const StudyData study = study_of({0.905, 0.80}, 8, 0);
  const Summary summary = summarize({&study, 1}, 0.85).at(0);
  EXPECT_EQ(summary.competitors[0].reached, 8u);
  EXPECT_EQ(summary.competitors[0].goal_epochs, 2);
  EXPECT_EQ(summary.competitors[0].goal_seconds, 5);
  EXPECT_EQ(summary.competitors[1].reached, 0u);
  EXPECT_TRUE(std::isinf(*summary.competitors[1].goal_epochs));
  EXPECT_THAT(report_html({&study, 1}, {.goal = 0.85, .command = {}}), HasSubstr("not reached"));
}

TEST(Summary, DefaultTargetLeavesOutTheHopeless) {
  const StudyData study = study_of({0.905, 0.893, 0.10}, 8, 0);
  EXPECT_NEAR(*summarize({&study, 1}).at(0).goal, 0.89, 1e-12);
}

TEST(Summary, TargetMustBeAnAccuracy) {
  const StudyData study = study_of({0.9}, 8);
  for (const double goal : {1.01, -1.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(summarize({&study, 1}, goal), Error);
}

TEST(Summary, StudiesOfOneTaskAreTakenTogetherOthersApart) {
  StudyData first = study_of({0.8}, 4), second = study_of({0.8}, 8), other = study_of({0.8}, 3);
  for (TrialData& trial : other.trials) trial.config.model = "cnn";
  const std::vector<StudyData> studies{first, other, second};
  const auto summaries = summarize(studies);
  ASSERT_EQ(summaries.size(), 2u);
  ASSERT_EQ(summaries[0].competitors.size(), 1u);
  // Seeds 1 to 4 are in both studies and count once.
  EXPECT_EQ(summaries[0].competitors[0].runs.size(), 8u);
  EXPECT_EQ(summaries[1].competitors[0].runs.size(), 3u);
}

TEST(Summary, DataIsItsContentWhereItIsKnown) {
  const auto on = [](const std::string& path, const char* fingerprint) {
    StudyData study = study_of({0.8}, 2);
    for (TrialData& trial : study.trials) trial.config.data = path;
    if (fingerprint != nullptr) study.config["data_fingerprint"] = fingerprint;
    return study;
  };
  const auto tasks = [](const StudyData& first, const StudyData& second) {
    return summarize(std::vector<StudyData>{first, second}).size();
  };
  EXPECT_EQ(tasks(on("idx:here", "1"), on("idx:there", "1")), 1u);
  EXPECT_EQ(tasks(on("idx:here", "1"), on("idx:here", "2")), 2u);
  EXPECT_EQ(tasks(on("idx:here", nullptr), on("idx:here", "1")), 1u);
  EXPECT_EQ(tasks(on("idx:here", nullptr), on("idx:there", "1")), 2u);
}

TEST(Summary, OneNameForTwoThingsIsTwoCompetitors) {
  StudyData first = study_of({0.8}, 2), second = study_of({0.9}, 2);
  for (TrialData& trial : second.trials) trial.config.optimizer = "a:lr=0.01";
  const auto summaries = summarize(std::vector<StudyData>{first, second});
  ASSERT_EQ(summaries.size(), 1u);
  ASSERT_EQ(summaries[0].competitors.size(), 2u);
  EXPECT_EQ(summaries[0].competitors[0].name, "a:lr=0.001");
  EXPECT_EQ(summaries[0].competitors[1].name, "a:lr=0.01");
}

TEST(Summary, BandsFromEightRunsOnOnly) {
  const StudyData few = samples::compare_study(7), enough = samples::compare_study(8);
  for (const CurvePoint& point : summarize({&few, 1})[0].competitors[0].curve(kValidationLoss))
    EXPECT_FALSE(point.interval);
  for (const CurvePoint& point : summarize({&enough, 1})[0].competitors[0].curve(kValidationLoss)) {
    ASSERT_TRUE(point.interval);
    EXPECT_TRUE(point.interval->contains(point.median));
    EXPECT_GE(point.interval->low, point.least);
    EXPECT_LE(point.interval->high, point.greatest);
  }
}

TEST(Summary, TuningKeepsDivergedRatesAndSeesTheEdge) {
  const StudyData study = samples::compare_study(8, true);
  const auto& competitors = summarize({&study, 1})[0].competitors;
  const auto& rmsprop = competitors[0];
  ASSERT_EQ(rmsprop.learning_rates.size(), 7u);
  EXPECT_FALSE(rmsprop.at_edge);
  EXPECT_EQ(rmsprop.learning_rates.back().diverged, 2u);
  EXPECT_FALSE(rmsprop.learning_rates.back().value);
  EXPECT_TRUE(competitors[1].at_edge);
}

TEST(Report, BelowEightSeedsShowsPointsAndNoMean) {
  const StudyData few = study_of({0.81234}, 3, 0), enough = study_of({0.81234}, 8, 0);
  EXPECT_THAT(report_html({&few, 1}), AllOf(HasSubstr("81.23, 81.23, 81.23"), Not(HasSubstr("class=\"mean\""))));
  EXPECT_THAT(report_html({&enough, 1}), AllOf(HasSubstr("81.23 to 81.23"), HasSubstr("class=\"mean\"")));
}

TEST(Report, CarriesWhatRepeatsIt) {
  const StudyData study = samples::compare_study(8, true);
  const std::string html = report_html({&study, 1}, {.goal = {}, .command = "thalweg report runs/sample"});
  for (const char* part : {"thalweg compare --model mlp", "seeds: 1 2 3 4 5 6 7 8", "tuning seeds: 1001 1002",
                           "libtorch: 1.13.1", "Made-up CPU", "thalweg report runs/sample", "&quot;grid&quot;",
                           "worker ended by signal 9", "gradient of &quot;dense1.weight&quot; is not finite"})
    EXPECT_THAT(html, HasSubstr(part));
}

TEST(Report, ChartsHaveBandsUnitsAndTables) {
  const StudyData study = samples::compare_study(8);
  const std::string html = report_html({&study, 1});
  const auto data = data_of(html);
  ASSERT_EQ(data.size(), 1u);
  EXPECT_EQ(data[0]["groups"].size(), 4u);
  const auto& charts = data[0]["charts"];
  ASSERT_EQ(charts.size(), 5u);
  EXPECT_EQ(times(html, "<figure>"), 5u);
  EXPECT_EQ(times(html, ": the numbers</summary>"), 5u);
  for (const auto& chart : charts) {
    EXPECT_THAT(chart["yLabel"].get<std::string>(), testing::AnyOf("accuracy (%)", "cross-entropy (nats)"));
    EXPECT_FALSE(chart["xLabel"].get<std::string>().empty());
  }
  const auto& points = charts[0]["series"][0]["points"];
  ASSERT_EQ(points.size(), 10u);
  for (const auto& point : points) {
    EXPECT_LT(point[1], point[2]);
    EXPECT_LT(point[2], point[3]);
    EXPECT_GT(point[2], 50);  // percent
  }
  const StudyData few = samples::compare_study(3);
  EXPECT_EQ(data_of(report_html({&few, 1}))[0]["charts"][0]["series"].size(), 12u);
}

TEST(Report, OneRunHasItsCurves) {
  const StudyData study = samples::train_study();
  const std::string html = report_html({&study, 1});
  const auto data = data_of(html);
  EXPECT_EQ(data[0]["groups"][0]["name"], "training");
  EXPECT_EQ(data[0]["charts"].size(), 3u);
  EXPECT_THAT(html, HasSubstr("test accuracy."));
}

TEST(Report, OneRunOfClassesHasItsConfusions) {
  const StudyData study = samples::train_study();
  const std::string html = report_html({&study, 1});
  const Review& review = *study.trials[0].result->review;
  EXPECT_EQ(times(html, "<td class=\"hit\""), review.classes.size());
  EXPECT_EQ(times(html, "<td class=\"missed\""), review.confusions.size() - review.classes.size());
  EXPECT_THAT(html,
              AllOf(HasSubstr("<td class=\"hit\" style=\"--share:0.993\">993</td>"), HasSubstr("<h3>By class</h3>")));
  EXPECT_EQ(times(html, "<img alt=\"row "), review.misses.size());
  // Many classes: the most frequent confusions in place of a matrix.
  StudyData many = study;
  Review& large = *many.trials[0].result->review;
  for (int i = 10; i < 60; ++i) large.classes.push_back("class " + std::to_string(i));
  const std::string listed = report_html({&many, 1});
  EXPECT_THAT(listed, Not(HasSubstr("Confusion matrix")));
  EXPECT_LT(listed.find("<td>63</td>"), listed.find("<td>56</td>")) << "9 × 7 of one, 8 × 7 of the next";
}

TEST(Report, FoldsAreReviewedTogether) {
  StudyData study = samples::train_study();
  study.trials.push_back(study.trials[0]);
  study.trials[1].id = 2;
  study.trials[1].config.seed = 2;
  const std::string html = report_html({&study, 1});
  EXPECT_THAT(html, HasSubstr("--share:0.993\">1,986</td>"));
}

TEST(Report, FoldsHaveASpreadButNeitherIntervalNorVerdict) {
  const auto folds = [](std::vector<double> means) {
    StudyData study = samples::study_of(means, 10);
    for (TrialData& trial : study.trials) {
      trial.config.folds = 10;
      trial.config.fold = static_cast<std::int64_t>(trial.config.seed);
    }
    return study;
  };
  const StudyData one = folds({0.8}), two = folds({0.8, 0.9});
  const Summary summary = summarize({&one, 1}).front();
  EXPECT_TRUE(summary.competitors[0].mean && summary.competitors[0].sd);
  EXPECT_FALSE(summary.competitors[0].interval);
  EXPECT_THAT(report_text({&one, 1}),
              AllOf(HasSubstr("Over 10 folds; standard deviation"), HasSubstr("none over folds")));
  EXPECT_THAT(report_html({&one, 1}), HasSubstr("Each dot is a fold"));
  // Ten seeds would have named a winner; folds do not.
  const StudyData seeds = samples::study_of({0.8, 0.9}, 10);
  EXPECT_FALSE(summarize({&seeds, 1}).front().comparisons.empty());
  EXPECT_TRUE(summarize({&two, 1}).front().comparisons.empty());
  EXPECT_THAT(report_text({&two, 1}), HasSubstr("No verdict: folds"));
  EXPECT_THAT(report_html({&two, 1}), HasSubstr("No verdict: folds"));
}

TEST(Report, OneRunOfNumbersHasItsResiduals) {
  StudyData study = samples::regression_study();
  const std::string html = report_html({&study, 1});
  EXPECT_THAT(html, AllOf(HasSubstr("450 of 900 test examples"), HasSubstr("450 dots: prediction against truth"),
                          HasSubstr("450 dots: residual against prediction"), HasSubstr("city Rome")));
  // Where the first dot is: its truth 100 and its prediction, on axes that are alike.
  Review& review = *study.trials[0].result->review;
  review.pairs = {{0, 10}, {10, 0}};
  const std::string two = report_html({&study, 1});
  const std::size_t dots = two.find("class=\"points\" d=\"M");
  ASSERT_NE(dots, std::string::npos);
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  ASSERT_EQ(std::sscanf(two.c_str() + two.find("=\"M", dots) + 2, "M%lf %lfh0M%lf %lfh0", &x1, &y1, &x2, &y2), 4);
  EXPECT_NEAR(x1 + x2, 100, 0.02) << "mirrored at the diagonal";
  EXPECT_NEAR(x1, y1, 0.02) << "left, and y counts from the top";
  EXPECT_NEAR(x2, y2, 0.02);
  EXPECT_LT(x1, x2);
}

TEST(Report, OneRunOfTextsWrites) {
  const StudyData study = samples::text_study();
  EXPECT_THAT(report_html({&study, 1}), HasSubstr("licence</span> and the terms\nof the licence &amp; the work</pre>"));
}

TEST(Report, OneRunIsLookedInto) {
  StudyData study = samples::train_study();
  const std::string html = report_html({&study, 1});
  const auto data = data_of(html);
  ASSERT_EQ(data.size(), 4U) << "the section's, layers, norms, rates: each has a legend of its own";
  EXPECT_EQ(data[1]["groups"].size(), 3U) << "weights without biases";
  EXPECT_EQ(data[1]["groups"][0]["name"], "conv1.weight");
  EXPECT_EQ(data[1]["charts"][0]["series"][0]["points"].size(), study.trials[0].diagnostics.size());
  EXPECT_EQ(data[2]["groups"][1]["name"], "after clipping");
  // A row of the heat map for each parameter, and a row of its table for each step.
  EXPECT_EQ(times(html, "<svg viewBox=\"0 0 " + std::to_string(study.trials[0].diagnostics.size()) + " 1\""), 4U);
  EXPECT_THAT(html, AllOf(HasSubstr("Gradients of <code>conv1.weight</code>"), HasSubstr("vanishing"),
                          HasSubstr("<th scope=\"col\"><bdi>dense1 (128 units)</bdi></th>")));
  EXPECT_THAT(report_text({&study, 1}), HasSubstr("Gradients of `conv1.weight`"));
  // What was recorded before there were diagnostics has none.
  study.trials[0].diagnostics.clear();
  EXPECT_THAT(report_html({&study, 1}), Not(HasSubstr("Inside the network")));
  // What is not finite is neither drawn nor shown as a number.
  study = samples::train_study();
  LayerRecord& broken = study.trials[0].diagnostics.back().layers[1];
  broken.gradient_norm = broken.update_norm = -std::nan("");
  broken.non_finite = 7;
  study.trials[0].diagnostics.back().gradient_norm = -std::nan("");
  const std::string with_broken = report_html({&study, 1});
  EXPECT_THAT(with_broken, AllOf(HasSubstr("class=\"broken\""), HasSubstr("<td>not finite</td>")));
  EXPECT_EQ(times(with_broken.substr(0, with_broken.find("<script")), "-nan"), 0U);
}

TEST(Report, FindingsOfACompetitorSayInHowManyRuns) {
  StudyData study = samples::compare_study(8);
  const std::vector<DiagnosticRecord> vanishing = samples::train_study().trials[0].diagnostics;
  int given = 0;
  for (TrialData& trial : study.trials) {
    if (trial.role == TrialRole::final && trial.optimizer == "sgd" && given++ < 3) trial.diagnostics = vanishing;
  }
  const std::string html = report_html({&study, 1});
  EXPECT_THAT(html,
              AllOf(HasSubstr("Inside the networks"), HasSubstr("So in 3 of 8 runs; the numbers are of seed 1.")));
  EXPECT_THAT(report_text({&study, 1}), HasSubstr("sgd: Gradients of `conv1.weight`"));
}

// NaN has a sign, which is the processor's and means nothing.
TEST(Report, NeverShowsANaNsSign) {
  StudyData study = samples::train_study();
  const double nan = -std::nan("");
  EpochRecord& last = study.trials[0].epochs.back();
  last.seconds = last.examples_per_second = nan;
  last.train = {{"loss", nan}, {"accuracy", nan}};
  last.validation = last.train;
  study.trials[0].steps.back().loss = nan;
  study.trials[0].result->seconds = nan;
  study.trials[0].result->test = {{"loss", nan}, {"accuracy", nan}};
  const std::string html = report_html({&study, 1});
  EXPECT_EQ(times(html.substr(0, html.find("<script")), "-nan"), 0u);
  EXPECT_EQ(times(report_text({&study, 1}), "-nan"), 0u);
  EXPECT_THAT(html, HasSubstr("<td>nan</td>"));
}

TEST(Report, ShowsHugeLossesBriefly) {
  StudyData study = samples::train_study();
  study.trials[0].epochs.back().train["loss"] = 172598772136761796591616.0;
  const std::string html = report_html({&study, 1});
  EXPECT_THAT(html, HasSubstr("1.726e+23"));
  EXPECT_EQ(times(html, "172598772136761796"), 0u);
}

TEST(Report, NothingBreaksOut) {
  const StudyData study = samples::hostile_study(8);
  const std::string html = report_html({&study, 1}, {.goal = {}, .command = "</pre><script>alert(1)</script>"});
  // Data block, dygraphs, ours: no other script element, and no markup from a name.
  EXPECT_EQ(times(html, "<script"), 3u);
  EXPECT_EQ(times(html, "</script"), 3u);
  EXPECT_EQ(times(html, "<!--"), 0u);
  EXPECT_EQ(times(html, "<img"), 0u);
  EXPECT_EQ(times(html, "<b>bold"), 0u);
  EXPECT_EQ(valid_utf8(html), html);
  EXPECT_EQ(data_of(html)[0]["groups"][1]["name"], "__proto__");
  EXPECT_EQ(data_of(html)[0]["groups"][0]["name"],
            "</script><script>document.documentElement.dataset.owned=1</script>");
}

TEST(Report, RefersToNothingOutside) {
  const StudyData study = samples::compare_study(8);
  const std::string html = report_html({&study, 1});
  // What a browser reads as markup and style; scripts are kept from the network by the policy.
  const std::string page = html.substr(0, html.find("<script"));
  for (const char* reference : {"http://", "https://", "src=", "url(", "@import", "<link rel=\"stylesheet\""})
    EXPECT_EQ(times(page, reference), 0u) << reference;
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_EQ(times(html, "sourceMappingURL"), 0u);
}

TEST(Report, IsTheSameEveryTime) {
  const StudyData study = samples::compare_study(8, true);
  EXPECT_EQ(report_html({&study, 1}), report_html({&study, 1}));
}

TEST(Report, TextForTheTerminalHasTheTable) {
  const StudyData study = samples::hostile_study(8);
  const std::string text = report_text({&study, 1});
  EXPECT_THAT(text, AllOf(HasSubstr("__proto__"), HasSubstr("95 % interval"), HasSubstr("1 trial failed.")));
  EXPECT_EQ(text.find('\x01'), std::string::npos);
  std::istringstream narrow(report_text({&study, 1}, {}, 40));
  for (std::string line; std::getline(narrow, line);) {
    if (!line.starts_with("  mean %")) continue;
    EXPECT_THAT(line, testing::ContainsRegex("^  mean % +[0-9]+\\.[0-9][0-9]$"));
  }
  EXPECT_THAT(report_text({&study, 1}, {}, 40), HasSubstr("\n  mean % ")) << "a block for each where there is no room";
  EXPECT_EQ(text.back(), '\n');
}

TEST(Text, Escapes) {
  EXPECT_EQ(escape_html("<a b=\"c\" d='e'>&\x01\n"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\uFFFD\n");
  EXPECT_EQ(escape_html("ok \xFF"), "ok \uFFFD");
}

TEST(Text, NumbersHaveSensibleDigits) {
  EXPECT_EQ(value_text(kAccuracy, 0.89234), "89.23\u00A0%");
  EXPECT_EQ(signed_text(kAccuracy, 0.0042), "+0.42");
  EXPECT_EQ(signed_text(kAccuracy, -0.013), "−1.30");
  EXPECT_EQ(number(0.123456), "0.1235");
  for (const double nan : {std::nan(""), -std::nan("")}) {
    EXPECT_EQ(number(nan), "nan");
    EXPECT_EQ(fixed(nan, 2), "nan");
    EXPECT_EQ(value_text(kAccuracy, nan), "nan\u00A0%");
    EXPECT_EQ(signed_text(kAccuracy, nan), "nan");
    EXPECT_EQ(duration(nan), "nan\u00A0s");
    EXPECT_EQ(learning_rate(nan), "nan");
  }
  EXPECT_EQ(number(172598772136761796591616.0), "1.726e+23");
  EXPECT_EQ(fixed(-172598772136761796591616.0, 2), "-1.726e+23");
  EXPECT_EQ(thousands(999), "999");
  EXPECT_EQ(thousands(10'000), "10,000");
  EXPECT_EQ(thousands(1'234'567), "1,234,567");
  EXPECT_EQ(confidence(0.95), "95 %");
  EXPECT_EQ(confidence(1 - 0.05 / 3), "98.3 %");
  EXPECT_EQ(duration(3.456), "3.46\u00A0s");
  EXPECT_EQ(duration(59.99), "1\u00A0min 00\u00A0s");
  EXPECT_EQ(duration(3725), "1\u00A0h 02\u00A0min");
  EXPECT_EQ(whole_duration(3.456), "3\u00A0s");
  EXPECT_EQ(whole_duration(-1), "?");
  EXPECT_EQ(count(1, "seed"), "1 seed");
  EXPECT_EQ(enumerate(std::vector<std::string>{"a", "b", "c"}), "a, b and c");
}

class ReportFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "thalweg-report-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string contents(const fs::path& file) const {
    const auto bytes = read_file(file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  fs::path folder_;
};

// RFC 4180, by its grammar.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        field += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        field += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      EXPECT_TRUE(field.empty());
      quoted = true;
    } else if (c == ',' || c == '\r') {
      rows.back().push_back(std::exchange(field, {}));
      if (c == '\r') {
        EXPECT_EQ(text.at(++i), '\n');
        rows.emplace_back();
      }
    } else {
      field += c;
    }
  }
  EXPECT_FALSE(quoted);
  EXPECT_TRUE(rows.back().empty() && field.empty());
  rows.pop_back();
  return rows;
}

TEST_F(ReportFiles, CsvHasEveryNumberInFull) {
  const StudyData study = samples::compare_study(8, true);
  write_csv({&study, 1}, folder_ / "new" / "csv");
  const auto trials = parse_csv(contents(folder_ / "new" / "csv" / "trials.csv"));
  const auto epochs = parse_csv(contents(folder_ / "new" / "csv" / "epochs.csv"));
  ASSERT_EQ(trials.size(), study.trials.size() + 1);
  const auto column = [](const std::vector<std::vector<std::string>>& rows, const char* name) {
    return static_cast<std::size_t>(std::find(rows[0].begin(), rows[0].end(), name) - rows[0].begin());
  };
  for (const auto& row : trials) EXPECT_EQ(row.size(), trials[0].size());
  for (const auto& row : epochs) EXPECT_EQ(row.size(), epochs[0].size());
  std::size_t records = 0;
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    const TrialData& trial = study.trials[i];
    EXPECT_EQ(trials[i + 1][column(trials, "optimizer")], trial.optimizer);
    const std::string accuracy = trials[i + 1][column(trials, "test_accuracy")];
    if (trial.result && trial.result->test)
      EXPECT_EQ(std::stod(accuracy), trial.result->test->at("accuracy"));
    else
      EXPECT_EQ(accuracy, "");
    for (const EpochRecord& record : trial.epochs)
      EXPECT_EQ(std::stod(epochs[++records][column(epochs, "validation_loss")]), record.validation->at("loss"));
  }
  EXPECT_EQ(epochs.size(), records + 1);
}

TEST_F(ReportFiles, CsvHasEveryLayerOfEveryStepThatWasLookedInto) {
  const StudyData study = samples::train_study();
  write_csv({&study, 1}, folder_);
  const auto rows = parse_csv(contents(folder_ / "layers.csv"));
  std::size_t at = 0;
  for (const DiagnosticRecord& record : study.trials[0].diagnostics) {
    for (const LayerRecord& layer : record.layers) {
      const auto& row = rows.at(++at);
      ASSERT_EQ(row.size(), rows[0].size());
      EXPECT_EQ(row[6], std::to_string(record.step));
      EXPECT_EQ(row[7], layer.parameter);
      EXPECT_EQ(std::stod(row[9]), layer.gradient_norm);
      EXPECT_EQ(std::stod(row[11]), layer.update_norm);
    }
  }
  EXPECT_EQ(rows.size(), at + 1);
  EXPECT_EQ(rows[0][11], "update_norm");
}

TEST_F(ReportFiles, CsvQuotesAndDefusesFormulas) {
  const StudyData study = samples::hostile_study(8);
  write_csv({&study, 1}, folder_);
  const auto trials = parse_csv(contents(folder_ / "trials.csv"));
  const auto name_of = [&](std::size_t row) { return trials.at(row)[2]; };
  bool formula = false, error = false;
  for (std::size_t row = 1; row < trials.size(); ++row) {
    EXPECT_THAT(name_of(row), Not(StartsWith("=")));
    formula |= name_of(row).starts_with("'=HYPERLINK(\"https");
    for (const std::string& field : trials[row]) error |= field.starts_with("'@SUM(A1)\r\n");
  }
  EXPECT_TRUE(formula);
  EXPECT_TRUE(error);
  EXPECT_THAT(contents(folder_ / "epochs.csv"), HasSubstr(",nan,"));
}

TEST_F(ReportFiles, WritesIntoNewFoldersAndNamesWhatItCannotWrite) {
  const StudyData study = samples::train_study();
  write_report({&study, 1}, folder_ / "deep" / "report.html");
  EXPECT_THAT(contents(folder_ / "deep" / "report.html"), StartsWith("<!DOCTYPE html>"));
  const fs::path through_a_file = folder_ / "deep" / "report.html" / "x.html";
  EXPECT_THROW(write_report({&study, 1}, through_a_file), Error);
  EXPECT_THROW(write_csv({&study, 1}, folder_ / "deep" / "report.html"), Error);
}

}  // namespace
}  // namespace thalweg::lab
