// Drift: the columns of a table, part against part.
#include "risk/drift.h"

#include "data/table_plan.h"
#include "risk/two_samples.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostAsCategories = 10;  // distinct numbers
constexpr std::size_t kMostNamed = 5;          // unknown categories

/// One column's values in one part.
struct Part {
  std::vector<double> numbers{};      // those that are there
  std::vector<std::int64_t> codes{};  // by code: how many
  std::int64_t missing = 0, examples = 0;
};

std::vector<std::int64_t> evenly(std::span<const std::int64_t> examples) {
  const auto size = std::ssize(examples), kept = std::min(size, kMostDriftExamples);
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < kept; ++i) chosen.push_back(examples[static_cast<std::size_t>(i * size / kept)]);
  return chosen;
}

/// What is loaded of examples: columns of numbers, then of codes, then the target.
struct Loaded {
  std::vector<float> numbers, target;
  std::vector<std::int64_t> codes, labels;
};

Loaded load(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling) {
  Loaded loaded;
  BatchMemory memory;
  for (const Input& input : dataset.inputs) {
    const std::size_t size = examples.size() * static_cast<std::size_t>(input.size());
    if (input.is_real()) {
      loaded.numbers.resize(size);
      memory.inputs.emplace_back(std::span(loaded.numbers));
    } else {
      loaded.codes.resize(size);
      memory.inputs.emplace_back(std::span(loaded.codes));
    }
  }
  loaded.target.resize(examples.size());
  loaded.labels.resize(examples.size());
  if (dataset.target.kind == TargetKind::number) {
    memory.target = std::span(loaded.target);
  } else {
    memory.target = std::span(loaded.labels);
  }
  dataset.examples->load(examples, scaling, memory);
  return loaded;
}

/// Reads parts column by column.
class Columns {
 public:
  Columns(const Dataset& dataset, std::span<const std::int64_t> training)
      : dataset_(dataset), plan_(table_plan_of(dataset.schema)), scaling_(dataset.examples->measure(training)) {
    for (const Input& input : dataset.inputs) (input.is_real() ? width_ : code_width_) = input.shape.front();
    known_ = scaling_.known;
    // All codes, so that those which the training part does not have keep their names.
    for (std::size_t i = 0; i < plan_.values.size(); ++i) {
      scaling_.known[i].resize(plan_.values[i].size() + (plan_.may_miss[i] ? 1 : 0));
      std::iota(scaling_.known[i].begin(), scaling_.known[i].end(), std::int64_t{1});
    }
  }

  const TablePlan& plan() const { return plan_; }
  /// Of each column of codes, ascending: those of the training part.
  const std::vector<std::vector<std::int64_t>>& known() const { return known_; }

  /// By column: numbers, categories, target.
  std::vector<Part> read(std::span<const std::int64_t> part) const {
    const std::vector<std::int64_t> examples = evenly(part);
    const Loaded loaded = load(dataset_, examples, scaling_);
    // A missing number is loaded as 0, as the mean is. With other means the mean is another number, and only what is
    // missing is 0 again.
    Scaling moved = scaling_;
    for (std::size_t i = 0; i < moved.mean.size(); ++i) moved.mean[i] -= moved.deviation[i];
    const Loaded again = width_ > 0 ? load(dataset_, examples, moved) : Loaded{};
    std::vector<Part> parts(plan_.numeric.size() + plan_.categories.size() + 1);
    for (std::size_t row = 0; row < examples.size(); ++row) {
      for (std::size_t i = 0; i < plan_.numeric.size(); ++i) {
        const std::size_t at = row * static_cast<std::size_t>(width_) + i;
        Part& own = parts[i];
        if (loaded.numbers[at] == 0 && again.numbers[at] == 0) {
          ++own.missing;
        } else {
          own.numbers.push_back(static_cast<double>(loaded.numbers[at]));
        }
      }
      for (std::size_t i = 0; i < plan_.categories.size(); ++i)
        add_code(parts[plan_.numeric.size() + i], loaded.codes[row * static_cast<std::size_t>(code_width_) + i],
                 static_cast<std::int64_t>(plan_.values[i].size()));
      if (dataset_.target.kind == TargetKind::number) {
        parts.back().numbers.push_back(static_cast<double>(loaded.target[row]));
      } else {
        add_code(parts.back(), loaded.labels[row], std::numeric_limits<std::int64_t>::max());
      }
    }
    for (Part& each : parts) each.examples = std::ssize(examples);
    return parts;
  }

 private:
  static void add_code(Part& part, std::int64_t code, std::int64_t last) {
    if (code > last) {
      ++part.missing;
      return;
    }
    if (code >= std::ssize(part.codes)) part.codes.resize(static_cast<std::size_t>(code) + 1);
    ++part.codes[static_cast<std::size_t>(code)];
  }

  const Dataset& dataset_;
  TablePlan plan_;
  Scaling scaling_;
  std::vector<std::vector<std::int64_t>> known_;
  std::int64_t width_ = 0, code_width_ = 0;
};

/// Counts of the distinct numbers of both, where there are few.
bool as_categories(const Part& training, const Part& test, std::vector<std::int64_t>& a, std::vector<std::int64_t>& b) {
  std::map<double, std::pair<std::int64_t, std::int64_t>> counts;
  for (const auto* part : {&training, &test}) {
    for (const double number : part->numbers) {
      auto& [first, second] = counts[number];
      ++(part == &training ? first : second);
      if (counts.size() > kMostAsCategories) return false;
    }
  }
  for (const auto& [number, both] : counts) {
    a.push_back(both.first);
    b.push_back(both.second);
  }
  return true;
}

/// Counts between the deciles of the training part; equal ones count once.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> in_deciles(const Part& training, const Part& test) {
  std::vector<double> sorted = training.numbers;
  std::ranges::sort(sorted);
  std::set<double> edges;
  for (std::size_t k = 1; k < 10 && !sorted.empty(); ++k) edges.insert(sorted[k * sorted.size() / 10]);
  const std::vector<double> limits(edges.begin(), edges.end());
  const auto counts = [&](const Part& part) {
    std::vector<std::int64_t> bins(limits.size() + 1);
    for (const double number : part.numbers)
      ++bins[static_cast<std::size_t>(std::upper_bound(limits.begin(), limits.end(), number) - limits.begin())];
    return bins;
  };
  return {counts(training), counts(test)};
}

/// Without corrections of p.
ColumnDrift compared(const Part& training, const Part& test, bool is_category) {
  ColumnDrift drift;
  std::vector<std::int64_t> a = training.codes, b = test.codes;
  if (is_category || as_categories(training, test, a, b)) {
    a.resize(std::max(a.size(), b.size()));
    b.resize(a.size());
    const TwoSampleTest result = chi_square(a, b);
    drift.test = "chi_square";
    drift.statistic = result.statistic;
    drift.p = result.p;
    drift.index = stability_index(a, b);
  } else {
    const TwoSampleTest result = kolmogorov_smirnov(training.numbers, test.numbers);
    drift.test = "ks";
    drift.statistic = result.statistic;
    drift.p = result.p;
    const auto [first, second] = in_deciles(training, test);
    drift.index = stability_index(first, second);
  }
  drift.missing_training = static_cast<double>(training.missing) / static_cast<double>(training.examples);
  drift.missing_test = static_cast<double>(test.missing) / static_cast<double>(test.examples);
  if (training.missing + test.missing > 0) {
    drift.missing_p = chi_square({training.missing, training.examples - training.missing},
                                 {test.missing, test.examples - test.missing})
                          .p;
  }
  return drift;
}

void note_unknown(const Part& test, const std::vector<std::int64_t>& known, const std::vector<std::string>& values,
                  ColumnDrift& drift) {
  std::int64_t unknown = 0;
  for (std::size_t code = 0; code < test.codes.size(); ++code) {
    if (test.codes[code] == 0 || std::ranges::binary_search(known, static_cast<std::int64_t>(code))) continue;
    unknown += test.codes[code];
    if (code > 0 && drift.unknown.size() < kMostNamed) drift.unknown.push_back(values[code - 1]);
  }
  drift.unknown_test = static_cast<double>(unknown) / static_cast<double>(test.examples);
}

/// All tests are one family: of values, and of what is missing where anything is.
void correct(std::vector<ColumnDrift>& columns) {
  std::vector<double> ps;
  for (const ColumnDrift& each : columns) {
    ps.push_back(each.p);
    if (each.missing_training + each.missing_test > 0) ps.push_back(each.missing_p);
  }
  ps = holm(ps);
  std::size_t next = 0;
  for (ColumnDrift& each : columns) {
    each.p = ps[next++];
    if (each.missing_training + each.missing_test > 0) each.missing_p = ps[next++];
  }
}

bool is_table(const Dataset& dataset) {
  if (!dataset.schema.is_object() || dataset.in_order || !dataset.schema.contains("numeric")) return false;
  std::size_t columns = 0;
  for (const Input& input : dataset.inputs) {
    if (input.kind != InputKind::numbers && input.kind != InputKind::categories) return false;
    columns += input.columns.size();
  }
  return columns > 0 && columns <= kMostDriftColumns;
}

}  // namespace

std::optional<Drift> drift_of(const Dataset& dataset, std::span<const std::int64_t> training,
                              std::span<const std::int64_t> test) {
  if (!is_table(dataset) || training.empty() || test.empty()) return std::nullopt;
  const Columns columns(dataset, training);
  const TablePlan& plan = columns.plan();
  const std::vector<Part> first = columns.read(training), second = columns.read(test);
  Drift drift{.training = first.front().examples, .test = second.front().examples};
  for (std::size_t i = 0; i < first.size(); ++i) {
    const bool is_target = i + 1 == first.size(), is_numeric = i < plan.numeric.size();
    const bool is_category = is_target ? dataset.target.kind != TargetKind::number : !is_numeric;
    ColumnDrift& own = drift.columns.emplace_back(compared(first[i], second[i], is_category));
    own.is_target = is_target;
    own.column = is_target ? plan.target : is_numeric ? plan.numeric[i] : plan.categories[i - plan.numeric.size()];
    if (is_category && !is_target) {
      const std::size_t category = i - plan.numeric.size();
      note_unknown(second[i], columns.known()[category], plan.values[category], own);
    }
  }
  correct(drift.columns);
  std::stable_partition(drift.columns.begin(), drift.columns.end(),
                        [](const ColumnDrift& each) { return each.differs(); });
  return drift;
}

}  // namespace thalweg::lab
