// View: cuts elements and steps out of a recorded run, and says how exact its numbers are.
#include "identify/view.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace thalweg::lab::identify {
namespace {

// Half a unit in the last place.
constexpr double kUnit64 = 0x1p-53, kUnit32 = 0x1p-24;
// What computing a change in another order, or by other instructions, may add: units of the change itself.
constexpr double kUnitsOfChange = 8;
// Larger parameters are not looked at as a whole.
constexpr std::size_t kMostOfAParameter = 1000;

void add_mark(View& view, const Recording& recording, std::span<const std::size_t> elements, Mark mark) {
  const std::vector<double>& before = mark.from == 0 ? recording.start : recording.expected.at(mark.from);
  const std::vector<double>& after = recording.expected.at(mark.to);
  view.marks.push_back(mark);
  for (const std::size_t i : elements) {
    view.before.push_back(before[i]);
    view.changes.push_back(after[i] - before[i]);
  }
}

/// How many of these elements each parameter has.
std::vector<std::size_t> counts_here(const Recording& recording, const Part& part) {
  std::vector<std::size_t> counts;
  std::size_t end = 0;
  for (const std::size_t length : recording.parameters) {
    const std::size_t begin = end;
    end += length;
    const auto is_of_it = [&](std::size_t element) { return element >= begin && element < end; };
    counts.push_back(static_cast<std::size_t>(std::ranges::count_if(part.elements, is_of_it)));
  }
  return counts;
}

/// Fills in the parameters and what they lack, if either matters.
void add_parameters(View& view, const Recording& recording, const Part& part) {
  const bool all_have_gradients = std::ranges::all_of(recording.without, &std::vector<std::size_t>::empty);
  if (all_have_gradients && !part.is_whole) return;
  view.shapes = shapes_of(recording, part);
  const std::vector<std::size_t> counts = counts_here(recording, part);
  std::vector<std::size_t> number_here;
  for (std::size_t i = 0, here = 0; i<counts.size(); here += counts[i++]> 0) number_here.push_back(here);
  for (std::int64_t step = 0; step < view.steps; ++step) {
    std::vector<std::size_t>& without = view.without.emplace_back();
    for (const std::size_t i : recording.without[static_cast<std::size_t>(step)]) {
      if (counts[i] > 0) without.push_back(number_here[i]);
    }
  }
}

void measure_typical(View& view) {
  view.typical.assign(view.elements, 0);
  for (std::size_t k = 0; k < view.changes.size(); ++k) {
    view.typical[k % view.elements] += view.changes[k] * view.changes[k];
  }
  for (double& square : view.typical) square = std::sqrt(square / static_cast<double>(view.marks.size()));
}

void measure_noise(View& view, const Precision& precision) {
  const double unit = precision.is_float64 ? kUnit64 : kUnit32;
  view.model_noise = kUnit64 / (unit + precision.rtol / 3);
  const double largest_change = std::ranges::max(view.typical);
  for (std::size_t m = 0; m < view.marks.size(); ++m) {
    const std::span<const double> before = std::span(view.before).subspan(m * view.elements, view.elements);
    double largest = 0;
    for (const double x : before) largest = std::max(largest, std::abs(x));
    const auto steps = static_cast<double>(view.marks[m].to - view.marks[m].from);
    for (std::size_t i = 0; i < view.elements; ++i) {
      const double change = view.changes[m * view.elements + i];
      const double size = std::max(std::abs(before[i]), std::abs(before[i] + change));
      const double moved = std::max({std::abs(change), view.typical[i], 1e-3 * largest_change});
      view.noise.push_back(unit * (size * std::sqrt(steps) + kUnitsOfChange * moved) +
                           precision.rtol / 3 * std::max(size, 1e-3 * largest) + std::numeric_limits<double>::min());
    }
  }
}

double gradient_square(const Recording& recording, std::size_t element) {
  double sum = 0;
  for (const auto& gradient : recording.gradients) {
    if (gradient) sum += (*gradient)[element] * (*gradient)[element];
  }
  return sum;
}

}  // namespace

View make_view(const Recording& recording, const Part& part, std::int64_t steps, const Precision& precision) {
  const std::vector<std::size_t>& elements = part.elements;
  View view;
  view.elements = elements.size();
  view.lrs = recording.lrs;
  for (const std::int64_t step : recorded_steps(recording)) {
    if (step > steps) break;
    add_mark(view, recording, elements, {view.steps, step});
    view.steps = step;
  }
  for (std::int64_t step = 0; step < view.steps; ++step) {
    std::vector<double>& gradient = view.gradients.emplace_back();
    const auto& recorded = recording.gradients[static_cast<std::size_t>(step)];
    if (!recorded) continue;
    for (const std::size_t i : elements) gradient.push_back((*recorded)[i]);
  }
  add_parameters(view, recording, part);
  measure_typical(view);
  measure_noise(view, precision);
  return view;
}

Part diverse_elements(const Recording& recording, std::size_t count) {
  Part all = all_elements(recording);
  std::vector<std::size_t>& sorted = all.elements;
  if (sorted.size() <= count) return all;
  std::vector<double> squares;
  for (const std::size_t i : sorted) squares.push_back(gradient_square(recording, i));
  std::ranges::stable_sort(sorted, {}, [&](std::size_t i) { return squares[i]; });
  Part result;
  for (std::size_t k = 0; k < count; ++k) result.elements.push_back(sorted[k * (sorted.size() - 1) / (count - 1)]);
  std::ranges::sort(result.elements);
  return result;
}

Part whole_parameters(const Recording& recording, std::size_t count) {
  const std::vector<std::size_t>& lengths = recording.parameters;
  std::vector<std::size_t> sorted(lengths.size()), chosen;
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::ranges::stable_sort(sorted, {}, [&](std::size_t i) { return lengths[i]; });
  std::erase_if(sorted, [&](std::size_t i) { return lengths[i] > kMostOfAParameter; });
  std::size_t sum = 0;
  const auto is_matrix = [&](std::size_t i) { return layout_of(recording.shapes[i]).is_matrix(); };
  for (const std::size_t i : sorted) {
    const bool is_first_matrix = is_matrix(i) && std::ranges::none_of(chosen, is_matrix);
    if (sum >= count && !is_first_matrix) continue;
    chosen.push_back(i);
    sum += lengths[i];
  }
  Part result{.elements = {}, .is_whole = true};
  for (std::size_t i = 0, begin = 0; i < lengths.size(); begin += lengths[i++]) {
    if (std::ranges::find(chosen, i) == chosen.end()) continue;
    for (std::size_t k = 0; k < lengths[i]; ++k) result.elements.push_back(begin + k);
  }
  return result;
}

std::vector<Shape> shapes_of(const Recording& recording, const Part& part) {
  const std::vector<std::size_t> counts = counts_here(recording, part);
  std::vector<Shape> result;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    result.push_back(part.is_whole ? recording.shapes[i] : Shape{static_cast<std::int64_t>(counts[i])});
  }
  return result;
}

Part all_elements(const Recording& recording) {
  Part all{.elements = std::vector<std::size_t>(recording.start.size()), .is_whole = true};
  std::iota(all.elements.begin(), all.elements.end(), std::size_t{0});
  return all;
}

std::vector<std::int64_t> recorded_steps(const Recording& recording) {
  std::vector<std::int64_t> steps;
  for (const auto& [step, theta] : recording.expected) {
    if (step > 0) steps.push_back(step);
  }
  return steps;
}

}  // namespace thalweg::lab::identify
