// The fields of what is around the rules, by which text and JSON read and write it. Ranges are checked by `check`.
#include "settings_fields.h"

namespace thalweg {
namespace {

constexpr std::string_view kClips[] = {"none", "value", "norm", "global_norm"};
constexpr std::string_view kAverages[] = {"none", "ema", "mean"};
constexpr std::string_view kChecks[] = {"off", "detect", "guard"};
constexpr std::string_view kStepCounts[] = {"per_parameter", "shared", "per_row"};

}  // namespace

Field by_field(Clip& clip) { return {"by", choice<ClipBy>(kClips, clip.by)}; }
Field kind_field(Average& average) { return {"kind", choice<AverageKind>(kAverages, average.kind)}; }
Field check_field(Settings& settings) { return {"check", choice<Check>(kChecks, settings.check)}; }
Field step_count_field(Settings& settings) {
  return {"step_count", choice<StepCount>(kStepCounts, settings.step_count)};
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
