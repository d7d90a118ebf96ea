// Tests of what a report shows of searches, against the studies' own numbers.
#include "idx_files.h"
#include "page/text.h"
#include "page_parts.h"
#include "report/parameter_axis.h"
#include "report/report.h"
#include "report/samples.h"
#include "report/search.h"
#include "report/search_answer.h"
#include "report/search_samples.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::times;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// From one text up to the next one behind it; empty where the first is not.
std::string between(const std::string& html, const std::string& first, const std::string& next) {
  const std::size_t begin = html.find(first);
  return begin == std::string::npos ? "" : html.substr(begin, html.find(next, begin) - begin);
}

std::string page_of(const StudyData& study) { return report_html({&study, 1}); }

std::string history_of(const std::string& html) { return between(html, "<h3>History</h3>", "</figure>"); }

bool is_complete(const TrialData& run) {
  return run.status == TrialStatus::finished && run.result->outcome == Outcome::completed;
}

double value_of(const TrialData& run) { return run.epochs.back().validation->at("accuracy"); }

TEST(SearchReport, AnswersWithTheBestTrial) {
  const StudyData study = samples::search_study(60);
  const TrialData* best = nullptr;
  std::size_t complete = 0, diverged = 0;
  for (const TrialData& run : study.trials) {
    diverged += run.result && run.result->outcome == Outcome::diverged;
    if (!is_complete(run)) continue;
    ++complete;
    if (best == nullptr || value_of(run) > value_of(*best)) best = &run;
  }
  const std::string html = page_of(study);
  EXPECT_THAT(html, HasSubstr(fmt::format("validation <bdi>accuracy</bdi> {:.2f}\u00A0%</h2>", 100 * value_of(*best))));
  EXPECT_THAT(html, HasSubstr(fmt::format("<p class=\"detail\">Trial {}: <bdi>optimizer ", *best->number)));
  EXPECT_THAT(
      html, HasSubstr(fmt::format("60 trials: {} complete, {} diverged, 1 failed, 1 unfinished", complete, diverged)));
  EXPECT_THAT(html, HasSubstr(fmt::format("The best of {} values was chosen", complete)));
  // What it would train is what the best trial was.
  EXPECT_THAT(html, HasSubstr(fmt::format("lr={}", best->parameters.at("lr").dump())));
  EXPECT_THAT(html, HasSubstr("<code><bdi>momentum=0:0.99:if:optimizer=sgd</bdi></code>"));
}

TEST(SearchReport, HistoryMarksEveryTrialAndEachNewBest) {
  const StudyData study = samples::search_study(60);
  std::size_t complete = 0, diverged = 0, improvements = 0;
  double best = -1;
  for (const TrialData& run : study.trials) {
    diverged += run.result && run.result->outcome == Outcome::diverged;
    if (!is_complete(run)) continue;
    ++complete;
    improvements += value_of(run) > best;
    best = std::max(best, value_of(run));
  }
  const std::string history = history_of(page_of(study));
  EXPECT_EQ(times(history, "<circle class=\"dot\""), complete);
  EXPECT_EQ(times(history, ">×<title>"), diverged);
  EXPECT_EQ(times(history, ">+<title>"), 1u);
  EXPECT_EQ(times(history, "<tr><th scope=\"row\">"), improvements);
  EXPECT_EQ(times(history, "class=\"so-far\""), 2 * improvements - 1) << "along, and up between them";
  EXPECT_GT(diverged, 0u);
}

TEST(SearchReport, SlicesHaveThePlacesOfTheRange) {
  const SearchSpace space = parse_space(std::vector<std::string>{"lr=log:1e-4:1", "x=int:0:10", "c=choice:a|b|c|d"});
  const ParameterAxis lr(space.dimensions[0]), x(space.dimensions[1]), c(space.dimensions[2]);
  EXPECT_NEAR(lr.place(1e-2), 50, 1e-9);
  EXPECT_NEAR(lr.place(1e-1) - lr.place(1e-2), lr.place(1e-2) - lr.place(1e-3), 1e-9);
  EXPECT_NEAR(x.place(5), 50, 1e-9);
  EXPECT_NEAR(c.place(0), 12.5, 1e-9);
  for (const Axis::Tick& tick : lr.ticks())
    EXPECT_NEAR(std::log10(tick.value), std::round(std::log10(tick.value)), 1e-9);
  EXPECT_EQ(lr.ticks().size(), 5u);
  for (const Axis::Tick& tick : x.ticks()) EXPECT_EQ(tick.text, fmt::format("{}", tick.value)) << "whole";
  // Trials in which it does not count are apart from all others.
  const ParameterAxis with_absent(space.dimensions[0], true);
  EXPECT_LT(with_absent.place({}), with_absent.place(1e-4));
  EXPECT_NEAR(with_absent.place(1), 100 - (100 - with_absent.place(1e-4)) * 0.04, 5);
}

TEST(SearchReport, ASliceOfAConditionalParameterHasTrialsInWhichItCounts) {
  const StudyData study = samples::search_study(60);
  std::size_t complete = 0;
  for (const TrialData& run : study.trials) complete += is_complete(run) && run.parameters.contains("momentum");
  const std::string slice = between(page_of(study), "<h4><bdi>momentum</bdi></h4>", "</svg>");
  EXPECT_EQ(times(slice, "<circle class=\"dot\""), complete);
  EXPECT_GT(complete, 0u);
}

TEST(SearchReport, SectionsAppearOnlyWhereTheyApply) {
  const std::string search = page_of(samples::search_study(60)), hyperband = page_of(samples::hyperband_study()),
                    one = page_of(samples::one_trial_search());
  for (const char* part : {"<h3>History</h3>", "<h3>Importance</h3>", "<h3>One parameter at a time</h3>",
                           "<h3>All parameters at once</h3>", "<h3>Two parameters at a time</h3>",
                           "<h3>Learning curves</h3>", "<h3>Trials</h3>"}) {
    EXPECT_EQ(times(search, part), 1u) << part;
  }
  EXPECT_EQ(times(search, "<h3>Rungs</h3>"), 0u);
  EXPECT_EQ(times(hyperband, "<h3>Rungs</h3>"), 1u);
  EXPECT_EQ(times(hyperband, "<h3>Two parameters at a time</h3>"), 0u) << "one complete trial";
  EXPECT_THAT(
      one, AllOf(HasSubstr("The only trial has"), HasSubstr("<h3>Trials</h3>"), HasSubstr("<h3>Learning curves</h3>")));
  EXPECT_THAT(
      one, AllOf(Not(HasSubstr("<h3>History")), Not(HasSubstr("<h3>Importance")), Not(HasSubstr("<h3>One parameter")),
                 Not(HasSubstr("<h3>All parameters")), Not(HasSubstr("was chosen for being the best"))));
}

TEST(SearchReport, RungsCountTrials) {
  const StudyData study = samples::hyperband_study();
  const std::string rungs = between(page_of(study), "<h3>Rungs</h3>", "</table>");
  for (const std::int64_t epochs : {1, 3, 9, 27}) {
    const auto came = std::ranges::count_if(study.trials, [&](auto& run) { return std::ssize(run.epochs) >= epochs; });
    const auto ended = std::ranges::count_if(study.trials, [&](auto& run) { return std::ssize(run.epochs) == epochs; });
    EXPECT_THAT(rungs, HasSubstr(fmt::format("<th scope=\"row\">{}</th><td>{}</td><td>{}</td>", epochs, came, ended)));
  }
}

TEST(SearchReport, SearchesStandBesideComparisons) {
  const std::vector<StudyData> studies{samples::compare_study(8), samples::search_study(24)};
  const std::string both = report_html(studies), search = page_of(studies[1]), compare = page_of(studies[0]);
  EXPECT_EQ(times(both, "<h2 class=\"answer\">"), 2u);
  EXPECT_EQ(times(search, "<h2 class=\"answer\">"), 1u);
  EXPECT_THAT(both, AllOf(HasSubstr("Bonferroni"), HasSubstr("Kelley")));
  EXPECT_THAT(search, Not(HasSubstr("Bonferroni")));
  EXPECT_THAT(compare, Not(HasSubstr("Kelley")));
  EXPECT_THAT(report_text(studies), AllOf(HasSubstr("24 trials, "), HasSubstr("95 % interval")));
}

TEST(SearchReport, ShowsHostileNamesAsText) {
  const StudyData study = samples::hostile_search();
  const std::string html = page_of(study);
  EXPECT_EQ(times(html, "<script"), 3u);
  EXPECT_EQ(times(html, "</script"), 3u);
  EXPECT_EQ(times(html, "<img"), 0u);
  EXPECT_EQ(times(html, "<b>cost"), 0u);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(valid_utf8(html), html);
  EXPECT_THAT(html,
              AllOf(HasSubstr("&lt;b&gt;cost&lt;/b&gt;"), HasSubstr("&lt;img src onerror&gt;"), HasSubstr("wwwwwww")));
  // A program's page says nothing of data and models.
  EXPECT_THAT(html, AllOf(Not(HasSubstr("fashion-mnist")), Not(HasSubstr("test part was not touched"))));
  const std::string text = report_text({&study, 1});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("40 trials, 34 complete, 6 failed"));
}

TEST(SearchReport, LeavesOutRowsAndDotsAndSaysSo) {
  const StudyData study = samples::search_study(1000);
  const std::string html = page_of(study), trials = between(html, "<h3>Trials</h3>", "</section>");
  EXPECT_EQ(times(trials, "<tr><th scope=\"row\">"), 200u);
  EXPECT_THAT(trials, HasSubstr("800 more are left out"));
  EXPECT_LE(times(history_of(html), "<circle"), 600u);
  EXPECT_THAT(html, HasSubstr("the best 100, and one in 2 of the others"));
  EXPECT_LT(html.size(), 3u << 20);
}

TEST(SearchReport, SamplesKeepTheBest) {
  const StudyData study = samples::search_study(1000);
  const Search search = search_of(study);
  const Sample sample = sample_of(search, search.ranked, 200);
  EXPECT_LE(sample.trials.size(), 200u);
  EXPECT_TRUE(std::ranges::is_sorted(sample.trials));
  const std::set<std::size_t> kept(sample.trials.begin(), sample.trials.end());
  EXPECT_EQ(kept.size(), sample.trials.size());
  for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(kept.contains(search.ranked[i]));
  const Sample all = sample_of(search, {3, 1, 2}, 200);
  EXPECT_EQ(all.trials, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(all.text(), "");
}

TEST(SearchReport, ValuesFarAwayLieAtTheEdge) {
  const StudyData study = samples::hostile_search();
  const Search search = search_of(study);
  const ValueAxis axis = *value_axis(search);
  ASSERT_TRUE(axis.cut);
  EXPECT_LT(*axis.cut, 5) << "one value is 1e9, the others up to about 4";
  EXPECT_EQ(axis.place(1e9), axis.edge());
  EXPECT_EQ(axis.part(1e9), 0);
  EXPECT_EQ(axis.part(*search.trials[*search.best].value), 1);
  const StudyData near = samples::hyperband_study();
  EXPECT_FALSE(value_axis(search_of(near))->cut);
}

TEST(SearchReport, SaysTheBudget) {
  TuneConfig config;
  config.training.stop.epochs = 3;
  EXPECT_EQ(budget_text(config), "3 epochs and 1 seed each");
  config.seeds = {1, 2};
  config.folds = 5;
  config.training.stop.patience = 2;
  EXPECT_EQ(budget_text(config), "up to 3 epochs, 2 seeds and 5 folds each");
}

TEST(SearchReport, WithoutACompleteTrialThereIsNoBest) {
  StudyData study = samples::search_study(12);
  for (TrialData& run : study.trials) {
    run.status = TrialStatus::failed;
    run.error = "out of memory";
    run.result.reset();
    run.epochs.clear();
  }
  const std::string html = page_of(study);
  EXPECT_THAT(html, AllOf(HasSubstr("No trial was trained to its end"), HasSubstr("out of memory"),
                          Not(HasSubstr("<h3>History"))));
  study.trials.clear();
  EXPECT_THAT(page_of(study), HasSubstr("0 trials"));
}

TEST(SearchReport, CsvHasNumbersAndParameters) {
  const test::TemporaryFolder folder;
  const StudyData study = samples::search_study(12);
  write_csv({&study, 1}, folder.path());
  std::ifstream file(folder.path() / "trials.csv", std::ios::binary);
  const std::string csv(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(csv, HasSubstr(",number,parameters\r\n"));
  for (const TrialData& run : study.trials) {
    std::string quoted;
    for (const char c : run.parameters.dump()) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    EXPECT_THAT(csv, HasSubstr(fmt::format(",{},\"{}\"\r\n", *run.number, quoted)));
  }
}

}  // namespace
}  // namespace thalweg::lab
