// German credit (UCI "Statlog (German Credit Data)", Hofmann 1994): reads its two files into a DataTable.
#pragma once

#include "data/table.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab {

inline constexpr const char* kGermanClass = "class";  ///< the column that is predicted: good or bad

/// One of the 20 attributes of `german.data`.
struct GermanAttribute {
  std::string name;  ///< `checking_status`
  /// Of a categorical one code and meaning, as the data's own description has them: {"A11", "< 0 DM"}. None: a number.
  std::vector<std::pair<std::string, std::string>> codes{};
};
const std::vector<GermanAttribute>& german_attributes();

/// How a file is read.
struct GermanCreditOptions {
  std::vector<std::string> ignored{};  ///< names of columns that the table is not to have
  bool class_optional = false;         ///< a file without the last field is one of examples whose class is not known
};

/// Reads `german.data` or `german.data-numeric`, plain or gzip, whichever its first line is: a line a loan, fields
/// separated by spaces or tabs; blank lines are skipped.
///
/// german.data has 20 attributes and a class. Columns are called as german_attributes() has them; codes become their
/// meanings, all of which are categories whether they occur or not. german.data-numeric has 24 whole numbers,
/// attribute_1 to attribute_24, and a class. The class is 1, good, or 2, bad.
///
/// Throws Error, which names file and line, for another number of fields, codes that the attribute does not have (with
/// the attribute that has them), what is no number, classes other than 1 and 2, no rows, and columns to be ignored that
/// are none.
DataTable read_german_credit(const std::filesystem::path& file, const GermanCreditOptions& options = {});

/// The same of a text in memory, which is not compressed; `name` is what errors call it.
DataTable read_german_credit_text(std::string_view text, std::string name, const GermanCreditOptions& options = {});

}  // namespace thalweg::lab
