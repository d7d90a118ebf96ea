// The fields of what is around the rules, by which text and JSON read and write it, and their ranges.
#include "settings_fields.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace thalweg::inline v0_1 {
namespace {

/// The names of all enumerators, in their order.
template <auto... all>
std::span<const std::string_view> names() {
  static const std::array<std::string_view, sizeof...(all)> kNames{to_string(all)...};
  return kNames;
}

}  // namespace

Field by_field(Clip& clip) {
  return {"by", choice(names<ClipBy::none, ClipBy::value, ClipBy::norm, ClipBy::global_norm>(), clip.by)};
}
Field kind_field(Average& average) {
  return {"kind", choice(names<AverageKind::none, AverageKind::ema, AverageKind::mean>(), average.kind)};
}
Field check_field(Settings& settings) {
  return {"check", choice(names<Check::off, Check::detect, Check::guard>(), settings.check)};
}
Field step_count_field(Settings& settings) {
  return {"step_count",
          choice(names<StepCount::per_parameter, StepCount::shared, StepCount::per_row>(), settings.step_count)};
}

Field loss_scale_field(Settings& settings) { return {"loss_scale", &settings.loss_scale, above(0)}; }

Fields fields_of(Clip& clip) { return {{"limit", &clip.limit, above(0)}, {"eps", &clip.eps, at_least(0)}}; }
Fields fields_of(Average& average) {
  return {{"decay", &average.decay, between(0, 1)},
          {"bias_correction", &average.bias_correction},
          {"start", &average.start, at_least(1)},
          {"every", &average.every, at_least(1)},
          {"overwrite_every", &average.overwrite_every, at_least(0)}};
}
Fields fields_of(Accumulation& accumulation) {
  return {{"calls", &accumulation.calls, between(1, INT32_MAX)}, {"mean", &accumulation.mean}};
}
Fields fields_of(DynamicLossScale& dynamic) {
  return {{"growth", &dynamic.growth, above(1)},
          {"backoff", &dynamic.backoff, Range{.low = 0, .high = 1, .high_open = true, .low_open = true}},
          {"interval", &dynamic.interval, between(1, INT32_MAX)}};
}

}  // namespace thalweg::inline v0_1
