// Rows that come and go: fits a picture by 2-D Gaussians, of which some are pruned and others split time and again, and
// the optimizer's state follows.
//
//   growing_rows [FOLDER [SEEDS [STEPS [PART [RULE...]]]]]
//
// writes pictures and the curves of the errors into FOLDER if one is given; docs/growing_rows.md shows them. As in
// Gaussian splatting, each step sees a part of the whole (PART × PART pixels at a random place), and the rows whose
// positions are pulled most are split. Compared with a fixed set of as many rows as there are in the end, and with the
// same growth where the state of all rows is dropped at every change. Rules are written as in `adam:beta2=0.99`.
#include <thalweg/thalweg.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "curves.h"
#include "gaussians.h"
#include "pictures.h"

namespace {

constexpr int kSize = 96;  // of the picture
constexpr std::size_t kFirstRows = 128, kLastRows = 256;
constexpr int kBetweenChanges = 25;  // steps; rows come and go in the first half of the training

enum class Mode { fixed, dropped, follows };

struct Fit {
  Gaussians gaussians;
  std::vector<double> errors;  // of the whole picture, every 2 kBetweenChanges steps and at the end
};

/// What is done with all rows at once: the Gaussians' parameters and their optimizer.
class Training {
 public:
  Training(Gaussians& gaussians, const thalweg::Options& rule)
      : gaussians_(gaussians), optimizer_(rule, {.step_count = thalweg::StepCount::per_row}) {
    // One optimizer for all five parameters, each at its multiple of the rule's learning rate: position, log_scale, ….
    constexpr std::array<double, 5> kRates{15, 2.5, 2.5, 1, 2.5};
    for (std::size_t k = 0; k < handles_.size(); ++k) {
      Table& table = *gaussians.tables()[k];
      table.values.reserve(kLastRows * table.width);  // so that the memory stays where it is
      const auto rows = static_cast<std::int64_t>(gaussians.size()), width = static_cast<std::int64_t>(table.width);
      const thalweg::Group group = optimizer_.add_group(table.name, rule, kRates[k]);
      handles_[k] = optimizer_.add(table.name, table.values, {rows, width}, group);
    }
    begin_count();
  }

  void step(double rate) {
    for (std::size_t i = 0; i < gaussians_.size(); ++i) {
      const float* gradient = gaussians_.position.gradient.data() + 2 * i;
      pull_[i] += std::hypot(gradient[0], gradient[1]);
      seen_[i] += gaussians_.share[i] > 0 ? 1.0f : 0.0f;
    }
    optimizer_.set("lr", rate);  // times each group's scale
    std::vector<thalweg::Gradient> gradients;
    for (std::size_t k = 0; k < handles_.size(); ++k) {
      gradients.push_back({handles_[k], gaussians_.tables()[k]->gradient});
    }
    optimizer_.step(gradients);
  }

  /// Prunes rows that own less than half a pixel and splits others until there are `rows`; what is left keeps its state
  /// and its step numbers. `run` has to have seen the whole picture.
  void change(std::size_t rows, bool drop_state) {
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < gaussians_.size(); ++i) {
      if (gaussians_.share[i] < 0.5f) continue;
      pull_[kept.size()] = pull_[i] / std::max(1.0f, seen_[i]);
      kept.push_back(static_cast<std::int64_t>(i));
    }
    for (std::size_t k = 0; k < handles_.size(); ++k) {
      Table& table = *gaussians_.tables()[k];
      optimizer_.keep_rows(handles_[k], kept);  // in place: the state, and the parameter's own rows
      table.values.resize(kept.size() * table.width);
    }

    std::vector<std::size_t> order(kept.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return pull_[a] > pull_[b]; });
    order.resize(std::min(order.size(), rows - kept.size()));
    for (const std::size_t row : order) gaussians_.split(row);

    std::vector<std::int64_t> all(gaussians_.size());
    std::iota(all.begin(), all.end(), std::int64_t{0});
    for (std::size_t k = 0; k < handles_.size(); ++k) {
      optimizer_.append_rows(handles_[k], gaussians_.tables()[k]->values);  // the new ones begin at step 0
      if (drop_state) optimizer_.reset_rows(handles_[k], all);
    }
    begin_count();
  }

 private:
  void begin_count() {
    pull_.assign(gaussians_.size(), 0);
    seen_.assign(gaussians_.size(), 0);
  }

  Gaussians& gaussians_;
  thalweg::Optimizer optimizer_;
  std::array<thalweg::Handle, 5> handles_;
  std::vector<float> pull_;  // length of the position's gradient, summed up since the last change
  std::vector<float> seen_;  // steps in which the row was in the part
};

Fit fit(const Picture& target, const thalweg::Options& rule, Mode mode, unsigned seed, int steps, int part) {
  Fit result{Gaussians(target, mode == Mode::fixed ? kLastRows : kFirstRows, seed), {}};
  Gaussians& gaussians = result.gaussians;
  Training training(gaussians, rule);
  std::mt19937 generator(seed);
  const int last_change = steps / 2 - steps / 2 % kBetweenChanges;
  for (int step = 0; step < steps; ++step) {
    if (step % kBetweenChanges == 0) {
      const double error = gaussians.run(target);
      if (step % (2 * kBetweenChanges) == 0) result.errors.push_back(error);
      if (mode != Mode::fixed && step > 0 && step <= last_change) {
        const auto more =
            (kLastRows - kFirstRows) * static_cast<std::size_t>(step) / static_cast<std::size_t>(last_change);
        training.change(kFirstRows + more, mode == Mode::dropped);
      }
    }
    Part seen{0, kSize, 0, kSize};
    if (part < kSize) {  // every pixel is seen equally often, so the part may stand over the edge
      const auto places = static_cast<unsigned>(kSize + part - 1);
      const int right = 1 + static_cast<int>(generator() % places), bottom = 1 + static_cast<int>(generator() % places);
      seen = {std::max(0, right - part), std::min(kSize, right), std::max(0, bottom - part), std::min(kSize, bottom)};
    }
    gaussians.run(target, seen);
    training.step(rule.get("lr") * std::pow(0.1, static_cast<double>(step) / steps));
  }
  result.errors.push_back(gaussians.run(target));
  return result;
}

/// Compares the gradients by hand with differences of the loss. Gives the largest error, as a share of the parameter's
/// largest gradient.
double gradient_error() {
  const Picture target = draw_scenery(12);
  Gaussians gaussians(target, 3, 1);  // so wide that their windows hold the whole picture and cut nothing off
  for (float& width : gaussians.log_scale.values) width += 0.8f;
  double worst = 0;
  for (Table* table : gaussians.tables()) {
    gaussians.run(target);
    const std::vector<float> gradient = table->gradient;
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      constexpr float kDifference = 0.01f;
      const float value = table->values[i];
      table->values[i] = value + kDifference;
      const double above = gaussians.run(target);
      table->values[i] = value - kDifference;
      const double below = gaussians.run(target);
      table->values[i] = value;
      largest = std::max(largest, static_cast<double>(std::abs(gradient[i])));
      error = std::max(error, std::abs((above - below) / (2 * static_cast<double>(kDifference)) - gradient[i]));
    }
    worst = std::max(worst, error / largest);
  }
  return worst;
}

struct Task {
  std::filesystem::path folder = {};
  std::array<int, 3> numbers{1, 2000, 32};  // seeds, steps, part
  std::vector<thalweg::Options> rules = {};
};

/// Trains everything, prints a table, and writes what there is to see if a folder is given. Has growing reached a lower
/// error than the fixed set under every rule?
bool compare(const Task& task) {
  const auto [seeds, steps, part] = task.numbers;
  const Picture target = draw_scenery(kSize);
  std::vector<Panel> panels;
  bool lower = true;
  std::printf("mean squared error · 10⁴ after %d steps: median (lowest to highest) of %d seeds\n", steps, seeds);
  for (const thalweg::Options& rule : task.rules) {
    panels.push_back({rule.text(),
                      "mean squared error",
                      {{"fixed set", "#555555", "2 3", {}},
                       {"state dropped", "#c0561f", "7 3", {}},
                       {"state follows", "#0b3c8c", "", {}}}});
    std::vector<Curve>& curves = panels.back().curves;
    std::vector<Picture> pictures{enlarge(target, 2)}, outlines{draw_outlines(Gaussians(target, kFirstRows, 1), 2)};
    for (const Mode mode : {Mode::fixed, Mode::dropped, Mode::follows}) {
      Curve& curve = curves[static_cast<std::size_t>(mode)];
      for (int seed = 1; seed <= seeds; ++seed) {
        const Fit result = fit(target, rule, mode, static_cast<unsigned>(seed), steps, part);
        curve.runs.push_back(result.errors);
        if (seed > 1) continue;
        pictures.push_back(enlarge(result.gaussians.picture, 2));
        outlines.push_back(draw_outlines(result.gaussians, 2));
      }
      std::printf("%-30s %-14s %6.2f  (%.2f to %.2f)\n", rule.text().c_str(), curve.label.c_str(),
                  1e4 * curve.quantile(0.5).back(), 1e4 * curve.quantile(0).back(), 1e4 * curve.quantile(1).back());
    }
    lower = lower && curves.back().quantile(0.5).back() < curves.front().quantile(0.5).back();
    if (task.folder.empty()) continue;
    pictures.insert(pictures.end(), outlines.begin(), outlines.end());
    write_png(task.folder / ("growing_rows_" + std::to_string(panels.size()) + ".png"), side_by_side(pictures, 4));
  }
  if (!task.folder.empty()) write_curves(task.folder / "growing_rows.svg", panels, steps);
  return lower;
}

}  // namespace

int main(int count, char** arguments) try {
  Task task;
  if (count > 1) std::filesystem::create_directories(task.folder = arguments[1]);
  for (int k = 2; k < std::min(count, 5); ++k) {
    const std::string_view text = arguments[k];
    int& number = task.numbers[static_cast<std::size_t>(k - 2)];
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const int lowest = k == 3 ? 2 * kBetweenChanges : 1;
    if (problem != std::errc() || end != text.data() + text.size() || number < lowest || number > 1000000) {
      std::fprintf(stderr,
                   "growing_rows [FOLDER [SEEDS [STEPS [PART [RULE...]]]]]: %s is no number from %d to 1000000\n",
                   arguments[k], lowest);
      return 2;
    }
  }
  for (int k = 5; k < count; ++k) task.rules.push_back(thalweg::parse_options(arguments[k]));
  if (task.rules.empty()) {
    task.rules = {thalweg::RMSprop{.lr = 0.01}, thalweg::Adam{.lr = 0.01, .beta2 = 0.99}};
  }
  const double error = gradient_error();
  std::printf("gradients by hand differ from differences of the loss by %.2f %% at most\n", 100 * error);
  if (error > 0.01) return 1;
  return compare(task) ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "growing_rows: %s\n", error.what());
  return 1;
}
