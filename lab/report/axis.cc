// Chooses ticks.
#include "report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

constexpr double kLargestPlain = 1e7;  // what is larger is written with a power of ten

}  // namespace

std::vector<Axis::Tick> Axis::ticks() const {
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  const bool is_plain = std::max(std::abs(low), std::abs(high)) < kLargestPlain;
  const auto count = static_cast<int>(std::lround((high - low) / step));
  std::vector<Tick> ticks;
  for (int i = 0; i <= count; ++i) {
    const double value = low + i * step;
    ticks.push_back(
        {place(value), is_plain ? fmt::format("{:.{}f}", value, digits) : fmt::format("{:.3g}", value), value});
  }
  return ticks;
}

Axis axis_for(double least, double greatest) {
  const double least_span = std::max(0.002 * std::max(std::abs(least), std::abs(greatest)), 1e-12);
  const double span = std::max(greatest - least, least_span);
  const double least_step = span / 6;
  const double power = std::pow(10, std::floor(std::log10(least_step)));
  const double step = power * (least_step <= 2 * power ? 2 : least_step <= 5 * power ? 5 : 10);
  const double low = std::floor(least / step - 0.15) * step, high = std::ceil(greatest / step + 0.15) * step;
  return {low, std::max(high, low + step), step};
}

}  // namespace thalweg::lab
