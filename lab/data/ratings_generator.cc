// Generated ratings: of a matrix of known rank, with known noise.
#include "data/ratings_generator.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr double kMean = 3.5, kBias = 0.3, kAffinity = 0.8;
constexpr double kSkew = 1.5;              // u^1.5 of a uniform u: the density falls as place^(-1/3)
constexpr double kMostPairs = 4e9;         // a bit each
constexpr std::uint64_t kTries = 1 << 20;  // positions of a row's draws

std::vector<double> normals(const GeneratorOptions& options, const std::string& name, std::size_t count,
                            double deviation) {
  const Random random(options.seed, RandomPurpose::test, name);
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = deviation * random.normal(i);
  return values;
}

std::vector<std::string> ids(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 1; i <= count; ++i) names.push_back(std::to_string(i));
  return names;
}

/// A place below count, small ones more often.
std::int64_t skewed(double uniform, std::int64_t count) {
  return std::min(count - 1, static_cast<std::int64_t>(std::pow(uniform, kSkew) * static_cast<double>(count)));
}

void check(const GeneratorOptions& options) {
  const double pairs = static_cast<double>(options.users) * static_cast<double>(options.items);
  if (pairs > kMostPairs) throw Error(fmt::format("make: users × items = {:g} is above {:g}", pairs, kMostPairs));
  if (static_cast<double>(options.rows) > pairs / 4) {
    throw Error(fmt::format("make: rows = {} is more than a quarter of users × items = {:g}", options.rows, pairs));
  }
}

}  // namespace

RatingsTruth::RatingsTruth(const GeneratorOptions& options)
    : rank_(static_cast<std::size_t>(options.rank)),
      user_bias_(normals(options, "user bias", static_cast<std::size_t>(options.users), kBias)),
      item_bias_(normals(options, "item bias", static_cast<std::size_t>(options.items), kBias)) {
  const double entry = std::sqrt(kAffinity / std::sqrt(static_cast<double>(options.rank)));
  p_ = normals(options, "p", static_cast<std::size_t>(options.users) * rank_, entry);
  q_ = normals(options, "q", static_cast<std::size_t>(options.items) * rank_, entry);
}

double RatingsTruth::affinity(std::int64_t user, std::int64_t item) const {
  const double* p = p_.data() + static_cast<std::size_t>(user) * rank_;
  const double* q = q_.data() + static_cast<std::size_t>(item) * rank_;
  double sum = 0;
  for (std::size_t k = 0; k < rank_; ++k) sum += p[k] * q[k];
  return sum;
}

double RatingsTruth::operator()(std::int64_t user, std::int64_t item) const {
  return kMean + user_bias_[static_cast<std::size_t>(user)] + item_bias_[static_cast<std::size_t>(item)] +
         affinity(user, item);
}

DataTable make_ratings(const GeneratorOptions& options) {
  check(options);
  const RatingsTruth truth(options);
  const Random who(options.seed, RandomPurpose::test, "who"), what(options.seed, RandomPurpose::test, "what");
  const Random taken(options.seed, RandomPurpose::test, "taken"), noise(options.seed, RandomPurpose::test, "noise");
  DataTable table{.file = "make", .columns = std::vector<TableColumn>(4), .rows = options.rows};
  const auto rows = static_cast<std::size_t>(options.rows);
  table.columns[0] = {.name = "user",
                      .kind = ColumnKind::category,
                      .codes = std::vector<std::int32_t>(rows),
                      .categories = ids(options.users)};
  table.columns[1] = {.name = "item",
                      .kind = ColumnKind::category,
                      .codes = std::vector<std::int32_t>(rows),
                      .categories = ids(options.items)};
  table.columns[2] = {.name = "rating", .numbers = std::vector<double>(rows)};
  table.columns[3] = {.name = "time", .numbers = std::vector<double>(rows)};
  std::vector<bool> rated(static_cast<std::size_t>(options.users * options.items));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(options.users));
  for (std::size_t row = 0; row < rows; ++row) {
    std::uint64_t position = row * kTries;
    std::int64_t user = 0, item = 0;
    do user = skewed(who.uniform(position++), options.users);
    while (2 * counts[static_cast<std::size_t>(user)] >= options.items);
    position = row * kTries;
    for (bool found = false; !found; ++position) {
      item = skewed(what.uniform(position), options.items);
      if (rated[static_cast<std::size_t>(user * options.items + item)]) continue;
      found = taken.uniform(position) * (1 + std::exp(-2 * truth.affinity(user, item))) < 1;
    }
    rated[static_cast<std::size_t>(user * options.items + item)] = true;
    ++counts[static_cast<std::size_t>(user)];
    table.columns[0].codes[row] = static_cast<std::int32_t>(user);
    table.columns[1].codes[row] = static_cast<std::int32_t>(item);
    table.columns[2].numbers[row] = truth(user, item) + options.noise * noise.normal(row);
    table.columns[3].numbers[row] = static_cast<double>(row);
  }
  table.lines.add(0, 2);  // as its CSV has them, and so on
  return table;
}

}  // namespace thalweg::lab
