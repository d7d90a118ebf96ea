// Judges a training's diagnostics.
#include "training/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace thalweg::lab {
namespace {

using Records = std::vector<const DiagnosticRecord*>;

constexpr std::size_t kBefore = 20, kLeastBefore = 5;  // records that a norm is compared with
constexpr std::size_t kNamed = 3;                      // layers that a text names

bool is_weight(const std::string& parameter) { return parameter.find("weight") != std::string::npos; }

bool is_recurrent(const std::string& parameter) {
  return parameter.find("weight_hh") != std::string::npos || parameter.find("weight_ih") != std::string::npos;
}

/// Two digits: `0.1`, `3.2e-8`.
std::string short_number(double value) {
  std::string text = fmt::format("{:.2g}", value);
  if (const std::size_t at = text.find("e-0"); at != std::string::npos) text.erase(at + 2, 1);
  return text;
}

double rms(const LayerRecord& layer) { return root_mean_square(layer.gradient_norm, layer.elements); }

/// The weights' places in a record. All records of a run have the same.
std::vector<std::size_t> weights_of(const DiagnosticRecord& record) {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < record.layers.size(); ++place) {
    if (is_weight(record.layers[place].parameter)) places.push_back(place);
  }
  return places;
}

/// The first of the records from which on `holds` is true without a break, if they are enough.
template <class Holds>
std::optional<std::size_t> lasting(const Records& records, Holds&& holds) {
  std::size_t first = records.size();
  while (first > 0 && holds(*records[first - 1])) --first;
  return records.size() - first >= kLastingRecords ? std::optional(first) : std::nullopt;
}

/// What holds of some of the weights.
struct Lasting {
  std::vector<std::string> parameters;
  std::size_t place = 0;   // of the first
  std::int64_t since = 0;  // likewise

  explicit operator bool() const { return !parameters.empty(); }

  /// `; likewise `b`, `c` and 2 more`.
  std::string others() const {
    if (parameters.size() < 2) return {};
    std::string text = "; likewise ";
    const std::size_t named = std::min(parameters.size() - 1, kNamed), more = parameters.size() - 1 - named;
    for (std::size_t i = 1; i <= named; ++i) {
      const bool last = i == named && more == 0;
      text += fmt::format("{}`{}`", i == 1 ? "" : last ? " and " : ", ", parameters[i]);
    }
    return more > 0 ? text + fmt::format(" and {} more", more) : text;
  }
};

/// `holds`: of a layer and its record.
template <class Holds>
Lasting weights_where(const Records& records, const std::vector<std::size_t>& places, Holds&& holds) {
  Lasting found;
  for (const std::size_t place : places) {
    const auto first = lasting(records, [&](const DiagnosticRecord& record) {
      return place < record.layers.size() && holds(record.layers[place], record);
    });
    if (!first) continue;
    if (!found) {
      found.place = place;
      found.since = records[*first]->step;
    }
    found.parameters.push_back(records.back()->layers[place].parameter);
  }
  return found;
}

double ratio(const LayerRecord& layer) {
  return layer.parameter_norm > 0 ? layer.update_norm / layer.parameter_norm : std::nan("");
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What the norm of the record at `at` is compared with: 0 if there are too few before it.
double usual_norm(std::span<const DiagnosticRecord> records, std::size_t at) {
  if (at < kLeastBefore) return 0;
  std::vector<double> norms;
  for (std::size_t i = at - std::min(at, kBefore); i < at; ++i) norms.push_back(records[i].clipped_norm);
  return median(std::move(norms));
}

/// Where the gradient is not finite, or else the largest.
const LayerRecord* largest(const DiagnosticRecord& record) {
  const auto found = std::ranges::max_element(record.layers, [](const LayerRecord& a, const LayerRecord& b) {
    return std::pair(a.non_finite, a.gradient_norm) < std::pair(b.non_finite, b.gradient_norm);
  });
  return found == record.layers.end() ? nullptr : &*found;
}

std::optional<Finding> exploding(std::span<const DiagnosticRecord> records) {
  std::optional<std::size_t> first, worst;
  double times = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const double norm = records[i].greatest_norm, usual = usual_norm(records, i);
    const double now = !std::isfinite(norm) ? HUGE_VAL : usual > 0 ? norm / usual : 0;
    if (now <= kExploding) continue;
    if (!first) first = i;
    if (!worst || now > times) {
      worst = i;
      times = now;
    }
  }
  if (!worst) return std::nullopt;
  const DiagnosticRecord& record = records[*worst];
  const std::int64_t after = *worst > 0 ? records[*worst - 1].step : 0;
  // Where gradients are not finite, the run has ended in that step.
  const std::string when = record.step - after <= 1 || !std::isfinite(times)
                               ? fmt::format("in step {}", record.step)
                               : fmt::format("between steps {} and {}", after + 1, record.step);
  Finding finding{
      .kind = FindingKind::exploding, .parameter = {}, .since = records[*first].step, .text = {}, .advice = {}};
  finding.text =
      std::isfinite(times)
          ? fmt::format("the gradients' norm rose to {:.2g} {}, {:.0f} times the median of the records before",
                        record.greatest_norm, when, times)
          : fmt::format("the gradients were not finite {}", when);
  // That step itself may not have been looked into.
  const bool seen = !record.layers.empty() && !(record.clipped_norm < record.greatest_norm / 2);
  const DiagnosticRecord* look = seen ? &record : nullptr;
  for (std::size_t i = *worst; look == nullptr && i-- > 0;) {
    if (!records[i].layers.empty()) look = &records[i];
  }
  if (look != nullptr) {
    finding.parameter = largest(*look)->parameter;
    finding.text += seen ? fmt::format(", most of it in `{}`", finding.parameter)
                         : fmt::format(" (in step {} most of it was in `{}`)", look->step, finding.parameter);
  }
  finding.text += ": exploding";
  const bool clipped =
      std::ranges::any_of(records, [](const DiagnosticRecord& each) { return each.clipped_norm < each.gradient_norm; });
  finding.advice = clipped
                       ? "Try a smaller learning rate or a lower limit for clipping"
                       : "Try clipping (clip=global_norm:1 behind the optimizer's options) or a smaller learning rate";
  return finding;
}

Finding vanishing(const Lasting& found, const DiagnosticRecord& last, const LayerRecord& output) {
  const LayerRecord& layer = last.layers[found.place];
  Finding finding{
      .kind = FindingKind::vanishing, .parameter = layer.parameter, .since = found.since, .text = {}, .advice = {}};
  finding.text = fmt::format(
      "gradients of `{}` have been under {} of the last layer's, `{}`, since step {} ({} in step {}): vanishing{}",
      layer.parameter, short_number(kVanishing), output.parameter, found.since, short_number(rms(layer) / rms(output)),
      last.step, found.others());
  finding.advice = is_recurrent(layer.parameter) ? "Try shorter sequences or fewer layers"
                                                 : "Try another activation (relu), batch normalisation or fewer layers";
  return finding;
}

Finding step_size(FindingKind kind, const Lasting& found, const Records& looks) {
  std::vector<double> ratios;
  for (const DiagnosticRecord* look : looks) {
    if (look->step >= found.since) ratios.push_back(ratio(look->layers[found.place]));
  }
  const bool fast = kind == FindingKind::too_fast;
  return {.kind = kind,
          .parameter = found.parameters.front(),
          .since = found.since,
          .text = fmt::format("each step has changed `{}` by {} than {} of its own norm since step {} (median {}){}",
                              found.parameters.front(), fast ? "more" : "less",
                              short_number(fast ? kGreatestRatio : kLeastRatio), found.since,
                              short_number(median(std::move(ratios))), found.others()),
          .advice = fast ? "Try a smaller learning rate" : "Try a greater learning rate"};
}

/// The layer with the greatest share of dead units, if that is large.
std::optional<Finding> dead_units(std::span<const EpochRecord> epochs) {
  if (epochs.empty() || epochs.back().units.empty()) return std::nullopt;
  const auto share = [](const UnitCounts& counts) {
    return counts.units > 0 ? static_cast<double>(counts.dead) / static_cast<double>(counts.units) : 0;
  };
  const std::vector<UnitCounts>& layers = epochs.back().units;
  const auto worst = std::ranges::max_element(layers, {}, share);
  if (share(*worst) < kDeadShare) return std::nullopt;
  std::int64_t since = epochs.back().step;
  for (auto epoch = epochs.rbegin(); epoch != epochs.rend(); ++epoch) {
    const auto then = std::ranges::find(epoch->units, worst->layer, &UnitCounts::layer);
    if (then == epoch->units.end() || share(*then) < kDeadShare) break;
    since = epoch->step;
  }
  return Finding{
      .kind = FindingKind::dead_units,
      .parameter = worst->layer + ".weight",
      .since = since,
      .text = fmt::format("of the {} units of `{}`, {} were 0 for every example of the validation part after "
                          "step {}, and at least half since step {}: dead",
                          worst->units, worst->layer, worst->dead, epochs.back().step, since),
      .advice = "Try a smaller learning rate, another activation (gelu, tanh) or batch normalisation"};
}

/// What the steps that were looked into show.
std::vector<Finding> of_steps(std::span<const DiagnosticRecord> records) {
  std::vector<Finding> found;
  if (std::optional<Finding> finding = exploding(records)) found.push_back(std::move(*finding));
  Records looks;
  for (const DiagnosticRecord& record : records) {
    if (!record.layers.empty() && (looks.empty() || looks.back()->layers.size() == record.layers.size()))
      looks.push_back(&record);
  }
  if (looks.empty()) return found;
  const DiagnosticRecord& last = *looks.back();
  std::vector<std::size_t> weights = weights_of(last);
  if (weights.empty()) return found;

  const auto leave_out = [&](const Lasting& told) {
    std::erase_if(weights, [&](std::size_t place) {
      return std::ranges::find(told.parameters, last.layers[place].parameter) != told.parameters.end();
    });
  };
  const std::size_t output = weights.back();
  const Lasting none = weights_where(
      looks, weights, [](const LayerRecord& layer, const DiagnosticRecord&) { return layer.zero_share == 1; });
  if (none) {
    found.push_back({.kind = FindingKind::no_gradient,
                     .parameter = none.parameters.front(),
                     .since = none.since,
                     .text = fmt::format("all of the gradient of `{}` has been 0 since step {}: nothing reaches it{}",
                                         none.parameters.front(), none.since, none.others()),
                     .advice = "Try a smaller learning rate, another activation (gelu, tanh) or batch normalisation"});
    leave_out(none);
  }
  const Lasting weak = weights_where(looks, weights, [&](const LayerRecord& layer, const DiagnosticRecord& record) {
    return rms(layer) > 0 && rms(layer) < kVanishing * rms(record.layers[output]);
  });
  if (weak) {
    found.push_back(vanishing(weak, last, last.layers[output]));
    leave_out(weak);
  }
  const Lasting fast = weights_where(
      looks, weights, [](const LayerRecord& layer, const DiagnosticRecord&) { return ratio(layer) > kGreatestRatio; });
  if (fast) found.push_back(step_size(FindingKind::too_fast, fast, looks));
  if (weak) return found;  // of a gradient that vanishes, updates are small as well
  const Lasting slow = weights_where(
      looks, weights, [](const LayerRecord& layer, const DiagnosticRecord&) { return ratio(layer) < kLeastRatio; });
  if (slow) found.push_back(step_size(FindingKind::too_slow, slow, looks));
  return found;
}

}  // namespace

double root_mean_square(double norm, std::int64_t elements) {
  return elements > 0 ? norm / std::sqrt(static_cast<double>(elements)) : 0;
}

std::vector<Finding> findings(std::span<const DiagnosticRecord> records, std::span<const EpochRecord> epochs) {
  std::vector<Finding> found = of_steps(records);
  if (std::optional<Finding> finding = dead_units(epochs)) found.push_back(std::move(*finding));
  return found;
}

std::string to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::exploding:
      return "exploding";
    case FindingKind::vanishing:
      return "vanishing";
    case FindingKind::no_gradient:
      return "no_gradient";
    case FindingKind::too_slow:
      return "too_slow";
    case FindingKind::too_fast:
      return "too_fast";
    case FindingKind::dead_units:
      return "dead_units";
  }
  return "unknown";
}

void to_json(nlohmann::json& json, const Finding& finding) {
  json = {{"kind", to_string(finding.kind)},
          {"parameter", finding.parameter},
          {"since", finding.since},
          {"text", finding.text},
          {"advice", finding.advice}};
}

}  // namespace thalweg::lab
