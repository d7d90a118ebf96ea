// Places values of parameters.
#include "report/parameter_axis.h"

#include "page/text.h"
#include "report/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr double kRoom = 0.04;    // at both ends of a range
constexpr double kAbsent = 14;    // percent, for values that do not count
constexpr double kMostTicks = 6;  // of decades

// Values at which a logarithmic axis may have ticks: whole powers of ten, or 1, 2 and 5 times these.
std::vector<double> values_on_log_axis(double low, double high) {
  const double first = std::floor(std::log10(low)), decades = std::log10(high / low);
  const double stride = std::max(1.0, std::ceil(decades / kMostTicks));
  std::vector<double> values;
  for (double power = first; power <= std::log10(high) + 1; power += stride) {
    for (const double factor : {1.0, 2.0, 5.0})
      if (factor == 1 || decades < 2) values.push_back(factor * std::pow(10, power));
  }
  return values;
}

}  // namespace

double ParameterAxis::part(double value) const {
  if (is_choice()) return (value + 0.5) / static_cast<double>(range_.choices.size());
  const double along = range_.log ? std::log(value / range_.low) / std::log(range_.high / range_.low)
                                  : (value - range_.low) / (range_.high - range_.low);
  return kRoom + (1 - 2 * kRoom) * along;
}

double ParameterAxis::place(std::optional<double> value) const {
  const double begin = has_absent_ ? kAbsent : 0;
  return value ? begin + (100 - begin) * part(*value) : kAbsent / 3;
}

std::vector<Axis::Tick> ParameterAxis::ticks() const {
  std::vector<Axis::Tick> ticks;
  if (has_absent_) ticks.push_back({place({}), "not used"});
  if (is_choice()) {
    for (std::size_t i = 0; i < range_.choices.size(); ++i) {
      const auto index = static_cast<double>(i);
      ticks.push_back({place(index), isolated(parameter_text(range_.choices[i])), index});
    }
    return ticks;
  }
  const auto is_on = [&](double value) {
    const double least = 1e-9 * (range_.high - range_.low);
    return value >= range_.low - least && value <= range_.high + least &&
           (range_.kind != DimensionKind::integer || value == std::round(value));
  };
  if (range_.log && range_.high / range_.low >= 4) {
    for (const double value : values_on_log_axis(range_.low, range_.high))
      if (is_on(value)) ticks.push_back({place(value), learning_rate(value), value});
  } else {
    for (Axis::Tick tick : axis_for(range_.low, range_.high).ticks()) {
      if (!is_on(tick.value)) continue;
      tick.place = place(tick.value);
      if (range_.kind == DimensionKind::integer) tick.text = learning_rate(tick.value);
      ticks.push_back(std::move(tick));
    }
  }
  return ticks;
}

}  // namespace thalweg::lab
