// Groups studies by task and tuning and summarises their competitors over seeds.
#include "report/summary.h"

#include "page/text.h"
#include "study/compare_config.h"
#include "study/enlarging.h"
#include "training/kept_epoch.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

bool is_final(const TrialData& trial) { return trial.role == TrialRole::final; }

bool has_diverged(const TrialData& trial) { return trial.result && trial.result->outcome == Outcome::diverged; }

// An interrupted run is no result: it waits to be resumed.
bool has_ended(const TrialData& trial) {
  return trial.status == TrialStatus::finished && trial.result && trial.result->outcome != Outcome::interrupted;
}

// What two runs must share to be compared. Data is its content where both know it, else its path.
struct Shared {
  nlohmann::json settings;  // but for the data
  std::string task, data, fingerprint;

  bool operator==(const Shared& other) const {
    const bool by_content = !fingerprint.empty() && !other.fingerprint.empty();
    return task == other.task && settings == other.settings &&
           (by_content ? fingerprint == other.fingerprint : data == other.data);
  }
};

Shared shared_of(const StudyData& study, TrainingConfig config) {
  if (Program program = program_of(study.config)) {
    program.timeout = 0;
    return {program, study.task, {}, {}};
  }
  Shared shared{{}, study.task, std::move(config.data), fingerprint_of(study.config)};
  config.data.clear();
  config.optimizer.clear();
  config.seed = 0;
  config.fold = 0;
  config.threads = 0;
  shared.settings = config;
  return shared;
}

// What two studies must share beside the task for their runs to be taken together, and its names.
nlohmann::json tuning_of(const StudyData& study) {
  const Standing standing = standing_of(study);
  nlohmann::json key = {{"tuning of learning rates", standing.tuned},
                        {"grid of learning rates", standing.grid},
                        {"number of planned looks", standing.looks_planned},
                        {"enlargement after a verdict", !standing.as_planned()}};
  if (!study.config.is_object()) return key;
  if (const auto tuning = study.config.find("tuning"); tuning != study.config.end() && tuning->is_object()) {
    key["tuning seeds"] = tuning->value("seeds", nlohmann::json());
    key["epochs of tuning trials"] = tuning->value("epochs", nlohmann::json());
  }
  return key;
}

Apart apart_from(const StudyData& other, const nlohmann::json& theirs, const nlohmann::json& ours) {
  Apart apart{other.name, {}};
  for (const auto& [name, value] : ours.items())
    if (theirs.value(name, nlohmann::json()) != value) apart.because.push_back(name);
  for (const auto& [name, value] : theirs.items())
    if (!ours.contains(name)) apart.because.push_back(name);
  return apart;
}

const TrialData* representative(const StudyData& study) {
  const auto found = std::find_if(study.trials.begin(), study.trials.end(), is_final);
  if (found != study.trials.end()) return &*found;
  return study.trials.empty() ? nullptr : &study.trials.front();
}

std::optional<double> validation_value(const TrialData& trial, const Metric& metric) {
  return value_of_run(trial.epochs, trial.config, metric);
}

// A name is a competitor's own as long as all studies mean the same options by it; else the options tell them apart.
class Names {
 public:
  explicit Names(std::span<const StudyData* const> studies) {
    for (const StudyData* study : studies) {
      for (const TrialData& trial : study->trials)
        if (is_final(trial)) options_[trial.optimizer].insert(trial.config.optimizer);
    }
  }

  std::string operator()(const StudyData& study, const TrialData& trial) const {
    const auto found = options_.find(trial.optimizer);
    if (found == options_.end() || found->second.size() < 2) return trial.optimizer;
    if (is_final(trial)) return trial.config.optimizer;
    // A tuning trial belongs to what its own study made of it.
    for (const TrialData& other : study.trials)
      if (is_final(other) && other.optimizer == trial.optimizer) return other.config.optimizer;
    return trial.optimizer;
  }

 private:
  std::map<std::string, std::set<std::string>> options_;
};

// What a program calls its number. It comes from outside: what would have to be written otherwise on a page or a
// terminal is called as its task calls it.
Metric own_metric(const Program& program, const Task& task) {
  Metric metric = task.primary();
  const std::string& name = program.metric;
  if (escape_html(name) == name && printable(name) == name) metric.title = name;
  return metric;
}

struct Gathered {
  Competitor competitor;
  std::map<double, std::vector<const TrialData*>> tuning;
};

void summarize_tuning(Gathered& gathered, const Metric& metric) {
  Competitor& competitor = gathered.competitor;
  for (const auto& [lr, trials] : gathered.tuning) {
    LearningRatePoint point;
    point.lr = lr;
    std::vector<double> values;
    for (const TrialData* trial : trials) {
      if (trial->status == TrialStatus::failed) ++point.failed;
      if (!has_ended(*trial)) continue;
      competitor.tuning.push_back(trial);
      ++point.runs;
      if (has_diverged(*trial)) {
        ++point.diverged;
        values.push_back(metric.worst());
      } else if (const auto value = validation_value(*trial, metric)) {
        values.push_back(*value);
      }
    }
    if (!values.empty())
      if (const double middle = median(values); std::isfinite(middle)) point.value = middle;
    competitor.learning_rates.push_back(point);
  }
  // A rate that nobody could train (its worker crashed, say) bounds nothing.
  std::vector<double> tried;
  for (const LearningRatePoint& point : competitor.learning_rates)
    if (point.runs > 0) tried.push_back(point.lr);
  competitor.at_edge = tried.size() > 1 && (competitor.lr == tried.front() || competitor.lr == tried.back());
}

void summarize_runs(Competitor& competitor, const Summary& summary) {
  const Metric& metric = summary.metric();
  std::vector<double> values, seconds, speeds;
  for (const TrialData* trial : competitor.runs) {
    if (has_diverged(*trial)) {
      ++competitor.diverged;
      continue;
    }
    seconds.push_back(trial->result->seconds);
    if (!trial->epochs.empty()) speeds.push_back(trial->epochs.back().examples_per_second);
    if (const auto value =
            summary.is_by_test() ? value_of(trial->result->test, metric.name) : validation_value(*trial, metric);
        value && std::isfinite(*value)) {
      competitor.test[trial->config.seed] = *value;
      values.push_back(*value);
    }
  }
  if (!seconds.empty()) competitor.run_seconds = median(seconds);
  if (!speeds.empty()) competitor.examples_per_second = median(speeds);
  if (values.size() >= (summary.has_folds() ? 2 : kSeedsForVerdict)) {
    competitor.mean = mean(values);
    competitor.sd = sample_sd(values);
    if (summary.has_folds()) return;
    const Interval interval = mean_interval(values, summary.level());
    // No mean lies outside the metric's range.
    competitor.interval = {std::max(metric.range.low, interval.low), std::min(metric.range.high, interval.high)};
  }
}

void measure_goal(Competitor& competitor, double goal, const Metric& metric) {
  std::vector<double> epochs, seconds;
  for (const TrialData* trial : competitor.runs) {
    const auto found = std::find_if(trial->epochs.begin(), trial->epochs.end(), [&](const EpochRecord& record) {
      const auto value = value_of(record.validation, metric.name);
      return value && metric.reaches(*value, goal);
    });
    const bool reached = found != trial->epochs.end();
    if (reached) ++competitor.reached;
    epochs.push_back(reached ? static_cast<double>(found->epoch) : kNever);
    seconds.push_back(reached ? found->seconds : kNever);
  }
  if (epochs.empty()) return;
  competitor.goal_epochs = median(epochs);
  competitor.goal_seconds = median(seconds);
}

// To the worse whole percent, or to two digits.
double rounded(double value, const Metric& metric) {
  constexpr double kUlps = 1e-9;  // 0.29 · 100 is below 29
  const auto down = [&](double x) { return std::floor(x + kUlps); };
  const auto worse = [&](double x) { return metric.better == Better::higher ? down(x) : -down(-x); };
  if (metric.is_share) return worse(value * 100) / 100;
  if (value == 0) return value;
  const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 1);
  return worse(value / unit) * unit;
}

std::optional<double> default_goal(std::span<const Competitor> competitors, const Metric& metric) {
  std::vector<double> medians;
  for (const Competitor& competitor : competitors) {
    std::vector<double> values;
    for (const TrialData* trial : competitor.runs) {
      if (!has_diverged(*trial))
        if (const auto value = validation_value(*trial, metric)) values.push_back(*value);
    }
    if (!values.empty()) medians.push_back(median(values));
  }
  if (medians.empty()) return {};
  const auto is_better = [&](double a, double b) { return metric.is_better(a, b); };
  const double best = *std::ranges::min_element(medians, is_better);
  const double room = metric.is_share ? 0.05 : 0.05 * std::abs(best);
  double worst = best;
  for (const double value : medians)
    if (std::abs(value - best) <= room && is_better(worst, value)) worst = value;
  const double goal = rounded(worst, metric);
  // An accuracy of 0 is no goal.
  return metric.is_share && goal <= 0 ? std::nullopt : std::optional(goal);
}

void gather(Summary& summary, std::vector<Gathered>& gathered) {
  const Names name_of(summary.studies);
  std::map<std::string, std::size_t> places;
  std::set<std::tuple<std::string, std::string, std::uint64_t, TrialRole>> seen;
  for (const StudyData* study : summary.studies) {
    for (const TrialData& trial : study->trials) {
      const std::string name = name_of(*study, trial);
      const auto [place, is_new] = places.try_emplace(name, gathered.size());
      if (is_new) gathered.emplace_back().competitor.name = name;
      Gathered& owner = gathered[place->second];
      if (trial.status == TrialStatus::failed) summary.failed.push_back(&trial);
      const bool unfinished = trial.status != TrialStatus::failed && !has_ended(trial);
      if (unfinished) ++summary.unfinished;
      ++(is_final(trial) ? summary.final_trials : summary.tuning_trials);
      // A final trial that failed is tried again: who fails where others do badly must not win for it.
      const bool done = is_final(trial) ? has_ended(trial) : !unfinished;
      if (done) ++(is_final(trial) ? summary.final_ended : summary.tuning_ended);
      if (has_ended(trial) && !seen.emplace(name, trial.config.optimizer, trial.config.seed, trial.role).second)
        continue;
      if (!is_final(trial)) {
        owner.tuning[trial.lr].push_back(&trial);
        continue;
      }
      owner.competitor.options = trial.config.optimizer;
      if (!summary.program || trial.lr > 0) owner.competitor.lr = trial.lr;
      if (trial.status == TrialStatus::failed) ++owner.competitor.failed;
      if (unfinished) ++owner.competitor.unfinished;
      if (has_ended(trial)) owner.competitor.runs.push_back(&trial);
    }
    if (const auto warnings = study->outcome.find("warnings");
        study->outcome.is_object() && warnings != study->outcome.end() && warnings->is_array()) {
      for (const auto& warning : *warnings)
        if (warning.is_string()) summary.warnings.push_back(warning.get<std::string>());
    }
  }
}

// A rate is chosen before its final trials are planned.
std::optional<double> chosen_rate(std::span<const StudyData* const> studies, const std::string& name) {
  const nlohmann::json::json_pointer path = nlohmann::json::json_pointer("/chosen") / name / "lr";
  for (const StudyData* study : studies) {
    if (!study->outcome.contains(path)) continue;
    if (const nlohmann::json& lr = study->outcome.at(path); lr.is_number()) return lr.get<double>();
  }
  return {};
}

std::optional<std::int64_t> examples_of(std::span<const Competitor> competitors) {
  constexpr std::int64_t kLeast = 100, kMost = 1'000'000;
  std::vector<double> shares;
  for (const Competitor& competitor : competitors)
    for (const auto& [seed, share] : competitor.test) shares.push_back(share);
  if (shares.size() < kSeedsForVerdict) return {};
  for (std::int64_t examples = 1; examples <= kMost; ++examples) {
    const bool whole = std::ranges::all_of(shares, [&](double share) {
      const double count = share * static_cast<double>(examples);
      return std::abs(count - std::round(count)) < 1e-7;
    });
    // A few examples, where all runs ended at one half, say: this tells nothing of the part.
    if (whole) return examples >= kLeast ? std::optional(examples) : std::nullopt;
  }
  return {};
}

void complete(Summary& summary, std::optional<double> goal) {
  const Metric& metric = summary.metric();
  if (goal && !metric.range.contains(*goal)) {
    throw Error(
        fmt::format("report: goal = {} is outside {}, the range of the {}", *goal, metric.range.text(), metric.title));
  }
  std::vector<Gathered> gathered;
  gather(summary, gathered);
  for (const Gathered& owner : gathered) {
    for (const TrialData* trial : owner.competitor.runs) {
      if (has_diverged(*trial)) continue;
      ++summary.compared_runs;
      summary.told_test += trial->result->test ? 1 : 0;
    }
  }
  if (std::string note = summary.test_note(); !note.empty()) summary.warnings.push_back(std::move(note));
  for (Gathered& owner : gathered) {
    summarize_runs(owner.competitor, summary);
    if (!owner.competitor.lr) owner.competitor.lr = chosen_rate(summary.studies, owner.competitor.name);
    summarize_tuning(owner, metric);
    summary.competitors.push_back(std::move(owner.competitor));
  }
  summary.goal_given = goal.has_value();
  summary.goal = goal ? goal : default_goal(summary.competitors, metric);
  std::vector<SeedValues> values;
  for (Competitor& competitor : summary.competitors) {
    if (summary.goal) measure_goal(competitor, *summary.goal, metric);
    values.push_back(competitor.test);
  }
  if (!summary.has_folds()) summary.comparisons = compare_pairs(values, summary.standing.level(), metric.better);
  if (metric.is_share) summary.test_examples = examples_of(summary.competitors);
}

}  // namespace

std::string Measure::title() const { return (part == Part::train ? "Training " : "Validation ") + metric->title; }

std::string Summary::compared() const { return (!is_by_test() ? "" : program ? "test_" : "test ") + metric().title; }

std::string Summary::test_note() const {
  if (is_by_test() || told_test == 0) return {};
  return fmt::format("Only {} of {} runs told test_{}: all are compared by {}.", told_test, compared_runs,
                     metric().title, compared());
}

std::string Summary::watched() const { return (program ? "" : "validation ") + metric().title; }

std::optional<double> value_of(const EpochRecord& record, Measure measure) {
  return value_of(measure.part == Part::train ? std::optional(record.train) : record.validation, measure.metric->name);
}

std::vector<CurvePoint> Competitor::curve(Measure measure) const {
  std::map<std::int64_t, std::vector<double>> by_epoch;
  for (const TrialData* trial : runs) {
    for (const EpochRecord& record : trial->epochs) {
      if (const auto value = value_of(record, measure); value && std::isfinite(*value))
        by_epoch[record.epoch].push_back(*value);
    }
  }
  std::vector<CurvePoint> points;
  for (const auto& [epoch, values] : by_epoch) {
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    CurvePoint& point =
        points.emplace_back(CurvePoint{epoch, values.size(), lab::median(values), *least, *greatest, {}});
    if (values.size() >= kSeedsForVerdict) point.interval = median_interval(values);
  }
  return points;
}

bool Summary::is_finished() const {
  return unfinished == 0 && final_ended == final_trials && std::ranges::all_of(studies, [](const StudyData* study) {
           return study->kind != "compare" || std::ranges::any_of(study->trials, is_final);
         });
}

std::optional<std::size_t> Summary::leader() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < competitors.size(); ++i)
    if (competitors[i].mean && (!best || metric().is_better(*competitors[i].mean, *competitors[*best].mean))) best = i;
  return best;
}

std::vector<Summary> summarize(std::span<const StudyData> studies, std::optional<double> goal) {
  struct Key {
    Shared shared;
    nlohmann::json tuning;
    bool operator==(const Key&) const = default;
  };
  std::vector<Summary> summaries;
  std::vector<Key> keys;
  for (const StudyData& study : studies) {
    const TrialData* trial = representative(study);
    const Key key{trial ? shared_of(study, trial->config) : Shared(), tuning_of(study)};
    const auto found = std::find(keys.begin(), keys.end(), key);
    const auto place = static_cast<std::size_t>(found - keys.begin());
    if (found == keys.end()) {
      Summary& fresh = summaries.emplace_back();
      fresh.task = &find_task(study.task);
      fresh.program = program_of(study.config);
      if (fresh.program) fresh.own_metric = own_metric(fresh.program, *fresh.task);
      fresh.standing = standing_of(study);
      if (trial) fresh.training = trial->config;
      for (std::size_t i = 0; trial && i < keys.size(); ++i)
        if (keys[i].shared == key.shared)
          fresh.apart.push_back(apart_from(*summaries[i].studies[0], keys[i].tuning, key.tuning));
      const auto seeds = key.tuning.find("tuning seeds");
      if (seeds != key.tuning.end() && seeds->is_array()) fresh.tuning_seeds = seeds->size();
      keys.push_back(key);
    }
    summaries[place].studies.push_back(&study);
  }
  for (Summary& summary : summaries) {
    complete(summary, goal);
    summary.had_verdict =
        summary.studies.size() > 1 &&
        std::ranges::any_of(summary.studies, [](const StudyData* study) { return has_verdict(*study); });
  }
  return summaries;
}

}  // namespace thalweg::lab
