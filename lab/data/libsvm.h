// LIBSVM: reads files of sparse rows, `label index:value …`, into a DataTable.
#pragma once

#include "data/table.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// How a LIBSVM file is read.
struct LibsvmOptions {
  std::int64_t features = 0;  ///< how many the rows have, as in another file; 0: as many as the largest index says
  std::int64_t most_values = std::int64_t{1} << 31;  ///< of the table, whose absent values take memory too
};

/// Reads a LIBSVM file, plain or gzip (which its first bytes say): the table has the columns `label` and f1, f2, …, all
/// numeric; features that a row does not name are 0.
///
/// A row is a line: the label, a number, then `index:value` with indices ascending from 1, separated by spaces or tabs.
/// What follows # on a line is a comment; lines without a row are skipped. Numbers are written as in CSV.
///
/// Throws Error, which names file and line, where the file is no such file: wrong bytes, labels or values that are no
/// finite numbers, indices that do not ascend, are 0 or beyond the features, `qid:` (groups for ranking), no rows, no
/// features. Throws Error too if the table would have more than 2^20 features or more values than `most_values`.
DataTable read_libsvm(const std::filesystem::path& file, const LibsvmOptions& options = {});

/// The same of a text in memory, which is not compressed; `name` is what errors call it.
DataTable read_libsvm_text(std::string_view text, std::string name, const LibsvmOptions& options = {});

}  // namespace thalweg::lab
