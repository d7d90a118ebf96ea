// The fields of what is around the rules, by which text and JSON read and write it. Ranges are checked by `check`.
#include "settings_fields.h"

#include <array>
#include <span>
#include <string_view>

namespace thalweg {
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

Fields fields_of(Clip& clip) { return {{"limit", &clip.limit}, {"eps", &clip.eps}}; }
Fields fields_of(Average& average) {
  return {{"decay", &average.decay},
          {"bias_correction", &average.bias_correction},
          {"start", &average.start},
          {"every", &average.every},
          {"overwrite_every", &average.overwrite_every}};
}
Fields fields_of(Accumulation& accumulation) { return {{"calls", &accumulation.calls}, {"mean", &accumulation.mean}}; }
Fields fields_of(DynamicLossScale& dynamic) {
  return {{"growth", &dynamic.growth}, {"backoff", &dynamic.backoff}, {"interval", &dynamic.interval}};
}

}  // namespace thalweg
