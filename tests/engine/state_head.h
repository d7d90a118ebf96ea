// Changes numbers in a state's head, the JSON text that says everything but the tensors.
#pragma once

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/safetensors.h>

#include <cstddef>
#include <string>
#include <vector>

namespace thalweg::tests {

/// The state with this number for every `key` in its head. Throws Error if there is none.
inline State with_number(State state, const std::string& key, const std::string& number) {
  std::string& head = state.metadata.at("thalweg");
  const std::string begin = '"' + key + "\":";
  std::size_t at = head.find(begin);
  if (at == std::string::npos) throw Error("the state's head has no \"" + key + '"');
  for (; at != std::string::npos; at = head.find(begin, at + 1)) {
    const std::size_t from = at + begin.size(), to = head.find_first_of(",}", from);
    head.replace(from, to - from, number);
  }
  return state;
}

/// The bytes of the state, without the count of refused steps.
inline std::vector<std::byte> bytes_but_refused(const Optimizer& optimizer) {
  return safetensors::to_bytes(with_number(optimizer.state(), "refused_steps", "0"));
}

}  // namespace thalweg::tests
