// How a CSV file is written: its separator, its header, and what its columns seem to be.
#pragma once

#include "data/csv.h"
#include "data/text_bytes.h"

#include <string>
#include <vector>

namespace thalweg::lab {

/// What the first rows say.
struct CsvLayout {
  char separator = ',';
  bool header = false;
  std::vector<std::string> names;  ///< of all columns, distinct
  const char* first = nullptr;     ///< where the first row of values begins, in the text
  std::vector<bool> category;      ///< of each column: the first rows hold values that are no numbers
};

/// By the rules at `read_csv`. Throws Error if the text has no rows of values, or names twice.
CsvLayout csv_layout(const TextBytes& text, const CsvOptions& options);

}  // namespace thalweg::lab
