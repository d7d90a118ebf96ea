// Formats whose files are tables: training and test file, and files read as a trained model's data were.
#pragma once

#include "data/dataset.h"
#include "data/table.h"

#include <functional>
#include <string>

namespace thalweg::lab {

/// How a format reads its files.
struct TableReader {
  std::string format;  ///< its name
  std::function<DataTable(const std::string& file)> read;
  /// `file` with the columns of another.
  std::function<DataTable(const std::string& file, const DataTable& like)> read_like;
};

/// The data set of `file`, and of --test-data if the options have one, which must be of the same format.
Dataset open_table(const std::string& file, const DataOptions& options, const TableReader& reader);

}  // namespace thalweg::lab
