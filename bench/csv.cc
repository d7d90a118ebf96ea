// Seconds to read a CSV file, best of several: csv FILE [TIMES] [THREADS]. bench/csv compares it with pandas.
#include "data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <limits>

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "usage: {} FILE [TIMES] [THREADS]\n", words[0]);
    return 2;
  }
  const int times = count > 2 ? std::atoi(words[2]) : 5;
  thalweg::lab::CsvOptions options;
  options.threads = count > 3 ? std::atoi(words[3]) : 0;
  try {
    double best = std::numeric_limits<double>::infinity();
    std::int64_t rows = 0;
    std::size_t columns = 0;
    for (int i = 0; i < times; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const thalweg::lab::DataTable table = thalweg::lab::read_csv(words[1], options);
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      rows = table.rows;
      columns = table.columns.size();
    }
    fmt::print("{} rows, {} columns, seconds: {:.4f}\n", rows, columns, best);
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
  return 0;
}
