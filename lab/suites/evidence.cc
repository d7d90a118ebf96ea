// Sets parts up, and reads studies for a judgement.
#include "suites/evidence.h"

#include "study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace thalweg::lab {

CompareConfig base_config(std::vector<std::string> optimizers, std::vector<double> grid, std::int64_t epochs,
                          std::size_t seeds) {
  CompareConfig config;
  config.optimizers = std::move(optimizers);
  config.tuning.grid = std::move(grid);
  config.tuning.given = true;
  config.tuning.epochs = epochs;
  config.seeds.resize(seeds);
  std::iota(config.seeds.begin(), config.seeds.end(), std::uint64_t{1});
  config.training.stop.epochs = epochs;
  config.training.batch = 64;
  config.training.threads = 1;
  return config;
}

SuitePart part_of(std::string name, std::string question, CompareConfig config, bool quick) {
  return {.name = std::move(name),
          .question = std::move(question),
          .config = quick ? quickened(std::move(config)) : std::move(config)};
}

std::optional<Summary> summary_of(const PartStudies& studies, std::string_view part) {
  const auto found = studies.find(part);
  if (found == studies.end() || found->second == nullptr || found->second->trials.empty()) return {};
  std::vector<Summary> summaries = summarize({found->second, 1});
  if (summaries.empty()) return {};
  return std::move(summaries.front());
}

const Competitor* find_competitor(const Summary& summary, const std::string& optimizer, bool tuned) {
  CompareConfig config;
  config.tune = tuned;
  const auto found = std::ranges::find(summary.competitors, competitor_name(config, optimizer), &Competitor::name);
  return found == summary.competitors.end() ? nullptr : &*found;
}

Comparison compare_two(const SeedValues& first, const SeedValues& second, double error) {
  return compare_pairs(std::array{first, second}, error).front();
}

double mean_of(const SeedValues& values) {
  std::vector<double> all;
  for (const auto& [seed, value] : values) all.push_back(value);
  return mean(all);
}

double loss_of(const Metric& metric, double value, double other) {
  return metric.better == Better::higher ? other - value : value - other;
}

std::string test_text(const Competitor* competitor, const Metric& metric) {
  if (competitor == nullptr) return "no final trials";
  std::string text;
  if (competitor->mean) {
    text = fmt::format("{} (sd {}, {} seeds)", value_text(metric, *competitor->mean),
                       plain_text(metric, *competitor->sd), competitor->test.size());
  } else {
    text = fmt::format("{} seeds with a result, too few", competitor->test.size());
  }
  if (competitor->diverged > 0) text += fmt::format(", {} diverged", competitor->diverged);
  if (competitor->failed > 0) text += fmt::format(", {} failed", competitor->failed);
  return text;
}

Holds together(const std::vector<Holds>& parts) {
  const auto has = [&](Holds holds) { return std::ranges::find(parts, holds) != parts.end(); };
  const bool untold = has(Holds::cannot_tell);
  if (has(Holds::partly) || (has(Holds::yes) && has(Holds::no))) return untold ? Holds::cannot_tell : Holds::partly;
  if (has(Holds::no)) return Holds::no;
  return has(Holds::yes) && !untold ? Holds::yes : Holds::cannot_tell;
}

}  // namespace thalweg::lab
