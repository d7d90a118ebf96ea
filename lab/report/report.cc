// Puts a report's page together.
#include "report/report.h"

#include "output/table.h"
#include "page/folder.h"
#include "page/page.h"
#include "page/text.h"
#include "report/charts.h"
#include "report/headline.h"
#include "report/inside.h"
#include "report/names.h"
#include "report/reservations.h"
#include "report/search.h"
#include "report/search_answer.h"
#include "report/search_sections.h"
#include "report/search_text.h"
#include "report/sections.h"
#include "report/summary.h"
#include "report/tasks_section.h"

#include <thalweg/files.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace thalweg::lab {
namespace {

std::string pretty(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

// `key: value` lines; what is not a text or a number stays JSON.
std::string lines_of(const nlohmann::json& object) {
  std::string lines;
  if (!object.is_object()) return lines;
  for (const auto& [key, value] : object.items())
    lines += fmt::format("{}: {}\n", key, value.is_string() ? value.get<std::string>() : pretty(value));
  return lines;
}

std::string environment_part(const nlohmann::json& environment, const char* part) {
  return environment.is_object() && environment.contains(part) ? lines_of(environment.at(part)) : std::string();
}

bool is_search(const StudyData& study) { return study.kind == "tune"; }

/// Studies by what a report makes of them.
struct Parts {
  std::vector<StudyData> comparisons;
  std::vector<Search> searches;
};

Parts parts_of(std::span<const StudyData> studies) {
  Parts parts;
  for (const StudyData& study : studies) {
    if (is_search(study)) {
      parts.searches.push_back(search_of(study));
    } else {
      parts.comparisons.push_back(study);
    }
  }
  return parts;
}

// What to type to do one study again.
std::string repeat_text(const StudyData& study) {
  if (is_search(study)) return fmt::format("# study {}, made {}\n{}\n", study.name, study.created, study.command);
  std::set<std::uint64_t> tuning, final_runs;
  std::vector<std::string> options;
  for (const TrialData& trial : study.trials) {
    (trial.role == TrialRole::tune ? tuning : final_runs).insert(trial.config.seed);
    if (trial.role == TrialRole::final &&
        std::find(options.begin(), options.end(), trial.config.optimizer) == options.end())
      options.push_back(trial.config.optimizer);
  }
  const auto seeds = [](const std::set<std::uint64_t>& values) {
    std::string text;
    for (const auto seed : values) text += fmt::format("{}{}", text.empty() ? "" : " ", seed);
    return text;
  };
  std::string text = fmt::format("# study {}, made {}\n{}\n\n", study.name, study.created, study.command);
  const char* const what = program_of(study.config) ? "command" : "optimizer";
  for (const std::string& option : options) text += fmt::format("{}: {}\n", what, option);
  text += fmt::format("seeds: {}\n", seeds(final_runs));
  if (!tuning.empty()) text += fmt::format("tuning seeds: {}\n", seeds(tuning));
  return text;
}

// What it was done with.
std::string configuration_text(const StudyData& study) {
  std::string text = fmt::format("# versions\n{}\n# machine\n{}\n# configuration\n{}\n",
                                 environment_part(study.environment, "versions"),
                                 environment_part(study.environment, "machine"), pretty(study.config));
  if (program_of(study.config)) return text;
  if (const auto first = std::find_if(study.trials.begin(), study.trials.end(),
                                      [](const TrialData& trial) { return trial.role == TrialRole::final; });
      first != study.trials.end())
    text += fmt::format("\n# configuration of trial {}\n{}\n", first->id, pretty(first->config));
  return text;
}

std::string repeat_part(std::span<const StudyData> studies, const ReportOptions& options) {
  std::string html = "<section id=\"repeat\"><h2>Repeat this</h2>";
  for (const StudyData& study : studies) {
    html += copyable("Study <bdi>" + escape_html(study.name) + "</bdi>", repeat_text(study));
    html += "<details class=\"json\"><summary>Its versions, machine and configuration</summary>" +
            copyable("Versions, machine, configuration", configuration_text(study)) + "</details>";
  }
  if (!options.command.empty()) html += copyable("This report", options.command);
  return html + "</section>";
}

constexpr const char* kTrainingMethods =
    R"html(<li>A seed decides the initial weights and the order of the training examples; all runs share one data set, one split and one
test part. Intervals speak of other seeds, not of other data.</li>
<li>A run diverged if its loss or a gradient was not finite, or its loss stayed above ten times the mean of its first 20 steps
for 20 steps. It has no test result, and it never reached the goal.</li>
)html";

constexpr const char* kProgramMethods =
    R"html(<li>A command of one’s own is given a seed; what that decides, the command knows. Rates are chosen by the number that it
printed last; final runs are compared by the last one with test_ in front of its name, if all of them print it, else by the
number itself. A run diverged if such a number is not finite.</li>
)html";

constexpr const char* kMethods =
    R"html(<li>Curves: median over seeds at each epoch; band: 95 % interval of the median between order statistics (Hettmansperger and
Sheather 1986), for each epoch by itself: a whole curve leaves its band more often. An epoch that fewer than 8 runs reached
has no band.</li>
<li>Means: interval over seeds by Student’s t, of each optimizer by itself.</li>
<li>Verdicts: Student’s t interval of the mean difference of the seeds that two optimizers share; with p pairs and K planned
looks at level 1 − 0.05 / (p K) each (Bonferroni), so that all of them hold together with 95 % confidence. Equally good
optimizers get a false verdict in at most one study of twenty: simulated, also for skewed results. “No difference shown”
when an interval contains 0, which does not prove that there is none. Below 8 common seeds there is no verdict.</li>
<li>Seeds that would tell: those at which the t test would find the observed mean and spread of the differences with 80 %
probability, at the same level. It comes from the same seeds, and is no better known than these.</li>
<li>Expected best of k tuning trials: mean over all subsets of k (Dodge et al. 2019, in the form without bias of Tang et al.
2020), of rates that were tried, as if they were draws.</li>
<li>No winner is named where the learning rates were not tuned or the best one lies at an edge of its grid, where the study is
not finished, was enlarged after a verdict or looked at more often than planned, or where the leader’s own runs
diverged.</li>
)html";

constexpr const char* kSearchMethods =
    R"html(<li>Value of a trial: the metric on the validation part with the weights that a
run ends with, the mean over its seeds or folds; of a command of one’s own the number that it printed last. Trials that were
stopped early, diverged or failed do not compete for the best.</li>
<li>Importance: ε² of a one-way analysis of variance of the values’ ranks (Kelley 1935), over the choices of a parameter or
over groups of its values of equal size, with trials in which it does not count as one more group; negative ones are 0.
Diverged and failed trials share the worst rank, those that were stopped early are left out. None below 8 trials.</li>
<li>Cells of two parameters: the median over the complete trials in a cell of equal width on the ranges’ scales. Nothing is
smoothed or filled in.</li>
<li>A trial’s proposal sees the results of trials up to its number less the lag, so that the same command gives the same
trials with any number of workers.</li>
)html";

std::string methods_html(std::span<const Summary> summaries, bool searches) {
  const auto of_program = [](const Summary& summary) { return bool(summary.program); };
  const bool comparisons = !searches || !summaries.empty();
  const bool trainings = comparisons && (summaries.empty() || !std::ranges::all_of(summaries, of_program));
  return std::string("<section id=\"methods\"><h2>How it was computed</h2><ul class=\"methods\">\n") +
         (trainings ? kTrainingMethods : "") + (std::ranges::any_of(summaries, of_program) ? kProgramMethods : "") +
         (comparisons ? kMethods : "") + (searches ? kSearchMethods : "") + "</ul></section>";
}

// `2026-01-31T12:00:00Z` as `2026-01-31 12:00 UTC`; anything else stays as it is.
std::string readable_time(const std::string& iso) {
  if (iso.size() != 20 || iso[10] != 'T' || iso.back() != 'Z') return iso;
  return iso.substr(0, 10) + " " + iso.substr(11, 5) + " UTC";
}

std::string title_of(const std::vector<Summary>& summaries, const std::vector<Search>& searches) {
  if (summaries.empty() && searches.size() == 1) return search_title_html(searches[0]);
  if (summaries.size() + searches.size() != 1) return count(summaries.size() + searches.size(), "part");
  std::vector<std::string> names;
  for (const Competitor& competitor : summaries[0].competitors) names.push_back(name_html(competitor.name));
  if (names.empty()) return "No trials";
  return enumerate(names) + " · " + subject_html(summaries[0]);
}

// A competitor in the terminal's table.
std::vector<std::string> row_of(const Competitor& competitor, const Summary& summary) {
  const Metric& metric = summary.metric();
  std::string mean, sd, spread;
  if (competitor.mean) {
    mean = plain_text(metric, *competitor.mean);
    sd = plain_text(metric, *competitor.sd);
    spread = competitor.interval
                 ? plain_text(metric, competitor.interval->low) + " to " + plain_text(metric, competitor.interval->high)
                 : "none over folds";
  } else {  // too few seeds for one
    spread = "none";
    for (const auto& [seed, value] : competitor.test)
      spread += (spread == "none" ? fmt::format("; {}s: ", summary.unit()) : ", ") + plain_text(metric, value);
  }
  return {competitor.name,
          competitor.lr ? learning_rate(*competitor.lr) : "–",
          fmt::format("{}", competitor.test.size()),
          mean,
          sd,
          spread,
          fmt::format("{}/{}", competitor.diverged, competitor.runs.size())};
}

}  // namespace

std::string report_html(std::span<const StudyData> studies, const ReportOptions& options) {
  const auto [comparisons, searches] = parts_of(studies);
  const std::vector<Summary> summaries = summarize(comparisons, options.goal);
  std::string body = claims_html(options.claims);
  nlohmann::json data = nlohmann::json::array();
  for (const Search& search : searches) body += search_html(search, data);
  for (const Summary& summary : summaries) {
    Charts charts(data, groups_of(summary), summary);
    body += summary_html(summary, charts);
    charts.close();
  }
  std::string created;
  for (const StudyData& study : studies) created = std::max(created, study.created);

  Page page{.kind = "thalweg report", .title = title_of(summaries, searches), .time = readable_time(created)};
  if (!studies.empty()) page.name = studies[0].name;
  body += tasks_html(summaries, data);
  page.body = body + methods_html(summaries, !searches.empty()) + repeat_part(studies, options);
  page.data = std::move(data);
  return page_html(page);
}

std::string report_text(std::span<const StudyData> studies, const ReportOptions& options, std::size_t width) {
  const auto name_of = [](std::string_view name) { return printable(name); };
  const auto [comparisons, searches] = parts_of(studies);
  std::string text;
  for (const Search& search : searches) text += (text.empty() ? "" : "\n") + search_text(search, width);
  const std::vector<Summary> summaries = summarize(comparisons, options.goal);
  for (const Summary& summary : summaries) {
    const Headline answer = headline(summary, name_of);
    if (!text.empty()) text += "\n";
    if (studies.size() > 1 && summaries.size() > 1) {
      text += fmt::format("{}: {}\n", printable(study_names(summary)), subject_text(summary));
    }
    for (const std::string& part : {answer.sentence, answer.detail, answer.reserve, answer.limits})
      if (!part.empty()) text += part + "\n";
    for (const Apart& apart : summary.apart) {
      text += fmt::format("Not taken together with the study {}, which has the same task: {}.\n",
                          printable(apart.study), differing(apart));
    }
    text += "\n";
    Table table({"optimizer", "lr", std::string(summary.unit()) + "s", summary.metric().is_share ? "mean %" : "mean",
                 "sd", confidence(summary.level()) + " interval", "diverged"},
                {false, true, true, true, true, false, true});
    for (const Competitor& competitor : summary.competitors) table.add(row_of(competitor, summary));
    text += table.text(width);
    for (const Competitor& competitor : summary.competitors) {
      for (const FindingInRuns& each : findings_of(competitor)) {
        const std::string name = summary.single_run() ? "" : printable(competitor.name) + ": ";
        text += name + printable(each.text(competitor.runs.size()), 2000) + "\n";
      }
    }
    if (const std::string note = summary.test_note(); !note.empty()) text += note + "\n";
    if (!summary.failed.empty()) text += count(summary.failed.size(), "trial") + " failed.\n";
    if (summary.unfinished > 0) text += count(summary.unfinished, "trial") + " not finished.\n";
  }
  return text;
}

void write_report(std::span<const StudyData> studies, const std::filesystem::path& file, const ReportOptions& options) {
  const std::string html = report_html(studies, options);
  create_folder(file.parent_path());
  replace_file(file, html);
}

}  // namespace thalweg::lab
