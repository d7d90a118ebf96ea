// The dialects by the name of the peer, as the recordings have it.
#pragma once

#include "engine/golden_cases.h"
#include "error_of.h"

#include <thalweg/dialects.h>

#include <string>
#include <string_view>

namespace thalweg::tests {

/// Can a dialect translate this recording's options?
inline bool has_dialect(const GoldenCase& golden) { return golden.peer != "mlx"; }

/// What the dialect makes of the recording's options, called `name`. With a schedule, which has its own test, the
/// learning rate is the one that was written down.
inline Options translated(const GoldenCase& golden, std::string_view name) {
  Options options = translate(golden.peer, name, json::to_string(golden.peer_options)).options;
  if (golden.has_schedule) options.set("lr", golden.options.get("lr"));
  return options;
}

/// The message of the Error that it throws.
inline std::string error_in(std::string_view peer, std::string_view name, std::string_view json) {
  return error_of([&] { (void)translate(peer, name, json); });
}

inline std::string config(const GoldenCase& golden) { return json::to_string(golden.peer_options); }

/// What the framework calls the recorded optimizer, or thalweg, if that is the same.
inline const std::string& name_of(const GoldenCase& golden) {
  return golden.peer_name.empty() ? golden.rule : golden.peer_name;
}

}  // namespace thalweg::tests
