// Shapes of parameters: what fits, what is refused, and states in another order of the memory.
#include "engine/numbers.h"
#include "engine/state_head.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 71;

/// Where the elements of a shape, counted in row-major order, lie in memory.
std::vector<std::size_t> places(const Shape& shape) {
  std::vector<std::size_t> result(shape.elements(), 0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::size_t rest = i;
    std::size_t row_major = 1;
    for (std::size_t k = shape.sizes.size(); k-- > 0;) {
      const auto size = static_cast<std::size_t>(shape.sizes[k]);
      const std::size_t stride = shape.strides.empty() ? row_major : static_cast<std::size_t>(shape.strides[k]);
      result[i] += rest % size * stride;
      rest /= size;
      row_major *= size;
    }
  }
  return result;
}

/// Numbers in row-major order, as they lie in the memory of the shape.
std::vector<float> laid_out(const std::vector<float>& numbers, const Shape& shape) {
  std::vector<float> memory(numbers.size());
  const std::vector<std::size_t> at = places(shape);
  for (std::size_t i = 0; i < numbers.size(); ++i) memory[at[i]] = numbers[i];
  return memory;
}

/// Orders of 120 elements in memory: row-major, channels last, transposed, any.
const std::vector<Shape>& orders() {
  static const std::vector<Shape> all{Shape{2, 3, 4, 5}, Shape({2, 3, 4, 5}, {60, 1, 15, 3}),
                                      Shape({2, 3, 4, 5}, {1, 2, 6, 24}), Shape({2, 3, 4, 5}, {5, 40, 10, 1}),
                                      Shape({2, 3, 4, 5}, {60, 20, 5, 1})};
  return all;
}

TEST(Shapes, OfAnyNumberOfDimensions) {
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{7}, Shape{2, 3}, Shape{2, 0, 3}, Shape{1, 2, 3},
                             Shape{2, 1, 2, 3}, Shape{2, 1, 1, 2, 3}, Shape({0, 3}, {9}), Shape({3, 0}, {1, 1})}) {
    SCOPED_TRACE(shape.text());
    std::vector<float> theta(shape.elements(), 1), other = theta;
    Optimizer optimizer(RMSprop{}), loaded(RMSprop{});
    const Handle handle = optimizer.add("theta", theta, shape);
    EXPECT_EQ(optimizer.shape(handle), shape);
    optimizer.step({{handle, std::vector<float>(theta.size(), 1)}});
    const State state = optimizer.state();
    EXPECT_EQ(state.tensors.at("theta/v").shape, (std::vector<std::uint64_t>(shape.sizes.begin(), shape.sizes.end())));
    loaded.add("theta", other, shape);
    loaded.load(safetensors::from_bytes(safetensors::to_bytes(state), "state"));
    EXPECT_EQ(safetensors::to_bytes(loaded.state()), safetensors::to_bytes(state));
  }
  std::vector<double> vector(3);
  Optimizer optimizer(SGD{});
  EXPECT_EQ(optimizer.shape(optimizer.add("vector", vector)), Shape{3}) << "who says nothing means a vector";
}

TEST(Shapes, ThatAreRefused) {
  std::vector<float> theta(12);
  Optimizer optimizer(SGD{});
  const auto refused = [&](const Shape& shape) {
    const std::string message = error_of([&] { optimizer.add("theta", theta, shape); });
    EXPECT_EQ(optimizer.size(), 0u);
    EXPECT_FALSE(optimizer.contains("theta"));
    return message;
  };
  EXPECT_THAT(refused({3, 5}), HasSubstr("add: \"theta\" has shape [3, 5], which is of 15 elements, and memory of 12"));
  EXPECT_THAT(refused({}), HasSubstr("which is of 1 elements, and memory of 12"));
  EXPECT_THAT(refused({-3, -4}), HasSubstr("has shape [-3, -4]: sizes are at least 0"));
  const std::int64_t large = std::int64_t{1} << 62;
  EXPECT_THAT(refused({large, 4}), HasSubstr("memory of 12")) << "2⁶⁴ elements are not 0";
  EXPECT_THAT(refused({large + 3, 4}), HasSubstr("memory of 12")) << "nor are 2⁶⁴ + 12 of them 12";
  const auto gap = [](const char* strides) {
    return AllOf(HasSubstr("strides " + std::string(strides) + " for the shape [3, 4]"),
                 HasSubstr("without gaps and overlap"));
  };
  EXPECT_THAT(refused(Shape({3, 4}, {8, 2})), gap("[8, 2]"));
  EXPECT_THAT(refused(Shape({3, 4}, {0, 1})), gap("[0, 1]"));
  EXPECT_THAT(refused(Shape({3, 4}, {3, 1})), gap("[3, 1]"));
  EXPECT_THAT(refused(Shape({3, 4}, {-4, 1})), gap("[-4, 1]"));
  EXPECT_THAT(refused(Shape({3, 4}, {4})), gap("[4]"));
  EXPECT_THAT(refused(Shape({3, 4}, {12, 4, 1})), gap("[12, 4, 1]"));
  optimizer.add("theta", theta, Shape({3, 4, 1}, {1, 3, 99}));  // the stride of a single element means nothing
  EXPECT_THAT(error_of([&] { optimizer.rebind({0}, std::span(theta), Shape{13}); }), HasSubstr("rebind: \"theta\""));
  EXPECT_EQ(optimizer.shape({0}), Shape({3, 4, 1}, {1, 3, 99}));
  optimizer.rebind({0}, std::span(theta), Shape{2, 6});
  EXPECT_EQ(optimizer.shape({0}), (Shape{2, 6}));
}

TEST(Shapes, EveryOrderInMemoryLoadsIntoEveryOther) {
  const std::vector<float> numbers = random_numbers<float>(120, kSeed, "theta"),
                           slope = random_numbers<float>(120, kSeed, "gradient");
  const auto train = [&](Optimizer& optimizer, const Shape& shape) {
    optimizer.step({{"theta", laid_out(slope, shape)}});
  };
  const Settings settings{.accumulation = {.calls = 2}, .average = {.kind = AverageKind::ema}};
  for (const Shape& from : orders()) {
    for (const Shape& to : orders()) {
      SCOPED_TRACE(Shape(from.strides).text() + " into " + Shape(to.strides).text());
      std::vector<float> theta = laid_out(numbers, from), other = laid_out(numbers, to);
      Optimizer saved(RMSprop{.momentum = 0.5}, settings), loaded(RMSprop{.momentum = 0.5}, settings);
      saved.add("theta", theta, from);
      const Handle handle = loaded.add("theta", other, to);
      for (int call = 0; call < 3; ++call) train(saved, from);
      loaded.load(safetensors::from_bytes(safetensors::to_bytes(saved.state()), "state"));
      std::vector<float> in_order(120);  // θ itself is the caller's
      for (std::size_t i = 0; i < 120; ++i) in_order[i] = theta[places(from)[i]];
      std::ranges::copy(laid_out(in_order, to), other.begin());
      for (const char* column : {"v", "b"}) {
        for (std::size_t i = 0; i < 120; ++i) {
          ASSERT_EQ(loaded.column<float>(handle, column)[places(to)[i]],
                    saved.column<float>({0}, column)[places(from)[i]]);
        }
      }
      train(saved, from);
      train(loaded, to);
      for (std::size_t i = 0; i < 120; ++i) {
        ASSERT_EQ(other[places(to)[i]], theta[places(from)[i]]);
        ASSERT_EQ(loaded.average<float>(handle)[places(to)[i]], saved.average<float>({0})[places(from)[i]]);
      }
    }
  }
}

TEST(Shapes, StatesOfOtherShapes) {
  const auto state_of = [](const Shape& shape) {
    std::vector<float> theta(shape.elements(), 1);
    Optimizer optimizer(RMSprop{});
    optimizer.add("theta", theta, shape);
    optimizer.step({{"theta", std::vector<float>(theta.size(), 1)}});
    return optimizer.state();
  };
  const auto loaded = [](const State& state, const Shape& shape) -> std::string {
    std::vector<float> theta(shape.elements(), 1);
    Optimizer optimizer(RMSprop{});
    optimizer.add("theta", theta, shape);
    try {
      optimizer.load(state);
    } catch (const Error& error) {
      EXPECT_EQ(optimizer.state_bytes(), 0u);
      return error.what();
    }
    EXPECT_EQ(optimizer.step_number({0}), 1);
    return "";
  };
  // A vector stands for any shape of as many elements: it is what a parameter is of which nobody said more.
  EXPECT_EQ(loaded(state_of({12}), {3, 4}), "");
  EXPECT_EQ(loaded(state_of({3, 4}), {12}), "");
  EXPECT_EQ(loaded(state_of({1}), {}), "");
  const auto differ = [](const char* saved, const char* own) {
    return "state: parameter \"theta\" has shape " + std::string(saved) + ", the optimizer's " + own;
  };
  EXPECT_EQ(loaded(state_of({3, 4}), {4, 3}), differ("[3, 4]", "[4, 3]"));
  EXPECT_EQ(loaded(state_of({3, 4}), {3, 4, 1}), differ("[3, 4]", "[3, 4, 1]"));
  EXPECT_EQ(loaded(state_of({3, 4}), {13}), differ("[3, 4]", "[13]"));
  EXPECT_EQ(loaded(state_of({12}), Shape({3, 4}, {1, 3})), differ("[12]", "[3, 4]")) << "in which order?";
  EXPECT_EQ(loaded(state_of(Shape({3, 4}, {1, 3})), {12}), differ("[3, 4]", "[12]"));
  // What no optimizer writes.
  const State good = state_of({3, 4});
  const auto with_shape = [&](const std::string& text) {
    State state = good;
    std::string& head = state.metadata.at("thalweg");
    const std::string now = "\"shape\":[3,4]";
    return head.replace(head.find(now), now.size(), text), state;
  };
  for (const char* text :
       {R"("shape":[3,-4])", R"("shape":[])", R"("shape":[4611686018427387907,4])",
        R"("shape":[4,4611686018427387907])", R"("shape":[3,4,9223372036854775807])", R"("shape":[3,4],"strides":[1])",
        R"("shape":[3,4],"strides":[4,2])", R"("shape":[3,4],"strides":[4,1,1])", R"("shape":[3,4],"strides":[])",
        R"("shape":[3.5,4])", R"("shape":12)"}) {
    for (const Shape& own : {Shape{3, 4}, Shape{12}}) {
      if (std::string(text) == R"("shape":[3,4],"strides":[])") continue;
      EXPECT_THAT(loaded(with_shape(text), own), HasSubstr("parameter \"theta\"")) << text;
    }
  }
}

TEST(Shapes, RowsOfGradientsAreOfTheShape) {
  std::vector<float> theta(24), turned(24);
  Optimizer optimizer(SGD{.lr = 1});
  const Handle handle = optimizer.add("theta", theta, {4, 3, 2});
  const std::vector<std::int64_t> row{1};
  const std::vector<float> two(2, 1), four(4, 1), six(6, 1);
  optimizer.step({{handle, Rows<float>{row, six}}});
  EXPECT_EQ(theta[6], -1);
  optimizer.step({{handle, Rows<float>{row, two}}});  // rows of several dimensions, numbered through
  EXPECT_EQ(theta[2], -1);
  EXPECT_THAT(error_of([&] {
                optimizer.step({{handle, Rows<float>{row, four}}});
              }),
              HasSubstr("has rows of 4 values, the parameter's shape is [4, 3, 2]"));
  optimizer.add("turned", turned, Shape({4, 6}, {1, 4}));
  EXPECT_THAT(error_of([&] {
                optimizer.step({{"turned", Rows<float>{row, six}}});
              }),
              HasSubstr("has rows, but the parameter does not lie row by row in memory"));
}

TEST(Shapes, RowsWithoutElementsCountTheirSteps) {
  std::vector<float> none;
  Optimizer optimizer(RMSprop{}, {.step_count = StepCount::per_row});
  const Handle handle = optimizer.add("none", none, {3, 0});
  for (int step = 0; step < 2; ++step) optimizer.step({{handle, none}});
  EXPECT_EQ(optimizer.row_steps(handle), (std::vector<std::int64_t>{2, 2, 2}));
  std::vector<float> theta(6);
  const Handle other = optimizer.add("theta", theta, {2, 3});
  EXPECT_THAT(error_of([&] {
                optimizer.rebind(other, std::span(theta), Shape{3, 2});
              }),
              HasSubstr("rebind: \"theta\" has 2 rows, the new shape 3"));
  EXPECT_THAT(error_of([&] { optimizer.add("number", none, Shape({}, {})); }), HasSubstr("memory of 0"));
}

}  // namespace
}  // namespace thalweg::tests
