// Rows of numbers and codes as examples: scaling and batches.
#include "data/rows.h"

#include "data/fingerprint.h"
#include "data/npy_elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

namespace thalweg::lab {
namespace {

/// Means of columns, of differences from each column's first number: these stay exact where all numbers are equal, and
/// keep their digits where all are large.
class Means {
 public:
  explicit Means(std::size_t size) : firsts_(size), sums_(size), counts_(size) {}

  void add(std::size_t feature, double value) {
    if (std::isnan(value)) return;
    if (counts_[feature] == 0) firsts_[feature] = value;
    sums_[feature] += value - firsts_[feature];
    ++counts_[feature];
  }
  std::vector<double> values() const {
    std::vector<double> means(sums_.size());
    for (std::size_t i = 0; i < means.size(); ++i)
      if (counts_[i] > 0) means[i] = firsts_[i] + sums_[i] / counts_[i];
    return means;
  }
  /// Of what were squares of differences from the mean.
  std::vector<double> deviations() const {
    std::vector<double> deviations = values();
    for (double& deviation : deviations) deviation = deviation > 0 ? std::sqrt(deviation) : 1;
    return deviations;
  }

 private:
  std::vector<double> firsts_, sums_, counts_;
};

/// The nearest float; of what is beyond them all (a test row far outside of what was trained on), the largest.
float to_float(double value) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kLargest, kLargest));
}

/// Is it one of these, which are ascending and at least 1? Mostly they are all from 1 on.
bool is_among(std::int64_t code, const std::vector<std::int64_t>& known) {
  if (known.empty() || code < 1 || code > known.back()) return false;
  return known.back() == std::ssize(known) || std::ranges::binary_search(known, code);
}

class RowExamples : public Examples {
 public:
  explicit RowExamples(Rows rows) : rows_(std::move(rows)) {}

  Scaling measure(std::span<const std::int64_t> training) const override;
  void load(std::span<const std::int64_t> examples, const Scaling& scaling, const BatchMemory& memory) const override;
  std::int64_t label(std::int64_t example) const override {
    return rows_.labels.empty() ? 0 : rows_.labels[static_cast<std::size_t>(example)];
  }
  std::uint64_t input_hash(std::int64_t example) const override {
    std::uint64_t hash = hash_of(codes_of(example));
    each_value(example, [&](double value) {
      hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    });
    return hash;
  }
  bool have_same_inputs(std::int64_t a, std::int64_t b) const override {
    const std::vector<double> one = values_of(a), other = values_of(b);
    return same_bytes(std::span(one), std::span(other)) && same_bytes(codes_of(a), codes_of(b));
  }
  bool have_same_target(std::int64_t a, std::int64_t b) const override {
    return label(a) == label(b) && (rows_.numbers.empty() || rows_.numbers[static_cast<std::size_t>(a)] ==
                                                                 rows_.numbers[static_cast<std::size_t>(b)]);
  }

 private:
  /// Calls `use(value)` for the example's numbers.
  void each_value(std::int64_t example, const auto& use) const {
    const auto width = static_cast<std::size_t>(rows_.width);
    if (rows_.arrays.empty()) {
      const std::int64_t begin =
          rows_.begins.empty() ? example * rows_.width : rows_.begins[static_cast<std::size_t>(example)];
      for (const double value : std::span(rows_.values).subspan(static_cast<std::size_t>(begin), width)) use(value);
      return;
    }
    const NpyArray* array = rows_.arrays.data();
    for (; example >= array->shape[0]; ++array) example -= array->shape[0];
    each_element(*array, static_cast<std::size_t>(example) * width, width,
                 [&](auto value, std::size_t) { use(static_cast<double>(value)); });
  }
  std::vector<double> values_of(std::int64_t example) const {
    std::vector<double> values;
    each_value(example, [&](double value) { values.push_back(value); });
    return values;
  }
  std::span<const std::int32_t> codes_of(std::int64_t example) const {
    const auto columns = static_cast<std::size_t>(rows_.code_columns);
    return std::span(rows_.codes).subspan(static_cast<std::size_t>(example) * columns, columns);
  }
  void measure_features(std::span<const std::int64_t> training, Scaling& scaling) const;
  void measure_target(std::span<const std::int64_t> training, Scaling& scaling) const;
  std::vector<std::vector<std::int64_t>> known_codes(std::span<const std::int64_t> training) const;

  Rows rows_;
};

void RowExamples::measure_features(std::span<const std::int64_t> training, Scaling& scaling) const {
  const auto features = static_cast<std::size_t>(rows_.features);
  const auto each = [&](auto&& use) {
    for (const std::int64_t example : training) {
      std::size_t feature = 0;
      each_value(example, [&](double value) {
        use(feature, value);
        if (++feature == features) feature = 0;
      });
    }
  };
  Means first(features), second(features);
  each([&](std::size_t feature, double value) { first.add(feature, value); });
  scaling.mean = first.values();
  each([&](std::size_t feature, double value) {
    const double difference = value - scaling.mean[feature];
    second.add(feature, difference * difference);
  });
  scaling.deviation = second.deviations();
}

void RowExamples::measure_target(std::span<const std::int64_t> training, Scaling& scaling) const {
  Means first(1), second(1);
  for (const std::int64_t example : training) first.add(0, rows_.numbers[static_cast<std::size_t>(example)]);
  scaling.target_mean = first.values().front();
  for (const std::int64_t example : training) {
    const double difference = rows_.numbers[static_cast<std::size_t>(example)] - scaling.target_mean;
    second.add(0, difference * difference);
  }
  scaling.target_deviation = second.deviations().front();
}

std::vector<std::vector<std::int64_t>> RowExamples::known_codes(std::span<const std::int64_t> training) const {
  std::vector<std::vector<std::int64_t>> known(static_cast<std::size_t>(rows_.code_columns));
  for (std::size_t column = 0; column < known.size(); ++column) {
    std::vector<char> seen;
    for (const std::int64_t example : training) {
      const auto code = static_cast<std::size_t>(codes_of(example)[column]);
      if (code >= seen.size()) seen.resize(code + 1);
      seen[code] = 1;
    }
    for (std::size_t code = 1; code < seen.size(); ++code)
      if (seen[code] != 0) known[column].push_back(static_cast<std::int64_t>(code));
  }
  return known;
}

Scaling RowExamples::measure(std::span<const std::int64_t> training) const {
  Scaling scaling;
  if (rows_.width > 0) measure_features(training, scaling);
  if (!rows_.numbers.empty()) measure_target(training, scaling);
  scaling.known = known_codes(training);
  return scaling;
}

void RowExamples::load(std::span<const std::int64_t> examples, const Scaling& scaling,
                       const BatchMemory& memory) const {
  std::size_t input = 0;
  if (rows_.width > 0) {
    float* to = std::get<std::span<float>>(memory.inputs[input++]).data();
    const auto features = static_cast<std::size_t>(rows_.features);
    for (const std::int64_t example : examples) {
      std::size_t feature = 0;
      each_value(example, [&](double value) {
        *to++ = std::isnan(value) ? 0.0f : to_float((value - scaling.mean[feature]) / scaling.deviation[feature]);
        if (++feature == features) feature = 0;
      });
    }
  }
  if (rows_.code_columns > 0) {
    std::int64_t* to = std::get<std::span<std::int64_t>>(memory.inputs[input]).data();
    for (const std::int64_t example : examples) {
      std::size_t column = 0;
      for (const std::int64_t code : codes_of(example)) {
        *to++ = is_among(code, scaling.known[column]) ? code : 0;
        ++column;
      }
    }
  }
  if (!rows_.numbers.empty()) {
    float* to = std::get<std::span<float>>(memory.target).data();
    for (const std::int64_t example : examples) {
      const double number = rows_.numbers[static_cast<std::size_t>(example)];
      *to++ = to_float((number - scaling.target_mean) / scaling.target_deviation);
    }
  } else if (std::holds_alternative<std::span<std::int64_t>>(memory.target)) {
    std::int64_t* to = std::get<std::span<std::int64_t>>(memory.target).data();
    for (const std::int64_t example : examples) *to++ = label(example);
  } else {
    std::ranges::fill(std::get<std::span<float>>(memory.target), 0.0f);
  }
}

template <class T>
std::uint32_t sum_of(const std::vector<T>& values) {
  return checksum_of(std::span<const T>(values));
}

/// As if all numbers were doubles, one behind the other.
std::uint32_t sum_of(const std::vector<NpyArray>& arrays) {
  std::uint32_t sum = 0;
  std::array<double, 4096> piece;
  for (const NpyArray& array : arrays) {
    const auto count = static_cast<std::size_t>(array.count());
    for (std::size_t begin = 0; begin < count; begin += piece.size()) {
      const std::size_t size = std::min(piece.size(), count - begin);
      each_element(array, begin, size,
                   [&](auto value, std::size_t number) { piece[number - begin] = static_cast<double>(value); });
      sum = checksum_of(std::span<const double>(piece).first(size), sum);
    }
  }
  return sum;
}

}  // namespace

std::shared_ptr<const Examples> row_examples(Rows rows) { return std::make_shared<RowExamples>(std::move(rows)); }

std::string fingerprint_of(const Rows& rows, std::int64_t test) {
  return fmt::format("{}+{}x{}of{}x{}-{:08x}-{:08x}-{:08x}-{:08x}", rows.count - test, test, rows.width, rows.features,
                     rows.code_columns, rows.arrays.empty() ? sum_of(rows.values) : sum_of(rows.arrays),
                     sum_of(rows.codes), sum_of(rows.labels), sum_of(rows.numbers));
}

}  // namespace thalweg::lab
