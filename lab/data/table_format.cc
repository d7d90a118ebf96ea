// Formats whose files are tables.
#include "data/table_format.h"

#include "data/table_dataset.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <filesystem>
#include <optional>

namespace thalweg::lab {
namespace {

/// Adds the file to those that the data were read from; `-` is none.
void note_file(const std::string& file, Dataset& dataset) {
  if (file != "-") dataset.files.push_back(std::filesystem::absolute(file).lexically_normal().string());
}

/// The file that `--test-data` names.
std::string test_file(const std::string& spec, const std::string& format) {
  const DataSpec parsed = parse_data_spec(spec);
  if (parsed.format->name == format) return parsed.argument;
  throw Error(fmt::format("--test-data {}: the training data is of the format {}, and so must this be", spec, format));
}

}  // namespace

Dataset open_table(const std::string& file, const DataOptions& options, const TableReader& reader) {
  std::optional<DataTable> own;
  const DataTable& table = options.table != nullptr ? *options.table : own.emplace(reader.read(file));
  std::optional<DataTable> test;
  std::string other;
  if (!options.test_data.empty()) {
    other = test_file(options.test_data, reader.format);
    test = reader.read_like(other, table);
  }
  Dataset dataset = table_dataset(table, options, test ? &*test : nullptr);
  note_file(file, dataset);
  if (!dataset.files.empty()) dataset.origin = dataset.files.front();
  if (test) note_file(other, dataset);
  return dataset;
}

}  // namespace thalweg::lab
