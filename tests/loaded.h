// What a data set's examples hold, read by loading them.
#pragma once

#include "data/dataset.h"

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab::test {

/// One batch, in memory of its own.
struct Loaded {
  std::vector<std::vector<float>> real;          ///< of each input; empty for codes
  std::vector<std::vector<std::int64_t>> codes;  ///< of each input; empty for real numbers
  std::vector<float> numbers;                    ///< targets …
  std::vector<std::int64_t> labels;              ///< … of one kind or the other
};

inline Loaded load(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling) {
  Loaded loaded;
  loaded.real.resize(dataset.inputs.size());
  loaded.codes.resize(dataset.inputs.size());
  BatchMemory memory;
  for (std::size_t i = 0; i < dataset.inputs.size(); ++i) {
    const std::size_t size = examples.size() * static_cast<std::size_t>(dataset.inputs[i].size());
    if (dataset.inputs[i].is_real()) {
      loaded.real[i].resize(size);
      memory.inputs.emplace_back(std::span(loaded.real[i]));
    } else {
      loaded.codes[i].resize(size);
      memory.inputs.emplace_back(std::span(loaded.codes[i]));
    }
  }
  if (dataset.target.kind == TargetKind::number) {
    loaded.numbers.resize(examples.size());
    memory.target = std::span(loaded.numbers);
  } else {
    loaded.labels.resize(examples.size() * static_cast<std::size_t>(dataset.target.length));
    memory.target = std::span(loaded.labels);
  }
  dataset.examples->load(examples, scaling, memory);
  return loaded;
}

/// Images as their bytes.
inline std::vector<std::uint8_t> pixels_of(const Dataset& dataset, std::span<const std::int64_t> examples) {
  const Loaded loaded = load(dataset, examples, {.mean = {0}, .deviation = {1 / 255.0}});
  return {loaded.real.front().begin(), loaded.real.front().end()};
}

inline std::vector<std::uint8_t> labels_of(const Dataset& dataset, std::span<const std::int64_t> examples) {
  std::vector<std::uint8_t> labels;
  for (const std::int64_t example : examples)
    labels.push_back(static_cast<std::uint8_t>(dataset.examples->label(example)));
  return labels;
}

}  // namespace thalweg::lab::test
