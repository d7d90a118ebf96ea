// What `thalweg data info` tells of data: collected, as JSON, and for people.
#pragma once

#include "data/dataset.h"
#include "data/facts.h"
#include "risk/drift.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// All that is told.
struct DataInfo {
  std::string name;                  ///< as given
  std::optional<Dataset> dataset{};  ///< none: of a table no target was given, so that its columns are all there is
  std::int64_t rows = 0;             ///< of the table whose columns follow; of data with test data, the training table
  std::vector<ColumnFacts> columns{};
  std::int64_t duplicate_rows = 0;              ///< of a table alone
  std::optional<Duplicates> duplicates{};       ///< of a data set
  std::optional<Drift> drift{};                 ///< of a table that is a data set, between its parts
  std::vector<std::string> notes{}, remarks{};  ///< how it was read, and what is worth a look: a line each
};

/// Reads the data. Throws thalweg::Error as open_dataset does, and for options that mean nothing without a target.
DataInfo data_info(const std::string& spec, const DataOptions& options);

nlohmann::json to_json(const DataInfo& info);
void print_info(const DataInfo& info);

}  // namespace thalweg::lab
