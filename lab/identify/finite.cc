// Finite: the part of a recorded run in which every number is finite, which alone can be fitted.
#include "identify/finite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

namespace thalweg::lab::identify {
namespace {

using Kept = std::vector<bool>;  // of each element

void mark(Kept& kept, const std::vector<double>& numbers) {
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = kept[i] && std::isfinite(numbers[i]);
}

/// The elements that are finite all the time.
Kept finite_elements(const Recording& recording) {
  Kept kept(recording.start.size(), true);
  mark(kept, recording.start);
  for (const auto& gradient : recording.gradients) {
    if (gradient) mark(kept, *gradient);
  }
  for (const auto& [step, theta] : recording.expected) mark(kept, theta);
  return kept;
}

void keep(std::vector<double>& numbers, const Kept& kept) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) numbers[end++] = numbers[i];
  }
  numbers.resize(end);
}

void keep_elements(Recording& recording, const Kept& kept) {
  keep(recording.start, kept);
  for (auto& gradient : recording.gradients) {
    if (gradient) keep(*gradient, kept);
  }
  for (auto& [step, theta] : recording.expected) keep(theta, kept);
  std::vector<std::size_t> lengths;
  std::vector<Shape> shapes;
  std::map<std::size_t, std::size_t> new_number;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < recording.parameters.size(); begin += recording.parameters[i++]) {
    const auto first = kept.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::count(first, first + static_cast<std::ptrdiff_t>(recording.parameters[i]), true);
    if (count == 0) continue;
    new_number[i] = lengths.size();
    lengths.push_back(static_cast<std::size_t>(count));
    const bool is_whole = lengths.back() == recording.parameters[i];
    shapes.push_back(is_whole ? recording.shapes[i] : Shape{count});
  }
  recording.parameters = lengths;
  recording.shapes = shapes;
  for (std::vector<std::size_t>& without : recording.without) {
    std::erase_if(without, [&](std::size_t i) { return !new_number.contains(i); });
    for (std::size_t& i : without) i = new_number.at(i);
  }
  recording.row_width = 0;  // rows give the dense numbers
  recording.rows.clear();
}

/// The first step with a number that is not finite.
std::int64_t first_step_beyond(const Recording& recording) {
  const auto is_finite = [](const std::vector<double>& numbers) {
    return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
  };
  for (std::size_t t = 0; t < recording.gradients.size(); ++t) {
    const auto step = static_cast<std::int64_t>(t + 1);
    const auto theta = recording.expected.find(step);
    if (recording.gradients[t] && !is_finite(*recording.gradients[t])) return step;
    if (theta != recording.expected.end() && !is_finite(theta->second)) return step;
  }
  return 1;  // it begins so
}

}  // namespace

std::string keep_finite(Recording& recording) {
  const Kept kept = finite_elements(recording);
  const std::ptrdiff_t left = std::count(kept.begin(), kept.end(), true), all = std::ssize(kept);
  if (left == all) return {};
  if (left > 0) {
    keep_elements(recording, kept);
    return fmt::format("{} of {} elements, which are not finite all the time, are left out", all - left, all);
  }
  const std::int64_t first = first_step_beyond(recording);
  recording.gradients.resize(static_cast<std::size_t>(first - 1));
  recording.without.resize(recording.gradients.size());
  if (!recording.rows.empty()) recording.rows.resize(recording.gradients.size());
  std::erase_if(recording.expected, [&](const auto& entry) { return entry.first >= first; });
  return fmt::format("the steps from {} on, where numbers are not finite, are left out", first);
}

}  // namespace thalweg::lab::identify
