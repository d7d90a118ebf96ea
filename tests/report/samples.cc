// Made-up studies for tests of the report.
#include "report/samples.h"

#include <thalweg/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab::samples {
namespace {

struct Optimizer {
  const char* name;
  double best_lr, accuracy, speed;  // where it ends, and how quickly it gets there
};

constexpr Optimizer kOptimizers[] = {{"rmsprop", 1e-3, 0.884, 1.1},
                                     {"sgd", 1e-1, 0.879, 0.7},
                                     {"adam", 1e-3, 0.8875, 1.2},
                                     {"nadam", 1e-3, 0.8872, 1.3}};
constexpr double kGrid[] = {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1};
constexpr int kEpochs = 10;

double noise(std::uint64_t seed, std::string_view name, std::uint64_t position) {
  return Random(seed, RandomPurpose::test, name).normal(position);
}

TrialData trial(StudyData& study, const Optimizer& optimizer, double lr, TrialRole role, std::uint64_t seed) {
  TrialData data;
  data.id = static_cast<std::int64_t>(study.trials.size()) + 1;
  data.optimizer = optimizer.name;
  data.lr = lr;
  data.role = role;
  const std::string_view name = optimizer.name;
  data.config.optimizer = fmt::format("{}{}lr={:g}", name, name.find(':') == name.npos ? ':' : ',', lr);
  data.config.seed = seed;
  data.config.stop.epochs = kEpochs;
  data.config.threads = 1;
  data.status = TrialStatus::finished;
  const double away = std::abs(std::log10(lr / optimizer.best_lr));
  const double end = optimizer.accuracy - 0.03 * away * away + 0.0018 * noise(seed, optimizer.name, 0);
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    const double left = std::exp(-optimizer.speed * std::pow(epoch, 0.6));
    EpochRecord record;
    record.epoch = epoch;
    record.step = epoch * 844;
    record.lr = lr;
    const double validation = end - 0.35 * left + 0.0012 * noise(seed, optimizer.name, 10 + epoch);
    const double training = validation + 0.004 * epoch - 0.008;
    record.validation = {{"accuracy", validation},
                         {"loss", 2.6 * (1 - validation) + 0.02 + 0.004 * noise(seed, optimizer.name, 40 + epoch)}};
    record.train = {{"accuracy", training}, {"loss", 2.5 * (1 - training) + 0.01}};
    record.seconds = epoch * (2.4 + 0.2 * optimizer.speed);
    record.examples_per_second = 54000 / (2.4 + 0.2 * optimizer.speed);
    data.epochs.push_back(record);
  }
  TrainingResult result;
  result.epochs = kEpochs;
  result.steps = kEpochs * 844;
  result.seconds = data.epochs.back().seconds;
  if (role == TrialRole::final) {
    result.test = {{"accuracy", std::round((end - 0.006) * 1e4) / 1e4}, {"loss", 2.6 * (1 - end)}};
  }
  data.result = result;
  return data;
}

// A trial of two epochs that ended with this validation accuracy.
TrialData ended(const std::string& optimizer, double lr, TrialRole role, std::uint64_t seed, double accuracy) {
  TrialData data;
  data.optimizer = optimizer;
  data.lr = lr;
  data.role = role;
  data.config.optimizer = fmt::format("{}:lr={:g}", optimizer, lr);
  data.config.seed = seed;
  data.status = TrialStatus::finished;
  TrainingResult result;
  result.epochs = 2;
  result.seconds = 5;
  data.result = result;
  for (std::int64_t epoch = 1; epoch <= 2; ++epoch) {
    EpochRecord record;
    record.epoch = epoch;
    record.validation = {{"accuracy", accuracy - (epoch == 1 ? 0.1 : 0)}};
    record.seconds = 2.5 * static_cast<double>(epoch);
    data.epochs.push_back(record);
  }
  return data;
}

void diverge(TrialData& data, std::size_t epochs) {
  data.epochs.resize(epochs);
  if (!data.epochs.empty()) data.epochs.back().train["loss"] = 1e6;
  TrainingResult result;
  result.outcome = Outcome::diverged;
  result.reason = "gradient of \"dense1.weight\" is not finite";
  result.epochs = static_cast<std::int64_t>(epochs);
  result.steps = result.epochs * 844 + 17;
  data.result = result;
}

void fail(TrialData& data, std::string error) {
  data.status = TrialStatus::failed;
  data.error = std::move(error);
  data.result.reset();
  data.epochs.clear();
}

StudyData empty_study(std::string name, std::string kind) {
  StudyData study;
  study.name = std::move(name);
  study.kind = std::move(kind);
  study.created = "2026-01-31T12:00:00Z";
  study.environment = {
      {"versions", {{"thalweg", "0.1.0"}, {"libtorch", "1.13.1"}, {"compiler", "g++ 12.2.0"}}},
      {"machine", {{"cpu", "Made-up CPU at 3 GHz"}, {"cores", 2}, {"memory", "8 GiB"}, {"os", "Debian 12"}}}};
  return study;
}

/// As a run's steps are looked into: the first of three layers learns less and less.
std::vector<DiagnosticRecord> diagnostics_of(const std::vector<std::string>& layers) {
  std::vector<DiagnosticRecord> records;
  for (std::int64_t step = 10; step <= 8000; step += step < 400 ? 10 : step / 20) {
    DiagnosticRecord record{.step = step, .gradient_norm = 0, .clipped_norm = 0, .greatest_norm = 0, .layers = {}};
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const double gradient =
          (i == 0 ? std::pow(10, -4 - static_cast<double>(std::min<std::int64_t>(step, 1000)) / 120) : 0.01) *
          std::exp(0.4 * noise(1, layers[i], static_cast<std::uint64_t>(step)));
      record.gradient_norm = std::hypot(record.gradient_norm, 20 * gradient);
      record.layers.push_back({.parameter = layers[i],
                               .elements = 400,
                               .gradient_norm = 20 * gradient,
                               .parameter_norm = 8,
                               .update_norm = 0.02 * 20 * gradient,
                               .zero_share = 0.1,
                               .non_finite = 0});
    }
    record.clipped_norm = std::min(record.gradient_norm, 0.35);
    record.greatest_norm = 0.35;
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

namespace {

/// Of these classes: most are right, the others are taken for the next one.
Review review_of_classes(const std::vector<std::string>& names, const std::string& picture) {
  Review review{.examples = 0, .classes = names};
  const auto classes = std::ssize(names);
  for (std::int64_t truth = 0; truth < classes; ++truth) {
    const std::int64_t wrong = 7 * truth, right = 1000 - wrong;
    review.confusions.push_back({truth, truth, right});
    if (wrong > 0) review.confusions.push_back({truth, (truth + 1) % classes, wrong});
    review.examples += right + wrong;
    if (wrong > 0) {
      review.misses.push_back({.row = 100 * truth,
                               .truth = static_cast<double>(truth),
                               .prediction = static_cast<double>((truth + 1) % classes),
                               .probability = 0.003 * static_cast<double>(truth),
                               .inputs = picture.empty() ? "age 3" + names.front() : "",
                               .picture = picture});
    }
  }
  std::ranges::sort(review.confusions, [](const Confusion& a, const Confusion& b) {
    return std::pair(a.truth, a.prediction) < std::pair(b.truth, b.prediction);
  });
  return review;
}

// A grey square of two pixels a side.
constexpr const char* kPicture =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgaGBgYAAABQYBAdSC+mQAAAAASUVORK5CYII=";

/// A training's epochs with this metric in place of the accuracy.
StudyData with_metric(StudyData study, const std::string& task, const std::string& metric) {
  study.task = task;
  TrialData& data = study.trials.back();
  for (EpochRecord& record : data.epochs) {
    for (MetricValues* values : {&record.train, &*record.validation}) {
      const double loss = values->at("loss");
      *values = {{"loss", loss}, {metric, 3 * loss}};
    }
  }
  data.result->test = {{"loss", 0.4}, {metric, 1.2}};
  return study;
}

}  // namespace

StudyData compare_study(std::size_t seeds, bool troubles) {
  StudyData study = empty_study(fmt::format("sample-{}", seeds), "compare");
  study.command = fmt::format(
      "thalweg compare --model mlp --data fashion-mnist --optimizers rmsprop sgd:momentum=0.9 adam nadam "
      "--seeds {} --out runs/sample",
      seeds);
  // With troubles sgd's best rate is the grid's last.
  const std::vector<double> grid(std::begin(kGrid), std::end(kGrid) - (troubles ? 1 : 0));
  std::vector<std::uint64_t> seed_list(seeds);
  std::iota(seed_list.begin(), seed_list.end(), 1);
  study.config = {{"optimizers", {"rmsprop", "sgd", "adam", "nadam"}},
                  {"tuning", {{"grid", grid}, {"seeds", {1001, 1002}}, {"epochs", kEpochs}, {"given", false}}},
                  {"seeds", seed_list}};
  for (const Optimizer& optimizer : kOptimizers)
    for (const double lr : grid)
      for (std::uint64_t seed = 1001; seed <= 1002; ++seed) {
        study.trials.push_back(trial(study, optimizer, lr, TrialRole::tune, seed));
        if (lr > 100 * optimizer.best_lr / 2) diverge(study.trials.back(), 1);
      }
  for (const Optimizer& optimizer : kOptimizers)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      study.trials.push_back(trial(study, optimizer, optimizer.best_lr, TrialRole::final, seed));
  if (troubles) {
    diverge(study.trials[study.trials.size() - seeds - 1], 4);
    fail(study.trials.back(), "worker ended by signal 9 (killed)");
    study.outcome = {{"warnings", {"sgd: the chosen lr 0.1 is at the edge of the grid; a better one may lie outside"}}};
  }
  return study;
}

StudyData family_study(std::size_t seeds) {
  constexpr Optimizer kFamily[] = {{"rmsprop:alpha=0.9", 3e-4, 0.881, 1.1},
                                   {"rmsprop", 1e-3, 0.884, 1.1},
                                   {"rmsprop:alpha=0.999", 1e-3, 0.886, 1.0},
                                   {"sgd", 1e-1, 0.879, 0.7}};
  StudyData study = empty_study("family", "compare");
  study.command = "thalweg compare --optimizers rmsprop:alpha=0.9 rmsprop rmsprop:alpha=0.999 sgd --out runs/family";
  study.config = {{"tuning", {{"grid", kGrid}, {"seeds", {1001}}, {"epochs", kEpochs}, {"given", false}}}};
  for (const Optimizer& optimizer : kFamily) {
    for (const double lr : kGrid) {
      study.trials.push_back(trial(study, optimizer, lr, TrialRole::tune, 1001));
      if (lr > 100 * optimizer.best_lr) diverge(study.trials.back(), 1);
    }
  }
  for (const Optimizer& optimizer : kFamily)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      study.trials.push_back(trial(study, optimizer, optimizer.best_lr, TrialRole::final, seed));
  return study;
}

std::vector<StudyData> several_tasks(std::size_t seeds) {
  std::vector<StudyData> studies(3, compare_study(seeds));
  const char* const data[] = {"fashion-mnist", "idx:digits", "idx:letters"};
  for (std::size_t i = 0; i < studies.size(); ++i) {
    studies[i].name = fmt::format("task-{}", i + 1);
    for (TrialData& trial : studies[i].trials) {
      trial.config.data = data[i];
      // A run that learns slowly has at an epoch what it would have had at half of it.
      const bool slow = (i == 1 && trial.optimizer == "rmsprop"), stuck = i == 2 && trial.optimizer == "sgd";
      const std::vector<EpochRecord> epochs = trial.epochs;
      for (std::size_t epoch = 0; slow && epoch < epochs.size(); ++epoch)
        trial.epochs[epoch].validation = epochs[epoch / 2].validation;
      for (EpochRecord& record : trial.epochs)
        if (stuck) record.validation->at("accuracy") -= 0.2;
    }
  }
  return studies;
}

StudyData hostile_study(std::size_t seeds) {
  StudyData study = compare_study(seeds, true);
  const std::string names[] = {"</script><script>document.documentElement.dataset.owned=1</script>", "__proto__",
                               "=HYPERLINK(\"https://example.invalid\",\"🙂 'x'\") شبكة \u202Eabc",
                               std::string(300, 'w') + "\xFF\xFE<!--"};
  study.name = names[0];
  study.command = "thalweg compare '" + names[0] + "' \"" + names[2] + "\" <img src=x onerror=alert(1)>";
  study.config["<b>\"&"] = names[2];
  for (TrialData& data : study.trials) {
    for (std::size_t i = 0; i < std::size(kOptimizers); ++i)
      if (data.optimizer == kOptimizers[i].name) {
        data.optimizer = names[i];
        break;
      }
    data.config.optimizer += ",note=" + data.optimizer;
    if (data.role == TrialRole::final) {
      data.diagnostics = diagnostics_of({names[0] + ".weight", names[3] + ".weight", "a`b`weight"});
      if (data.result && data.result->test)
        data.result->review = review_of_classes({std::begin(names), std::end(names)}, "");
    }
    if (!data.error.empty()) data.error = "@SUM(A1)\r\n" + names[0] + "\x01\x7F";
  }
  study.trials.back().epochs.emplace_back().train["loss"] = std::numeric_limits<double>::quiet_NaN();
  study.outcome = {{"warnings", {names[0], "<b>bold</b> & \"quoted\""}}};
  return study;
}

StudyData study_of(const std::vector<double>& means, std::size_t seeds, double spread, double rounded_to) {
  StudyData study;
  study.name = "made";
  study.kind = "compare";
  for (std::size_t i = 0; i < means.size(); ++i) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      double accuracy = means[i] + spread * std::sin(static_cast<double>(seed * (i + 1)));
      if (rounded_to > 0) accuracy = std::round(accuracy * rounded_to) / rounded_to;
      study.trials.push_back(ended(std::string(1, static_cast<char>('a' + i)), 1e-3, TrialRole::final, seed, accuracy));
      study.trials.back().result->test = {{"accuracy", accuracy}};
    }
  }
  return study;
}

StudyData tuned(StudyData study) {
  study.config["tuning"] = {{"grid", {1e-4, 1e-3, 1e-2}}, {"seeds", {1001}}, {"epochs", 2}, {"given", false}};
  std::set<std::string> optimizers;
  for (const TrialData& trial : study.trials) optimizers.insert(trial.optimizer);
  for (const std::string& optimizer : optimizers)
    for (const double lr : {1e-4, 1e-3, 1e-2})
      study.trials.push_back(tuning_trial(optimizer, lr, lr == 1e-3 ? 0.9 : 0.8));
  return study;
}

TrialData tuning_trial(const std::string& optimizer, double lr, double accuracy) {
  return ended(optimizer, lr, TrialRole::tune, 1001, accuracy);
}

StudyData regression_study() {
  StudyData study = with_metric(train_study(), "regression", "rmse");
  Review review{.examples = 900};
  for (std::uint64_t i = 0; i < 450; ++i) {
    const double truth = 100 + 2.0 * static_cast<double>(i);
    review.pairs.push_back({truth, truth + 40 * noise(1, "residuals", i)});
  }
  for (std::int64_t i = 0; i < 5; ++i)
    review.misses.push_back({.row = 7 * i + 1,
                             .truth = 300,
                             .prediction = 500.0 - 10 * static_cast<double>(i),
                             .inputs = "age 35, city Rome, income missing"});
  study.trials.back().result->review = review;
  return study;
}

StudyData text_study() {
  StudyData study = with_metric(train_study(), "characters", "bits_per_character");
  study.trials.back().result->review =
      Review{.examples = 300,
             .prompt = "of the </pre><script>document.documentElement.dataset.owned=1</script>\nlicence",
             .continuation = " and the terms\nof the licence & the work"};
  return study;
}

StudyData train_study() {
  StudyData study = empty_study("first", "train");
  study.command =
      "thalweg train --model cnn --data fashion-mnist --optimizer rmsprop --lr 1e-3 --epochs 10 --out runs/first";
  study.trials.push_back(trial(study, kOptimizers[0], 1e-3, TrialRole::final, 1));
  TrialData& data = study.trials.back();
  data.config.model = "cnn";
  for (std::int64_t step = 50; step <= 8440; step += 50)
    data.steps.push_back({step,
                          0.25 + 1.9 * std::exp(-static_cast<double>(step) / 700) +
                              0.03 * noise(1, "steps", static_cast<std::uint64_t>(step)),
                          5e-4 * (1 + std::cos(3.1415927 * static_cast<double>(step) / 8440))});
  for (EpochRecord& record : data.epochs) record.units = {{"dense1", 128, 3 + record.epoch}};
  data.diagnostics = diagnostics_of({"conv1.weight", "conv1.bias", "dense1.weight", "output.weight"});
  data.result->review = review_of_classes(
      {"T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"}, kPicture);
  study.config = {{"epochs", kEpochs}, {"batch", 64}, {"model", "cnn"}};
  return study;
}

}  // namespace thalweg::lab::samples
