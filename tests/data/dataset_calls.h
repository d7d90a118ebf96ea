// What tests of data sets share: files of their own, opened as data sets.
#pragma once

#include "data/dataset.h"

#include "error_of.h"
#include "idx_files.h"
#include "loaded.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab::test {

using tests::error_of;

/// A folder in which a test writes its files.
class Files {
 public:
  /// The file's path.
  std::string write(const std::string& name, std::string_view text) const {
    const std::filesystem::path file = folder_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  /// The data set of a file `in.csv` with this text.
  Dataset csv(std::string_view text, const DataOptions& options) const {
    return open_dataset("csv:" + write("in.csv", text), options);
  }
  /// What opening such a file must say.
  std::string csv_refusal(std::string_view text, const DataOptions& options) const {
    return tests::error_of([&] { csv(text, options); });
  }
  std::string path() const { return folder_.path().string(); }

 private:
  TemporaryFolder folder_;
};

/// All examples, training part first.
inline std::vector<std::int64_t> all_of(const Dataset& dataset) {
  std::vector<std::int64_t> all = dataset.train;
  all.insert(all.end(), dataset.test.begin(), dataset.test.end());
  std::sort(all.begin(), all.end());
  return all;
}

/// All examples in their order, scaled by the training part.
inline Loaded loaded(const Dataset& dataset) {
  return load(dataset, all_of(dataset), dataset.examples->measure(dataset.train));
}

/// All examples in their order, numbers as they are.
inline Loaded unscaled(const Dataset& dataset) {
  Scaling scaling = dataset.examples->measure(all_of(dataset));
  std::fill(scaling.mean.begin(), scaling.mean.end(), 0);
  std::fill(scaling.deviation.begin(), scaling.deviation.end(), 1);
  scaling.target_mean = 0;
  scaling.target_deviation = 1;
  return load(dataset, all_of(dataset), scaling);
}

/// Mean and deviation of numbers, NaN left out.
struct Moments {
  double mean = 0, deviation = 0;
};
inline Moments moments_of(const std::vector<double>& numbers) {
  Moments moments;
  double count = 0;
  for (const double number : numbers)
    if (!std::isnan(number)) moments.mean += number, ++count;
  moments.mean /= count;
  for (const double number : numbers)
    if (!std::isnan(number)) moments.deviation += std::pow(number - moments.mean, 2) / count;
  moments.deviation = std::sqrt(moments.deviation);
  return moments;
}

}  // namespace thalweg::lab::test
