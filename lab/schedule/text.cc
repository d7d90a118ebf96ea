// Puts schedules into text.
#include "schedule/text.h"

#include "output/blocks.h"
#include "output/table.h"
#include "output/wrap.h"
#include "page/text.h"
#include "schedule/rows.h"

#include <thalweg/text.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kJsonSteps = 1000;
constexpr std::size_t kChartColumns = 64, kChartLines = 6, kLineColumns = 20;

/// The rates in the middle of so many equal parts of the steps.
std::vector<double> sampled(const Curve& curve, std::size_t count) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    rates.push_back(curve.rate(1 + static_cast<std::int64_t>(share * static_cast<double>(curve.steps()))));
  }
  return rates;
}

struct Heights {
  double low = 0, high = 0;

  void include(double rate) {
    if (!std::isfinite(rate)) return;
    low = std::min(low, rate);
    high = std::max(high, rate);
  }
};

Heights heights_of(std::span<const Curve> curves) {
  Heights heights;
  for (const Curve& curve : curves) {
    heights.include(curve.extremes().highest);
    for (const double rate : sampled(curve, kChartColumns)) heights.include(rate);
  }
  return heights;
}

/// Of one curve: several lines, with its heights on the left and its steps below.
std::string chart(const Curve& curve, std::size_t width) {
  const Heights heights = heights_of({&curve, 1});
  const std::string high = learning_rate(heights.high), low = learning_rate(heights.low);
  const std::size_t label = std::max(width_of(high), width_of(low));
  const std::size_t columns = std::min(kChartColumns, width - std::min(width, label + 2));
  const std::vector<std::string> lines = blocks(sampled(curve, columns), heights.low, heights.high, kChartLines);
  std::string text;
  for (const std::string& line : lines) {
    const std::string name = &line == &lines.front() ? high : &line == &lines.back() ? low : "";
    text += fmt::format("{:>{}} {}", name, label, line);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  const std::string last = thousands(curve.steps());
  return text + fmt::format("{:{}} 1{:>{}}\n", "", label, last, columns - 1);
}

/// Of several curves: what `summary_of` says, side by side.
std::string comparison(std::span<const Curve> curves, std::size_t width) {
  Table table({"", "schedule", "first", "highest", "at step", "last", "over the steps"},
              {true, false, true, true, true, true, false});
  const Heights heights = heights_of(curves);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve::Extremes& extremes = curves[i].extremes();
    table.add({std::to_string(i + 1), curves[i].text(), learning_rate(extremes.first), learning_rate(extremes.highest),
               thousands(extremes.highest_at), learning_rate(extremes.last),
               blocks(sampled(curves[i], kLineColumns), heights.low, heights.high, 1).front()});
  }
  return table.text(width);
}

ordered_json curve_json(const Curve& curve) {
  const std::vector<std::int64_t> steps = spread(curve.steps(), kJsonSteps);
  std::vector<double> rates;
  rates.reserve(steps.size());
  for (const std::int64_t step : steps) rates.push_back(curve.rate(step));
  return {{"schedule", curve.text()},
          {"lr", curve.options().lr},
          {"steps_per_epoch", curve.options().steps_per_epoch},
          {"steps", steps},
          {"rates", rates}};
}

}  // namespace

std::string unit_of(const Curve& curve) { return curve.options().lr == 1 ? "factor" : "rate"; }

std::string summary_of(const Curve& curve) {
  const Curve::Extremes& extremes = curve.extremes();
  const std::string middle = extremes.highest_at == 1 || extremes.highest_at == curve.steps()
                                 ? std::string()
                                 : fmt::format("{} at its highest (step {}), ", learning_rate(extremes.highest),
                                               thousands(extremes.highest_at));
  return fmt::format("{} steps: {} {} at first, {}{} at last", thousands(curve.steps()), unit_of(curve),
                     learning_rate(extremes.first), middle, learning_rate(extremes.last));
}

std::string schedule_text(std::span<const Curve> curves, std::size_t width) {
  const Curve& first = curves.front();
  const bool has_epochs = first.options().steps_per_epoch > 1;
  std::string text = curves.size() == 1
                         ? printable(first.text()) + '\n' + summary_of(first) + "\n\n" + chart(first, width)
                         : comparison(curves, width);
  std::vector<std::string> header{"step"};
  if (has_epochs) header.push_back("epoch");
  for (std::size_t i = 0; i < curves.size(); ++i) {
    header.push_back(curves.size() == 1 ? unit_of(first) : fmt::format("{} {}", unit_of(first), i + 1));
  }
  std::vector<bool> right(header.size(), true);
  header.emplace_back("");
  right.push_back(false);
  Table table(std::move(header), std::move(right));
  for (const Row& row : telling_rows(curves)) {
    std::vector<std::string> cells{thousands(row.step)};
    if (has_epochs) cells.push_back(thousands((row.step - 1) / first.options().steps_per_epoch + 1));
    for (const double rate : row.rates) cells.push_back(learning_rate(rate));
    cells.push_back(row.what);
    table.add(std::move(cells));
  }
  return text + '\n' + table.text(width);
}

ordered_json schedule_json(std::span<const Curve> curves) {
  if (curves.size() == 1) return curve_json(curves.front());
  ordered_json all = ordered_json::array();
  for (const Curve& curve : curves) all.push_back(curve_json(curve));
  return all;
}

}  // namespace thalweg::lab
