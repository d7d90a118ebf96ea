// ReplayCase: a recorded run of a framework, as a file of `thalweg replay` tells it.
#pragma once

#include <thalweg/dialects.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// One run: what it began with, what it was given, and what it should give.
struct ReplayCase {
  std::string id;
  Translation translation;  ///< the framework's configuration in thalweg's words
  bool is_float64 = true;
  std::vector<double> start;
  std::vector<std::size_t> parameters;  ///< lengths of the parameters that `start` is made of, one after another
  /// n numbers a step; none where the step has no gradient.
  std::vector<std::optional<std::vector<double>>> gradients;
  /// With sparse steps: the table's width, and the rows that each step touches.
  std::size_t row_width = 0;
  std::vector<std::vector<std::int64_t>> rows;
  std::map<std::int64_t, double> lrs;                    ///< new from this step (counted from 1) on
  std::map<std::int64_t, std::vector<double>> expected;  ///< all numbers after this step
  std::optional<std::vector<double>> expected_average;   ///< all averages after the last step
};

/// Reads one object or a list of them. Throws thalweg::Error that names file, case and key: not JSON, a key that is
/// missing, of the wrong type or length, or that contradicts another, a step that is none, what the dialect refuses.
std::vector<ReplayCase> read_replay_file(const std::filesystem::path& file);

}  // namespace thalweg::lab
