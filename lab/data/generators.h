// Generators: data made by a formula and a seed, for demonstration and tests.
#pragma once

#include "data/dataset.h"
#include "data/table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// What a generator is told. Not every one uses all.
struct GeneratorOptions {
  std::int64_t rows = 1000;
  std::uint64_t seed = 1;
  double noise = 0.1;  ///< standard deviation of what is added
  std::int64_t classes = 2;
  std::int64_t users = 5000, items = 2000, rank = 4;  ///< of ratings
};

/// A generator: the registry's entry.
struct Generator {
  std::string name;                  ///< `line`
  std::string meaning;               ///< its formula, one line
  std::vector<std::string> options;  ///< those of GeneratorOptions that it uses
  GeneratorOptions usual;            ///< their defaults
  std::string target;                ///< column that is predicted
  std::string model;                 ///< that suits it
  std::int64_t window = 0;           ///< > 0: a series, with so many rows to an example unless told otherwise
  DataTable (*make)(const GeneratorOptions& options);
  std::string format = "csv";  ///< that reads its file
};

const std::vector<Generator>& generators();

/// `line,rows=500,seed=3`.
struct GeneratorSpec {
  const Generator* generator;
  GeneratorOptions options;
};
/// Throws thalweg::Error that names an unknown generator or option, or a value outside its range.
GeneratorSpec parse_generator(const std::string& text);

/// A table as CSV with a header, as read_csv reads it: numbers with all their digits.
std::string to_csv(const DataTable& table);

}  // namespace thalweg::lab
