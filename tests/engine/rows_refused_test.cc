// Rows that come and go: what is refused, and changes nothing.
#include "engine/numbers.h"
#include "engine/rows.h"
#include "error_of.h"

#include <thalweg/safetensors.h>
#include <thalweg/thalweg.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

class RowsRefused : public ::testing::Test {
 protected:
  /// The message, after which nothing must be changed.
  template <class Call>
  std::string refused(const Call& call) {
    const auto before = safetensors::to_bytes(optimizer_.state());
    const std::vector<float> theta = theta_;
    const std::string message = error_of(call);
    EXPECT_EQ(safetensors::to_bytes(optimizer_.state()), before);
    EXPECT_EQ(theta_, theta);
    return message;
  }
  std::string keep(const Indices& rows) {
    return refused([&] { optimizer_.keep_rows(handle_, rows); });
  }
  template <class T>
  std::string keep(const Indices& rows, std::vector<T>& memory) {
    return refused([&] { optimizer_.keep_rows(handle_, rows, std::span<T>(memory)); });
  }
  template <class T>
  std::string append(std::vector<T>& memory) {
    return refused([&] { optimizer_.append_rows(handle_, std::span<T>(memory)); });
  }
  std::string reset(const Indices& rows) {
    return refused([&] { optimizer_.reset_rows(handle_, rows); });
  }

  std::vector<float> theta_ = random_numbers<float>(12, 5, "theta"), other_ = std::vector<float>(30);
  Optimizer optimizer_{Adam{}, {.average = {.kind = AverageKind::ema}}, {.threads = 1}};
  Handle handle_ = optimizer_.add("points", theta_, {4, 3});
};

TEST_F(RowsRefused, OutsideTheParameter) {
  EXPECT_EQ(keep({0, 4}), "keep_rows: \"points\" has no row 4: its rows are 0 to 3");
  EXPECT_EQ(keep({-1}), "keep_rows: \"points\" has no row -1: its rows are 0 to 3");
  EXPECT_EQ(reset({2, 9}), "reset_rows: \"points\" has no row 9: its rows are 0 to 3");
  std::vector<float> kept(3);
  EXPECT_EQ(keep({INT64_MAX}, kept), "keep_rows: \"points\" has no row 9223372036854775807: its rows are 0 to 3");
  optimizer_.keep_rows(handle_, {});
  EXPECT_EQ(keep({0}), "keep_rows: \"points\" has no row 0: it has none");
}

TEST_F(RowsRefused, MoreThanThereIsMemory) {
  EXPECT_EQ(keep({0, 1, 2, 3, 3}),
            "keep_rows: \"points\" has 4 rows, and 5 are to be kept: in place there can be no more than before; hand "
            "over memory for them");
  std::vector<float> seven(7), nine(9), wider(16);
  EXPECT_EQ(keep({0, 1}, seven), "keep_rows: \"points\": 2 rows of 3 are kept, the new memory has 7 elements");
  EXPECT_EQ(
      append(nine),
      "append_rows: \"points\" has 4 rows of 3, the new memory 9 elements: at least as many rows, and whole ones");
  EXPECT_EQ(append(wider),
            "append_rows: \"points\" has 4 rows of 3, the new memory 16 elements: at least as many rows, and whole "
            "ones");
}

TEST_F(RowsRefused, MemoryThatIsNotTheParameters) {
  std::vector<double> of_doubles(15);
  EXPECT_EQ(append(of_doubles), "append_rows: \"points\" is f32, the new memory f64");
  of_doubles.resize(3);
  EXPECT_EQ(keep({1}, of_doubles), "keep_rows: \"points\" is f32, the new memory f64");
  optimizer_.add("other", std::span(other_).subspan(14));
  other_.resize(15);
  EXPECT_EQ(append(other_), "append_rows: \"points\" overlaps parameter \"other\" in memory");
  EXPECT_EQ(refused([&] { optimizer_.append_rows(handle_, std::span(static_cast<float*>(nullptr), 15)); }),
            "append_rows: \"points\" has no memory");
  std::vector<float> number(1);
  const Handle single = optimizer_.add("number", number, Shape());
  EXPECT_EQ(refused([&] { optimizer_.append_rows(single, std::span(number)); }),
            "append_rows: \"number\" is a single number and has no rows");
  optimizer_.unbind(handle_);
  EXPECT_EQ(keep({1}), "keep_rows: \"points\" is unbound; rebind it first");
  EXPECT_EQ(reset({1}), "reset_rows: \"points\" is unbound; rebind it first");
}

TEST_F(RowsRefused, WhileTheOptimizerIsNotAtRest) {
  std::vector<float> more(15);
  const std::vector<std::function<void()>> calls{[&] { optimizer_.keep_rows(handle_, Indices{1}); },
                                                 [&] { optimizer_.append_rows(handle_, std::span(more)); },
                                                 [&] { optimizer_.reset_rows(handle_, Indices{1}); }};
  optimizer_.begin_step();
  for (const auto& call : calls) EXPECT_THAT(error_of(call), HasSubstr("a step has begun and not ended"));
  optimizer_.update({handle_, std::vector<float>(12, 1)});
  optimizer_.end_step();
  optimizer_.swap_averages();
  for (const auto& call : calls) EXPECT_THAT(error_of(call), HasSubstr("the parameters hold their averages"));
}

TEST_F(RowsRefused, OtherNumbersOfRowsWhereRowsCount) {
  std::vector<float> theta(12);
  Optimizer optimizer(Adam{}, {.step_count = StepCount::per_row});
  const Handle handle = optimizer.add("points", theta, {4, 3});
  EXPECT_THAT(error_of([&] {
                optimizer.rebind(handle, std::span(theta), Shape{3, 4});
              }),
              HasSubstr("has 4 rows, the new shape 3: keep_rows or append_rows says which"));
  EXPECT_THAT(error_of([&] { optimizer_.row_steps(handle_); }), HasSubstr("StepCount::per_row"));
}

}  // namespace
}  // namespace thalweg::tests
