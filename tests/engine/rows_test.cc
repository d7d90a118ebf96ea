// Rows that come and go: against a table of rows, and against an optimizer for each row.
#include "engine/rows.h"
#include "engine/numbers.h"

#include <thalweg/safetensors.h>
#include <thalweg/thalweg.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kWidth = 3, kMostRows = 40;

/// An optimizer with one parameter of rows, beside the table that its numbers must be.
template <class T>
class Beside {
 public:
  using Numbers = std::map<std::string, std::vector<T>>;

  Beside(const Options& options, const Settings& settings, std::size_t rows) : options_(options), settings_(settings) {
    memory_.reserve(kMostRows * kWidth);
    memory_ = random_numbers<T>(rows * kWidth, 5, "theta");
    make();
    steps_ = row_steps();
    // What new columns begin with.
    std::vector<T> one(1);
    Optimizer fresh(options, settings, {.threads = 1});
    const Handle handle = fresh.add("one", one);
    for (const std::string& name : column_names(fresh)) {
      if (const auto column = fresh.column<T>(handle, name); !column.empty()) first_[name] = column[0];
    }
  }

  std::size_t rows() const { return memory_.size() / kWidth; }
  std::span<const T> theta() const { return memory_; }
  Optimizer& optimizer() { return *optimizer_; }

  void step(std::uint32_t number) {
    const std::vector<T> gradient = random_numbers<T>(memory_.size(), 5, "gradient", number);
    optimizer_->step({{handle_, gradient}});
    for (std::int64_t& step : steps_) ++step;
    expect_ = numbers();
    if (settings_.step_count == StepCount::per_row && settings_.accumulation.calls == 1) {
      EXPECT_EQ(optimizer_->row_steps(handle_), steps_);
    }
    steps_ = row_steps();
  }

  void keep_in_place(const Indices& rows) {
    optimizer_->keep_rows(handle_, rows);
    memory_.resize(rows.size() * kWidth);
    kept(rows);
  }

  void keep_elsewhere(const Indices& rows) {
    std::vector<T> other;
    other.reserve(kMostRows * kWidth);
    other = keep(memory_, rows, kWidth);
    optimizer_->keep_rows(handle_, rows, std::span<T>(other));
    memory_.swap(other);
    kept(rows);
  }

  void append(const std::vector<T>& rows) {
    memory_.insert(memory_.end(), rows.begin(), rows.end());
    optimizer_->append_rows(handle_, std::span<T>(memory_));
    for (auto& [name, column] : expect_) {
      if (name == "theta" || name == "average") {
        column.insert(column.end(), rows.begin(), rows.end());
      } else {
        column.resize(column.size() + rows.size(), first_[name]);
      }
    }
    if (settings_.step_count == StepCount::per_row) steps_.resize(this->rows(), 0);
    check("append");
  }

  void reset(const Indices& rows) {
    optimizer_->reset_rows(handle_, rows);
    for (const std::int64_t row : rows) {
      for (std::size_t i = static_cast<std::size_t>(row) * kWidth, end = i + kWidth; i < end; ++i) {
        for (auto& [name, column] : expect_) {
          if (name != "theta") column[i] = name == "average" ? memory_[i] : first_[name];
        }
      }
      if (!steps_.empty()) steps_[static_cast<std::size_t>(row)] = 0;
    }
    check("reset");
  }

  /// Goes on with an optimizer that is made anew from the state.
  void reload() {
    options_ = optimizer_->options();
    const State state = safetensors::from_bytes(safetensors::to_bytes(optimizer_->state()), "saved");
    make();
    optimizer_->load(state);
    EXPECT_EQ(safetensors::to_bytes(optimizer_->state()), safetensors::to_bytes(state));
    check("reload");
  }

 private:
  void make() {
    optimizer_ = std::make_unique<Optimizer>(options_, settings_, Execution{.threads = 1});
    // Others that follow it, so that a mistake about its place shows.
    handle_ = optimizer_->add("table", std::span<T>(memory_), Shape{static_cast<std::int64_t>(rows()), kWidth});
    optimizer_->add("other", other_);
  }

  Indices row_steps() const {
    return settings_.step_count == StepCount::per_row ? optimizer_->row_steps(handle_) : Indices();
  }

  /// All numbers of the parameter by name.
  Numbers numbers() const {
    Numbers result{{"theta", memory_}};
    for (const auto& [name, tensor] : optimizer_->state().tensors) {
      if (!name.starts_with("table/")) continue;
      std::vector<T> values(tensor.data.size() / sizeof(T));
      if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
      EXPECT_THAT(tensor.shape, ElementsAre(rows(), kWidth)) << name;
      result[name.substr(6)] = values;
    }
    return result;
  }

  void kept(const Indices& rows) {
    for (auto& [name, column] : expect_) column = keep(column, rows, kWidth);
    if (!steps_.empty()) steps_ = keep(steps_, rows, 1);
    check("keep");
  }

  void check(const char* what) {
    EXPECT_EQ(optimizer_->shape(handle_), (Shape{static_cast<std::int64_t>(rows()), kWidth}));
    const Numbers ours = numbers();
    ASSERT_EQ(ours.size(), expect_.size()) << what;
    for (const auto& [name, column] : expect_) {
      ASSERT_EQ(first_bit_difference(std::span<const T>(ours.at(name)), std::span<const T>(column)), "")
          << what << " " << name;
    }
    ASSERT_EQ(row_steps(), steps_) << what;
  }

  Options options_;
  Settings settings_;
  std::vector<T> memory_, other_ = std::vector<T>(5);
  std::map<std::string, T> first_;
  Numbers expect_;
  Indices steps_;
  std::unique_ptr<Optimizer> optimizer_;
  Handle handle_;
};

std::vector<std::string> rules_with_rows() {
  return {"rmsprop:lr=0.02,momentum=0.7,centered=true,initial_accumulator_value=0.2", "adam:lr=0.02",
          "nadam:lr=0.02,momentum_decay=0.05", "sgd:lr=0.1,momentum=0.7,dampening=0.4", "rprop:lr=0.05"};
}

template <class T>
void walk(const Options& options, const Settings& settings, const std::string& what) {
  SCOPED_TRACE(what);
  Chance chance(what);
  Beside<T> run(options, settings, 12);
  run.step(0);
  for (std::uint32_t i = 1; i < 40; ++i) {
    const std::size_t rows = run.rows();
    switch (chance.below(8)) {
      case 0:
        run.keep_in_place(chance.ascending(rows));
        break;
      case 1:
        run.keep_in_place(chance.any(rows, chance.below(rows + 1)));
        break;
      case 2:
        run.keep_elsewhere(chance.below(2) == 0 ? chance.ascending(rows)
                                                : chance.any(rows, chance.below(std::min(kMostRows, 2 * rows + 1))));
        break;
      case 3:
      case 4:
        run.append(
            random_numbers<T>(chance.below(std::min<std::size_t>(9, kMostRows - rows + 1)) * kWidth, 5, "new", i));
        break;
      case 5:
        run.reset(chance.any(rows, chance.below(4)));
        break;
      case 6:
        run.reload();
        break;
      default:
        break;
    }
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "operation " << i;
    run.step(i);
  }
}

TEST(Rows, FollowWhateverHappens) {
  const Average averages[] = {{}, {.kind = AverageKind::ema, .decay = 0.8, .start = 3}, {.kind = AverageKind::mean}};
  for (const std::string& rule : rules_with_rows()) {
    for (const StepCount count : {StepCount::per_parameter, StepCount::shared, StepCount::per_row}) {
      for (const Average& average : averages) {
        for (const std::int64_t calls : {1, 3}) {
          const Settings settings{.step_count = count, .accumulation = {.calls = calls}, .average = average};
          const std::string what = rule + " " + std::string(to_string(count)) + " " +
                                   std::string(to_string(average.kind)) + " " + std::to_string(calls);
          walk<float>(parse_options(rule), settings, what);
          walk<double>(parse_options(rule), settings, what);
        }
      }
    }
  }
}

/// Every row has an optimizer of its own.
template <class T>
class Alone {
 public:
  explicit Alone(const Options& options) : options_(options) {}

  struct Row {
    std::vector<T> theta;
    std::unique_ptr<Optimizer> optimizer;
  };
  void add(std::span<const T> theta) {
    Row& row = rows_.emplace_back();
    row.theta.assign(theta.begin(), theta.end());
    row.optimizer = std::make_unique<Optimizer>(options_, Settings{}, Execution{.threads = 1});
    row.optimizer->add("row", row.theta);
  }
  void keep(const Indices& rows) {
    std::vector<Row> before;
    before.swap(rows_);
    for (const std::int64_t index : rows) {
      const Row& from = before[static_cast<std::size_t>(index)];
      add(from.theta);
      rows_.back().optimizer->load(from.optimizer->state());
    }
  }
  void reset(const Indices& rows) {
    for (const std::int64_t index : rows) {
      Row& row = rows_[static_cast<std::size_t>(index)];
      row.optimizer = std::make_unique<Optimizer>(options_, Settings{}, Execution{.threads = 1});
      row.optimizer->add("row", row.theta);
    }
  }
  void set(std::string_view option, double value) {
    options_.set(option, value);
    for (Row& row : rows_) row.optimizer->set(option, value);
  }
  std::vector<T> step(std::span<const T> gradient) {
    std::vector<T> theta;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].optimizer->step({{"row", gradient.subspan(i * kWidth, kWidth)}});
      theta.insert(theta.end(), rows_[i].theta.begin(), rows_[i].theta.end());
    }
    return theta;
  }

 private:
  Options options_;
  std::vector<Row> rows_;
};

template <class T>
void walk_per_row(const Options& options, const std::string& switched, const std::string& what) {
  SCOPED_TRACE(what);
  Chance chance(what);
  Beside<T> run(options, {.step_count = StepCount::per_row}, 9);
  Alone<T> alone(options);
  std::vector<T> theta = random_numbers<T>(9 * kWidth, 5, "theta");
  for (std::size_t i = 0; i < 9; ++i) alone.add(std::span(theta).subspan(i * kWidth, kWidth));
  double number = options.has(switched) ? options.get(switched) : 0;
  for (std::uint32_t i = 0; i < 40; ++i) {
    if (i > 0) {
      const std::size_t rows = run.rows();
      if (const std::size_t choice = chance.below(6); choice == 0) {
        const Indices kept = chance.ascending(rows);
        run.keep_in_place(kept);
        alone.keep(kept);
      } else if (choice == 1) {
        const Indices kept = chance.any(rows, chance.below(std::min<std::size_t>(20, 2 * rows + 1)));
        run.keep_elsewhere(kept);
        alone.keep(kept);
      } else if (choice == 2) {
        const std::vector<T> added = random_numbers<T>((1 + chance.below(5)) * kWidth, 5, "new", i);
        run.append(added);
        for (std::size_t k = 0; k < added.size(); k += kWidth) alone.add(std::span(added).subspan(k, kWidth));
      } else if (choice == 3) {
        const Indices chosen = chance.any(rows, 2);
        run.reset(chosen);
        alone.reset(chosen);
      } else if (choice == 4) {
        run.reload();
      } else if (!switched.empty()) {
        // What an option says of first steps, it says of each row's.
        const double value = run.optimizer().options().get(switched) == 0 ? number : 0;
        run.optimizer().set(switched, value);
        alone.set(switched, value);
      }
    }
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "operation " << i;
    run.step(i);
    const std::vector<T> gradient = random_numbers<T>(run.rows() * kWidth, 5, "gradient", i);
    const std::vector<T> expected = alone.step(gradient);
    ASSERT_EQ(first_bit_difference(run.theta(), std::span<const T>(expected)), "") << "step " << i;
  }
}

TEST(Rows, CountTheirOwnStepsAsIfEachHadAnOptimizer) {
  for (const std::string& rule : rules_with_rows()) {
    const std::string switched = rule.starts_with("sgd") || rule.starts_with("rmsprop") ? "momentum" : "";
    for (const char* walk : {" 1", " 2", " 3", " 4"}) {
      walk_per_row<float>(parse_options(rule), switched, rule + walk);
      walk_per_row<double>(parse_options(rule), switched, rule + walk);
    }
  }
}

// A gradient of rows is the dense one, so rows that it does not name step too.
TEST(Rows, StepWithGradientsOfRows) {
  std::vector<float> sparse = random_numbers<float>(12, 5, "theta"), dense = sparse;
  const std::vector<float> values{1, -2, 3, 0.5f, 4, 1};
  std::vector<float> gradient(12);
  std::copy_n(values.begin(), 3, gradient.begin() + 9);
  std::copy_n(values.begin() + 3, 3, gradient.begin() + 3);
  Optimizer a(Adam{}, {.step_count = StepCount::per_row}), b(Adam{}, {.step_count = StepCount::per_row});
  const Handle in_a = a.add("theta", sparse, {4, 3}), in_b = b.add("theta", dense, {4, 3});
  for (int step = 0; step < 3; ++step) {
    a.step({{in_a, Rows<float>{Indices{3, 1}, values}}});
    b.step({{in_b, gradient}});
    for (Optimizer* each : {&a, &b}) each->reset_rows({0}, Indices{1});
  }
  EXPECT_EQ(sparse, dense);
  EXPECT_THAT(a.row_steps(in_a), ElementsAre(3, 0, 3, 3));
  EXPECT_EQ(safetensors::to_bytes(a.state()), safetensors::to_bytes(b.state()));
}

/// The same step by the optimizer and by one that is made anew from its state.
void expect_step_as_made_anew(Optimizer& optimizer, Handle handle, std::span<float> theta, std::uint32_t number) {
  std::vector<float> copy(theta.begin(), theta.end());
  Optimizer anew(optimizer.options(), optimizer.settings(), optimizer.execution());
  const Handle in_anew = anew.add(optimizer.name(handle), copy, optimizer.shape(handle));
  anew.load(optimizer.state());
  const std::vector<float> gradient = random_numbers<float>(theta.size(), 5, "gradient", number);
  optimizer.step({{handle, gradient}});
  anew.step({{in_anew, gradient}});
  EXPECT_EQ(first_bit_difference<float>(theta, copy), "") << "step " << number;
  EXPECT_EQ(safetensors::to_bytes(optimizer.state()), safetensors::to_bytes(anew.state())) << "step " << number;
}

// Adafactor has a column shaped like the rows, one like the columns, and others where nothing is left of the matrix.
TEST(Rows, OfRulesWithSums) {
  for (const std::string rule : {"adafactor:lr=0.02,momentum=0.7", "lamb:lr=0.02", "lars:lr=0.02,momentum=0.7"}) {
    SCOPED_TRACE(rule);
    std::vector<float> theta = random_numbers<float>(48, 5, "theta");
    Optimizer optimizer(parse_options(rule), {}, {.threads = 1});
    const Handle handle = optimizer.add("theta", std::span(theta).first(24), {4, 6});
    const auto step = [&](std::size_t rows, std::uint32_t number) {
      expect_step_as_made_anew(optimizer, handle, std::span(theta).first(6 * rows), number);
    };
    step(4, 0);
    optimizer.keep_rows(handle, Indices{3, 1});
    step(2, 1);
    optimizer.append_rows(handle, std::span(theta).first(42));
    step(7, 2);
    optimizer.reset_rows(handle, Indices{0, 5});
    step(7, 3);
    optimizer.keep_rows(handle, {});
    step(0, 4);
    optimizer.append_rows(handle, std::span(theta).first(18));
    step(3, 5);
  }
}

// What a parameter of no rows does is nothing, and that goes well.
TEST(Rows, CanAllGo) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::per_row}) {
    std::vector<double> theta{1, 2, 3, 4}, none, other{1};
    Optimizer optimizer(Nadam{}, {.step_count = count, .average = {.kind = AverageKind::ema}});
    const Handle handle = optimizer.add("theta", theta, {2, 2});
    optimizer.step({{handle, std::vector<double>{1, 2, 3, 4}}});
    optimizer.keep_rows(handle, {});
    EXPECT_EQ(optimizer.shape(handle), Shape({0, 2}));
    optimizer.step({{handle, none}});
    EXPECT_EQ(optimizer.step_number(handle), 2);
    optimizer.add("other", std::span(theta));  // the memory is nobody's now
    std::vector<double> fresh{5, 6};
    optimizer.append_rows(handle, std::span(fresh));
    EXPECT_THAT(optimizer.average<double>(handle), ElementsAre(5, 6));
    optimizer.step({{handle, std::vector<double>{1, 1}}});
    if (count != StepCount::per_row) continue;
    EXPECT_THAT(optimizer.row_steps(handle), ElementsAre(1));
  }
}

TEST(Rows, OfNoElementsCountStepsToo) {
  std::vector<double> none;
  Optimizer optimizer(Adam{}, {.step_count = StepCount::per_row});
  const Handle handle = optimizer.add("none", none, {3, 0});
  optimizer.step({{handle, none}});
  optimizer.keep_rows(handle, Indices{2, 0});
  optimizer.step({{handle, none}});
  EXPECT_THAT(optimizer.row_steps(handle), ElementsAre(2, 2));
}

TEST(Rows, AreKeptBeforeTheColumnsAreThere) {
  std::vector<float> theta{1, 2, 3, 4}, expected{3, 2};
  Optimizer optimizer(Rprop{}), other(Rprop{});
  const Handle handle = optimizer.add("theta", theta), in_other = other.add("theta", expected);
  optimizer.keep_rows(handle, Indices{2, 1});
  for (int step = 0; step < 3; ++step) {
    optimizer.step({{handle, std::vector<float>{1, -2}}});
    other.step({{in_other, std::vector<float>{1, -2}}});
  }
  EXPECT_THAT(std::span(theta).first(2), ElementsAre(expected[0], expected[1]));
}

// The adapter and others whose memory moves: the old place may be another's already.
TEST(Rows, BindAnUnboundParameterInNewMemory) {
  std::vector<float> old{1, 2, 3}, kept{3, 1}, grown{3, 1, 7};
  Optimizer optimizer(Adam{});
  const Handle handle = optimizer.add("theta", old);
  optimizer.step({{handle, std::vector<float>{1, 2, 3}}});
  optimizer.unbind(handle);
  optimizer.add("other", old);
  optimizer.keep_rows(handle, Indices{2, 0}, std::span(kept));
  optimizer.step({{handle, std::vector<float>{1, 1}}});
  optimizer.unbind(handle);
  optimizer.append_rows(handle, std::span(grown));
  optimizer.step({{handle, std::vector<float>{1, 1, 1}}});
  EXPECT_NE(grown[2], 7);
}

}  // namespace
}  // namespace thalweg::tests
