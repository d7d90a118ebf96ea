// Findings: what a training's diagnostics say is wrong, in words.
#pragma once

#include "training/records.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

enum class FindingKind {
  exploding,    ///< the gradients' norm rose to more than kExploding times its usual value, or is not finite
  vanishing,    ///< a layer's gradient stays under kVanishing of the last layer's
  no_gradient,  ///< all elements of a layer's gradient stay 0
  too_slow,     ///< updates of a layer stay under kLeastRatio of its own norm
  too_fast,     ///< or above kGreatestRatio
  dead_units,   ///< of a layer at least kDeadShare of the units are 0 for all examples
};

/// Root mean square of the elements of a layer's gradient, divided by that of the last layer's.
constexpr double kVanishing = 1e-7;
/// The norm of all gradients in one step, divided by the median of at most 20 records before (at least 5).
constexpr double kExploding = 100;
/// Norm of an update, divided by that of its parameter.
constexpr double kLeastRatio = 1e-6, kGreatestRatio = 0.1;
/// Of a layer's units, in the last epoch.
constexpr double kDeadShare = 0.5;
/// What is said to last must be so in as many of the last records at least, without a break up to the end.
constexpr std::size_t kLastingRecords = 10;

/// Something that the records show, and what may help. Names of parameters are between backquotes.
struct Finding {
  FindingKind kind;
  std::string parameter;   ///< the first it holds of; empty where none can be named
  std::int64_t since = 0;  ///< step of the first record (or epoch's end) in which it was so
  std::string text;        ///< what is the case: no sentence's capital, no full stop
  std::string advice;      ///< `Try …`
};

/// What one training's records show, the gravest first; usually nothing. Only weights are judged, since biases begin at
/// 0 or near it and may have gradients of 0 by their place.
std::vector<Finding> findings(std::span<const DiagnosticRecord> records, std::span<const EpochRecord> epochs = {});

/// `exploding`, … , as the JSON has it.
std::string to_string(FindingKind kind);
/// `{"kind", "parameter", "since", "text", "advice"}`.
void to_json(nlohmann::json& json, const Finding& finding);

/// L2 norm as the root mean square of so many elements.
double root_mean_square(double norm, std::int64_t elements);

}  // namespace thalweg::lab
