// Groups studies by task and tuning and summarises their competitors over seeds.
#include "report/summary.h"

#include "study/compare_config.h"
#include "study/enlarging.h"

#include <thalweg/error.h>

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
struct Task {
  nlohmann::json settings;  // but for the data
  std::string data, fingerprint;

  bool operator==(const Task& other) const {
    const bool by_content = !fingerprint.empty() && !other.fingerprint.empty();
    return settings == other.settings && (by_content ? fingerprint == other.fingerprint : data == other.data);
  }
};

Task task_of(const StudyData& study, TrainingConfig config) {
  Task task{{}, std::move(config.data), fingerprint_of(study.config)};
  config.data.clear();
  config.optimizer.clear();
  config.seed = 0;
  config.threads = 0;
  task.settings = config;
  return task;
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

std::optional<double> last_accuracy(const TrialData& trial) {
  if (trial.epochs.empty()) return {};
  return trial.epochs.back().validation_accuracy;
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

struct Gathered {
  Competitor competitor;
  std::map<double, std::vector<const TrialData*>> tuning;
};

void summarize_tuning(Gathered& gathered) {
  Competitor& competitor = gathered.competitor;
  for (const auto& [lr, trials] : gathered.tuning) {
    LearningRatePoint point;
    point.lr = lr;
    std::vector<double> accuracies;
    for (const TrialData* trial : trials) {
      if (trial->status == TrialStatus::failed) ++point.failed;
      if (!has_ended(*trial)) continue;
      ++point.runs;
      if (has_diverged(*trial)) {
        ++point.diverged;
        accuracies.push_back(-kNever);
      } else if (const auto accuracy = last_accuracy(*trial)) {
        accuracies.push_back(*accuracy);
      }
    }
    if (!accuracies.empty())
      if (const double middle = median(accuracies); std::isfinite(middle)) point.accuracy = middle;
    competitor.learning_rates.push_back(point);
  }
  // A rate that nobody could train (its worker crashed, say) bounds nothing.
  std::vector<double> tried;
  for (const LearningRatePoint& point : competitor.learning_rates)
    if (point.runs > 0) tried.push_back(point.lr);
  competitor.at_edge = tried.size() > 1 && (competitor.lr == tried.front() || competitor.lr == tried.back());
}

void summarize_runs(Competitor& competitor, double level) {
  std::vector<double> accuracies, seconds, speeds;
  for (const TrialData* trial : competitor.runs) {
    if (has_diverged(*trial)) {
      ++competitor.diverged;
      continue;
    }
    seconds.push_back(trial->result->seconds);
    if (!trial->epochs.empty()) speeds.push_back(trial->epochs.back().images_per_second);
    if (const auto accuracy = trial->result->test_accuracy; accuracy && std::isfinite(*accuracy)) {
      competitor.test_accuracy[trial->config.seed] = *accuracy;
      accuracies.push_back(*accuracy);
    }
  }
  if (!seconds.empty()) competitor.run_seconds = median(seconds);
  if (!speeds.empty()) competitor.images_per_second = median(speeds);
  if (accuracies.size() >= kSeedsForVerdict) {
    competitor.mean = mean(accuracies);
    competitor.sd = sample_sd(accuracies);
    const Interval interval = mean_interval(accuracies, level);
    competitor.interval = {std::max(0.0, interval.low), std::min(1.0, interval.high)};  // no mean accuracy lies outside
  }
}

void measure_target(Competitor& competitor, double target) {
  std::vector<double> epochs, seconds;
  for (const TrialData* trial : competitor.runs) {
    const auto found = std::find_if(trial->epochs.begin(), trial->epochs.end(), [&](const EpochRecord& record) {
      return record.validation_accuracy && *record.validation_accuracy >= target;
    });
    const bool reached = found != trial->epochs.end();
    if (reached) ++competitor.reached;
    epochs.push_back(reached ? static_cast<double>(found->epoch) : kNever);
    seconds.push_back(reached ? found->seconds : kNever);
  }
  if (epochs.empty()) return;
  competitor.target_epochs = median(epochs);
  competitor.target_seconds = median(seconds);
}

std::optional<double> default_target(std::span<const Competitor> competitors) {
  std::vector<double> medians;
  for (const Competitor& competitor : competitors) {
    std::vector<double> accuracies;
    for (const TrialData* trial : competitor.runs) {
      if (!has_diverged(*trial))
        if (const auto accuracy = last_accuracy(*trial)) accuracies.push_back(*accuracy);
    }
    if (!accuracies.empty()) medians.push_back(median(accuracies));
  }
  if (medians.empty()) return {};
  const double best = *std::max_element(medians.begin(), medians.end());
  double lowest = best;
  for (const double accuracy : medians)
    if (accuracy >= best - 0.05) lowest = std::min(lowest, accuracy);
  const double target = std::floor(lowest * 100 + 1e-9) / 100;  // 0.29 · 100 is below 29
  return target > 0 ? std::optional(target) : std::nullopt;
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
      if (!unfinished) ++(is_final(trial) ? summary.final_ended : summary.tuning_ended);
      if (has_ended(trial) && !seen.emplace(name, trial.config.optimizer, trial.config.seed, trial.role).second)
        continue;
      if (!is_final(trial)) {
        owner.tuning[trial.lr].push_back(&trial);
        continue;
      }
      owner.competitor.options = trial.config.optimizer;
      owner.competitor.lr = trial.lr;
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

std::optional<std::int64_t> images_of(std::span<const Competitor> competitors) {
  constexpr std::int64_t kLeast = 100, kMost = 1'000'000;
  std::vector<double> accuracies;
  for (const Competitor& competitor : competitors)
    for (const auto& [seed, accuracy] : competitor.test_accuracy) accuracies.push_back(accuracy);
  if (accuracies.size() < kSeedsForVerdict) return {};
  for (std::int64_t images = 1; images <= kMost; ++images) {
    const bool whole = std::ranges::all_of(accuracies, [&](double accuracy) {
      const double correct = accuracy * static_cast<double>(images);
      return std::abs(correct - std::round(correct)) < 1e-7;
    });
    // A few images, where all runs ended at one half, say: this tells nothing of the set.
    if (whole) return images >= kLeast ? std::optional(images) : std::nullopt;
  }
  return {};
}

void complete(Summary& summary, std::optional<double> target) {
  std::vector<Gathered> gathered;
  gather(summary, gathered);
  for (Gathered& owner : gathered) {
    summarize_runs(owner.competitor, summary.level());
    if (!owner.competitor.lr) owner.competitor.lr = chosen_rate(summary.studies, owner.competitor.name);
    summarize_tuning(owner);
    summary.competitors.push_back(std::move(owner.competitor));
  }
  summary.target_given = target.has_value();
  summary.target = target ? target : default_target(summary.competitors);
  std::vector<SeedValues> values;
  for (Competitor& competitor : summary.competitors) {
    if (summary.target) measure_target(competitor, *summary.target);
    values.push_back(competitor.test_accuracy);
  }
  summary.comparisons = compare_pairs(values, summary.standing.level());
  summary.test_images = images_of(summary.competitors);
}

}  // namespace

std::optional<double> value_of(const EpochRecord& record, Metric metric) {
  switch (metric) {
    case Metric::train_loss:
      return record.train_loss;
    case Metric::validation_loss:
      return record.validation_loss;
    case Metric::train_accuracy:
      return record.train_accuracy;
    case Metric::validation_accuracy:
      return record.validation_accuracy;
  }
  return {};
}

std::vector<CurvePoint> Competitor::curve(Metric metric) const {
  std::map<std::int64_t, std::vector<double>> by_epoch;
  for (const TrialData* trial : runs) {
    for (const EpochRecord& record : trial->epochs) {
      if (const auto value = value_of(record, metric); value && std::isfinite(*value))
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
  return unfinished == 0 && std::ranges::all_of(studies, [](const StudyData* study) {
           return study->kind != "compare" || std::ranges::any_of(study->trials, is_final);
         });
}

std::optional<std::size_t> Summary::leader() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < competitors.size(); ++i)
    if (competitors[i].mean && (!best || *competitors[i].mean > *competitors[*best].mean)) best = i;
  return best;
}

std::vector<Summary> summarize(std::span<const StudyData> studies, std::optional<double> target) {
  if (target && !(*target > 0 && *target <= 1))
    throw Error("report: target accuracy = " + std::to_string(*target) + " is outside (0, 1]");
  struct Key {
    Task task;
    nlohmann::json tuning;
    bool operator==(const Key&) const = default;
  };
  std::vector<Summary> summaries;
  std::vector<Key> keys;
  for (const StudyData& study : studies) {
    const TrialData* trial = representative(study);
    const Key key{trial ? task_of(study, trial->config) : Task(), tuning_of(study)};
    const auto found = std::find(keys.begin(), keys.end(), key);
    const auto place = static_cast<std::size_t>(found - keys.begin());
    if (found == keys.end()) {
      Summary& fresh = summaries.emplace_back();
      fresh.standing = standing_of(study);
      if (trial) fresh.task = trial->config;
      for (std::size_t i = 0; trial && i < keys.size(); ++i)
        if (keys[i].task == key.task)
          fresh.apart.push_back(apart_from(*summaries[i].studies[0], keys[i].tuning, key.tuning));
      const auto seeds = key.tuning.find("tuning seeds");
      if (seeds != key.tuning.end() && seeds->is_array()) fresh.tuning_seeds = seeds->size();
      keys.push_back(key);
    }
    summaries[place].studies.push_back(&study);
  }
  for (Summary& summary : summaries) {
    complete(summary, target);
    summary.had_verdict =
        summary.studies.size() > 1 &&
        std::ranges::any_of(summary.studies, [](const StudyData* study) { return has_verdict(study->trials); });
  }
  return summaries;
}

}  // namespace thalweg::lab
