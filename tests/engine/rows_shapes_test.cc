// Rows of parameters of every shape: columns that are shaped like rows or columns or are one number, memory formats.
// In a process of its own: it adds a rule that has such columns, and no kernels.
#include "error_of.h"

#include <thalweg/kernels/engine_rule.h>
#include <thalweg/optimizer.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace thalweg::tests {

/// One column of each shape.
struct Shapes {
  double lr = 1;
  double first = 0.5;

  static constexpr std::string_view name = "shapes";
  static constexpr std::string_view title = "one column of each shape";
  static constexpr std::string_view formula = "θ ← θ";
  static constexpr std::string_view source = "none";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Shapes::lr, at_least(0), "learning rate");
    option("first", &Shapes::first, at_least(0), "first value of all columns");
  }
  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("v", ColumnKind::average, true, first);
    column("r", ColumnKind::average, true, first, ColumnShape::rows);
    column("c", ColumnKind::average, true, first, ColumnShape::columns);
    column("s", ColumnKind::average, true, first, ColumnShape::one);
  }
  static constexpr std::array<SumInfo, 1> sums{SumInfo{SumScope::tensor, 0}};
  struct Coefficients {};
  Coefficients coefficients(const StepNumbers&) const { return {}; }
  bool settle(const Settling&, Coefficients&) const { return true; }
};

}  // namespace thalweg::tests

namespace thalweg::inline v0_1 {
template <>
Kernels RuleKernels<tests::Shapes>::cpu(std::int64_t) {
  return {};
}
template <>
Kernels RuleKernels<tests::Shapes>::reference() {
  return {};
}
}  // namespace thalweg::inline v0_1

namespace thalweg::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Indices = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

Numbers counted(std::size_t count, double from) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

/// A parameter of 0, 1, 2, …, whose columns are 100, 101, … (v), 200, … (r), 300, … (c), 400 (s).
class RowShapes : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    static const Rule rule = make_rule<Shapes, Shapes>();
    static const bool added = (add_rule(rule), true);
    static_cast<void>(added);
  }

  void add(Shape shape) {
    theta_ = counted(shape.elements(), 0);
    theta_.reserve(1000);
    optimizer_.emplace(Shapes{}, Settings{}, Execution{.threads = 1});
    handle_ = optimizer_->add("w", theta_, std::move(shape));
    double from = 0;
    for (const char* name : {"v", "r", "c", "s"}) {
      const std::span<double> its = column(name);
      std::iota(its.begin(), its.end(), from += 100);
    }
  }
  void keep(const Indices& rows) {
    optimizer_->keep_rows(handle_, rows);
    theta_.resize(optimizer_->shape(handle_).elements());
  }
  void append(const Numbers& more) {
    theta_.insert(theta_.end(), more.begin(), more.end());
    optimizer_->append_rows(handle_, std::span(theta_));
  }
  std::span<double> column(const char* name) { return optimizer_->column<double>(handle_, name); }
  const Shape& shape() const { return optimizer_->shape(handle_); }

  Numbers theta_;
  std::optional<Optimizer> optimizer_;
  Handle handle_;
};

TEST_F(RowShapes, OfAMatrix) {
  add({4, 3});
  keep({3, 0, 3});
  EXPECT_EQ(shape(), Shape({3, 3}));
  EXPECT_THAT(theta_, ElementsAre(9, 10, 11, 0, 1, 2, 9, 10, 11));
  EXPECT_THAT(column("v"), ElementsAre(109, 110, 111, 100, 101, 102, 109, 110, 111));
  EXPECT_THAT(column("r"), ElementsAre(203, 200, 203));
  EXPECT_THAT(column("c"), ElementsAre(300, 301, 302));
  EXPECT_THAT(column("s"), ElementsAre(400));
  keep({1, 2});
  append({-1, -2, -3, -4, -5, -6});
  EXPECT_THAT(column("v"), ElementsAre(100, 101, 102, 109, 110, 111, .5, .5, .5, .5, .5, .5));
  EXPECT_THAT(column("r"), ElementsAre(200, 203, .5, .5));
  EXPECT_THAT(column("c"), ElementsAre(300, 301, 302));
  optimizer_->reset_rows(handle_, Indices{1});
  EXPECT_THAT(column("v"), ElementsAre(100, 101, 102, .5, .5, .5, .5, .5, .5, .5, .5, .5));
  EXPECT_THAT(column("r"), ElementsAre(200, .5, .5, .5));
  EXPECT_THAT(column("c"), ElementsAre(300, 301, 302));
  EXPECT_THAT(column("s"), ElementsAre(400));
}

TEST_F(RowShapes, OfAStackOfMatrices) {
  add({3, 2, 3});
  keep({0, 2});
  EXPECT_EQ(shape(), Shape({2, 2, 3}));
  EXPECT_THAT(column("r"), ElementsAre(200, 201, 204, 205));
  EXPECT_THAT(column("c"), ElementsAre(300, 301, 302, 306, 307, 308));
  append(counted(6, -6));
  EXPECT_THAT(column("r"), ElementsAre(200, 201, 204, 205, .5, .5));
  EXPECT_THAT(column("c"), ElementsAre(300, 301, 302, 306, 307, 308, .5, .5, .5));
  EXPECT_THAT(column("v").subspan(6, 7), ElementsAre(112, 113, 114, 115, 116, 117, .5));
  optimizer_->reset_rows(handle_, Indices{0});
  EXPECT_THAT(column("r"), ElementsAre(.5, .5, 204, 205, .5, .5));
  EXPECT_THAT(column("c"), ElementsAre(.5, .5, .5, 306, 307, 308, .5, .5, .5));
}

TEST_F(RowShapes, OfAVectorAndNone) {
  add({5});
  keep({4, 1});
  EXPECT_THAT(theta_, ElementsAre(4, 1));
  EXPECT_THAT(column("v"), ElementsAre(104, 101));
  EXPECT_THAT(column("s"), ElementsAre(400));
  add({});
  EXPECT_EQ(error_of([&] { keep({0}); }), "keep_rows: \"w\" is a single number and has no rows");
}

TEST_F(RowShapes, OfNoElements) {
  add({4, 0, 2});
  keep({0, 2});
  EXPECT_EQ(shape(), Shape({2, 0, 2}));
  EXPECT_THAT(error_of([&] { append({}); }), HasSubstr("append_rows: \"w\" has rows of no elements"));
  optimizer_->reset_rows(handle_, Indices{1});
}

// Nothing is left then that the columns could be of.
TEST_F(RowShapes, AllGoAndOthersCome) {
  for (const bool saves : {false, true}) {
    add({4, 3});
    keep({});
    EXPECT_EQ(shape(), Shape({0, 3}));
    EXPECT_THAT(column("r"), IsEmpty());
    if (saves) optimizer_->load(optimizer_->state());
    append({1, 2, 3, 4, 5, 6});
    EXPECT_EQ(shape(), Shape({2, 3}));
    EXPECT_THAT(column("v"), ElementsAre(.5, .5, .5, .5, .5, .5));
    EXPECT_THAT(column("r"), ElementsAre(.5, .5));
    EXPECT_THAT(column("c"), ElementsAre(.5, .5, .5));
  }
}

TEST_F(RowShapes, OfOtherMemoryFormats) {
  add(Shape({3, 2, 2}, {4, 1, 2}));  // channels last, and the like
  keep({2, 1});
  EXPECT_EQ(shape(), Shape({2, 2, 2}, {4, 1, 2}));
  EXPECT_THAT(column("v"), ElementsAre(108, 109, 110, 111, 104, 105, 106, 107));
  append(counted(4, -4));
  EXPECT_EQ(shape(), Shape({3, 2, 2}, {4, 1, 2}));

  add(Shape({1, 3}, {1, 1}));  // where there is one row alone its stride means nothing
  append({1, 2, 3});
  EXPECT_EQ(shape(), Shape({2, 3}, {3, 1}));
  EXPECT_TRUE(shape().is_row_major());

  add(Shape({4, 3}, {1, 4}));
  EXPECT_EQ(error_of([&] { keep({0}); }),
            "keep_rows: \"w\" has strides [1, 4] for the shape [4, 3]: its rows do not lie in one piece each; add it "
            "with its first dimension as the slowest in memory");
}

}  // namespace
}  // namespace thalweg::tests
