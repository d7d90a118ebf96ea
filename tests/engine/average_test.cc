// Averages of parameters: definitions, which parameters and steps they take, the exchange, bits, state, and errors.
#include "engine/numbers.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kSeed = 13;

/// A parameter that goes 1, 2, 3, … whatever its average is.
struct Counter {
  explicit Counter(const Average& average) : optimizer(SGD{.lr = 1}, {.average = average}) {
    handle = optimizer.add("theta", theta);
  }
  double step() {
    optimizer.step({{handle, std::vector<double>{-1}}});
    const std::span<double> average = optimizer.average<double>(handle);
    return average.empty() ? std::nan("") : average[0];
  }

  std::vector<double> theta{0};
  Optimizer optimizer;
  Handle handle;
};

TEST(Averages, ThatAreNotKeptAreNotSwapped) {
  std::vector<double> theta{1, 2};
  Optimizer optimizer{SGD{.lr = 1}};
  optimizer.add("theta", theta);
  EXPECT_THAT(error_of([&] { optimizer.swap_averages(); }), testing::HasSubstr("keeps no averages"));
  EXPECT_FALSE(optimizer.averages_are_swapped());
}

TEST(Averages, EmaBeginsAtTheFirstParameter) {
  Counter counter({.kind = AverageKind::ema, .decay = 0.75});
  EXPECT_THAT(counter.optimizer.average<double>(counter.handle), IsEmpty());
  EXPECT_EQ(counter.step(), 1);
  EXPECT_EQ(counter.step(), 0.75 * 1 + 0.25 * 2);
  EXPECT_EQ(counter.step(), 0.75 * 1.25 + 0.25 * 3);
  EXPECT_EQ(counter.theta[0], 3);
}

TEST(Averages, EmaWithBiasCorrectionIsTheSumOverItsWeights) {
  Counter counter({.kind = AverageKind::ema, .decay = 0.8, .bias_correction = true});
  double raw = 0, weight = 0;
  for (int t = 1; t <= 40; ++t) {
    raw = 0.8 * raw + 0.2 * t;
    weight = 0.8 * weight + 0.2;
    EXPECT_NEAR(counter.step(), raw / weight, 1e-13 * t) << t;
  }
}

TEST(Averages, MeanOfChosenSteps) {
  Counter counter({.kind = AverageKind::mean, .start = 3, .every = 2});
  EXPECT_TRUE(std::isnan(counter.step()));
  EXPECT_TRUE(std::isnan(counter.step()));
  EXPECT_EQ(counter.step(), 3);
  EXPECT_EQ(counter.step(), 3);
  EXPECT_EQ(counter.step(), (3 + 5) / 2.0);
  EXPECT_EQ(counter.step(), (3 + 5) / 2.0);
  EXPECT_THAT(counter.step(), DoubleEq((3 + 5 + 7) / 3.0));
}

TEST(Averages, OverwriteTheParameter) {
  Counter counter({.kind = AverageKind::ema, .decay = 0.5, .overwrite_every = 2});
  EXPECT_EQ(counter.step(), 1);
  EXPECT_EQ(counter.step(), 1.5);
  EXPECT_EQ(counter.theta[0], 1.5);
  EXPECT_EQ(counter.step(), 0.5 * 1.5 + 0.5 * 2.5);
  EXPECT_EQ(counter.theta[0], 2.5);
}

TEST(Averages, TakeParametersWithoutAGradientToo) {
  for (const std::string& backend : every_backend()) {
    std::vector<double> moves{0}, rests{8};
    std::vector<float> late{5};
    Optimizer optimizer(SGD{.lr = 1}, {.average = {.kind = AverageKind::ema, .decay = 0.5, .overwrite_every = 4}},
                        {.backend = backend});
    const Handle a = optimizer.add("moves", moves), b = optimizer.add("rests", rests);
    const std::vector<double> down{-1};
    optimizer.step({{a, down}, {b, down}});  // 1 and 9
    optimizer.step({{a, down}});
    EXPECT_EQ(optimizer.average<double>(a)[0], 1.5);
    EXPECT_EQ(optimizer.average<double>(b)[0], 9);
    rests[0] = 1;  // as if somebody else had moved it
    const Handle c = optimizer.add("late", late);
    optimizer.step({{a, down}});
    EXPECT_EQ(optimizer.average<double>(b)[0], 5);
    EXPECT_EQ(optimizer.average<float>(c)[0], 5) << "its first average is the parameter";
    EXPECT_EQ(optimizer.step_number(b), 1);
    optimizer.step({});
    EXPECT_EQ(rests[0], 3) << "overwritten in step 4, gradient or not";
    EXPECT_EQ(moves[0], optimizer.average<double>(a)[0]);
  }
}

TEST(Averages, AreExchangedBitByBit) {
  std::vector<float> theta = random_numbers<float>(1001, kSeed, "theta");
  Optimizer optimizer(Adam{.lr = 0.1}, {.average = {.kind = AverageKind::ema, .decay = 0.9}});
  const Handle handle = optimizer.add("theta", theta);
  for (std::uint32_t step = 0; step < 3; ++step) {
    optimizer.step({{handle, random_numbers<float>(1001, kSeed, "gradient", step)}});
  }
  const auto copy = [](std::span<float> numbers) { return std::vector<float>(numbers.begin(), numbers.end()); };
  const std::vector<float> point = theta, average = copy(optimizer.average<float>(handle));
  EXPECT_NE(first_bit_difference<float>(point, average), "");
  {
    const SwappedAverages averages(optimizer);
    EXPECT_TRUE(optimizer.averages_are_swapped());
    EXPECT_EQ(first_bit_difference<float>(theta, average), "");
    EXPECT_EQ(first_bit_difference<float>(copy(optimizer.average<float>(handle)), point), "");
    // What would take one for the other.
    const char* what = "the parameters hold their averages; swap_averages() first";
    EXPECT_THAT(error_of([&] { optimizer.step({{handle, point}}); }), HasSubstr(std::string("step: ") + what));
    EXPECT_THAT(error_of([&] { (void)optimizer.state(); }), HasSubstr(std::string("state: ") + what));
    EXPECT_THAT(error_of([&] { optimizer.load(State{}); }), HasSubstr(what));
  }
  EXPECT_FALSE(optimizer.averages_are_swapped());
  EXPECT_EQ(first_bit_difference<float>(theta, point), "");
  EXPECT_EQ(first_bit_difference<float>(copy(optimizer.average<float>(handle)), average), "");

  optimizer.unbind(handle);
  EXPECT_THAT(error_of([&] { optimizer.swap_averages(); }), HasSubstr("\"theta\" is unbound; rebind it first"));
}

TEST(Averages, FollowRebindAndRemove) {
  Counter counter({.kind = AverageKind::ema, .decay = 0.5});
  counter.step();
  std::vector<double> elsewhere = counter.theta;
  counter.optimizer.rebind(counter.handle, std::span(elsewhere));
  EXPECT_EQ(counter.step(), 1.5);
  EXPECT_EQ(elsewhere[0], 2);
  counter.optimizer.remove(counter.handle);
  std::vector<double> again{7};
  const Handle handle = counter.optimizer.add("theta", again);
  EXPECT_THAT(counter.optimizer.average<double>(handle), IsEmpty()) << "another parameter's";
  EXPECT_EQ(counter.optimizer.state_bytes(), 0u);
  counter.optimizer.step({});
  EXPECT_EQ(counter.optimizer.state_bytes(), sizeof(double));
}

TEST(Averages, AreSavedAndGoOnWithTheSameBits) {
  for (const Average& average : {Average{.kind = AverageKind::ema, .decay = 0.9, .bias_correction = true},
                                 Average{.kind = AverageKind::mean, .start = 2, .every = 3},
                                 Average{.kind = AverageKind::ema, .decay = 0.7, .overwrite_every = 3}}) {
    const auto gradient = [](std::uint32_t step) { return random_numbers<float>(50, kSeed, "gradient", step); };
    for (std::uint32_t cut = 0; cut <= 7; ++cut) {
      std::vector<float> whole = random_numbers<float>(50, kSeed, "theta"), parts = whole;
      Optimizer optimizer(Adam{}, {.average = average}), first(Adam{}, {.average = average}), second(Adam{});
      optimizer.add("theta", whole);
      first.add("theta", parts);
      for (std::uint32_t step = 0; step < 7; ++step) optimizer.step({{"theta", gradient(step)}});
      for (std::uint32_t step = 0; step < cut; ++step) first.step({{"theta", gradient(step)}});
      second.add("theta", parts);
      second.load(safetensors::from_bytes(safetensors::to_bytes(first.state()), "state"));
      EXPECT_EQ(second.settings().average, average);
      for (std::uint32_t step = cut; step < 7; ++step) second.step({{"theta", gradient(step)}});
      EXPECT_EQ(first_bit_difference<float>(parts, whole), "") << "cut at " << cut;
      EXPECT_EQ(safetensors::to_bytes(second.state()), safetensors::to_bytes(optimizer.state())) << "cut at " << cut;
    }
  }
}

TEST(Averages, DamagedStatesAreRefused) {
  Counter counter({.kind = AverageKind::ema});
  counter.step();
  const State good = counter.optimizer.state();
  const auto refused = [&](const auto& change) {
    State bad = good;
    change(bad);
    return error_of([&] { counter.optimizer.load(bad); });
  };
  EXPECT_THAT(refused([](State& state) { state.tensors.erase("theta/average"); }),
              HasSubstr("tensor \"theta/average\" is missing"));
  EXPECT_THAT(refused([](State& state) { state.tensors["theta/average"].dtype = safetensors::Dtype::F32; }),
              HasSubstr("\"theta/average\" is not f64 of shape [1]"));
  const auto in_head = [&](const std::string& from, const std::string& to) {
    return refused([&](State& state) {
      std::string& head = state.metadata["thalweg"];
      ASSERT_NE(head.find(from), std::string::npos) << head;
      head.replace(head.find(from), from.size(), to);
    });
  };
  EXPECT_THAT(in_head("\"ema\"", "\"emma\""), HasSubstr("state: average: kind = 'emma' is unknown; did you mean ema?"));
  EXPECT_THAT(in_head("\"decay\":0.99", "\"decay\":2"), HasSubstr("state: average: decay = 2 is outside [0, 1]"));
  EXPECT_THAT(in_head("\"every\":1", "\"evry\":1"), HasSubstr("state: average: unknown key 'evry'"));
  EXPECT_THAT(in_head("\"averaged\":1", "\"averaged\":0"), HasSubstr("\"theta/average\" belongs to no parameter"));
  EXPECT_THAT(in_head("\"averaged\":1", "\"averaged\":-1"), HasSubstr("averaged = -1"));
  EXPECT_THAT(in_head("\"clip\":", "\"clap\":"), HasSubstr("\"clip\" is missing"));
}

TEST(Averages, RefuseWhatIsOutsideItsRange) {
  Optimizer optimizer(SGD{});
  const auto refused = [&](const Average& average) { return error_of([&] { optimizer.set_average(average); }); };
  EXPECT_THAT(refused({.decay = -0.1}), HasSubstr("average: decay = -0.1 is outside [0, 1]"));
  EXPECT_THAT(refused({.decay = 1.1}), HasSubstr("[0, 1]"));
  EXPECT_THAT(refused({.decay = std::nan("")}), HasSubstr("[0, 1]"));
  EXPECT_THAT(refused({.decay = 1, .bias_correction = true}), HasSubstr("[0, 1)"));
  EXPECT_THAT(refused({.start = 0}), HasSubstr("average: start = 0 is outside [1, "));
  EXPECT_THAT(refused({.every = 0}), HasSubstr("average: every = 0 is outside [1, "));
  EXPECT_THAT(refused({.overwrite_every = -1}), HasSubstr("average: overwrite_every = -1 is outside [0, "));
  EXPECT_EQ(optimizer.settings().average, Average{});
  std::vector<float> theta(1);
  const Handle handle = optimizer.add("theta", theta);
  EXPECT_THAT(error_of([&] { (void)optimizer.average<double>(handle); }),
              HasSubstr("average: \"theta\" is f32, not f64"));
}

template <class T>
class AverageBits : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(AverageBits, Types);

TYPED_TEST(AverageBits, AreTheSameEverywhere) {
  // At lengths around vectors and blocks, with a gradient and without one, on every instruction set and many threads.
  using T = TypeParam;
  std::vector<std::string> backends = cpu_targets();
  if (std::is_same_v<T, double>) backends.push_back("reference");
  std::vector<std::size_t> lengths{0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 4097, 130'001};
  std::vector<T> first;
  for (const std::string& backend : backends) {
    for (const int threads : {1, 2, 8}) {
      Optimizer optimizer(
          Adam{.lr = 0.1},
          {.average = {.kind = AverageKind::ema, .decay = 0.8, .bias_correction = true, .overwrite_every = 3}},
          {.threads = threads, .backend = backend});
      std::vector<std::vector<T>> thetas;
      for (const std::size_t length : lengths) thetas.push_back(random_numbers<T>(length, kSeed, "theta"));
      std::vector<Handle> handles;
      for (std::size_t i = 0; i < lengths.size(); ++i) handles.push_back(optimizer.add(std::to_string(i), thetas[i]));
      for (std::uint32_t step = 0; step < 4; ++step) {
        std::vector<std::vector<T>> gradients;
        for (const std::size_t length : lengths)
          gradients.push_back(random_numbers<T>(length, kSeed, "gradient", step));
        std::vector<Gradient> list;
        for (std::size_t i = step % 2; i < lengths.size(); i += 1 + step % 2)
          list.emplace_back(handles[i], gradients[i]);
        optimizer.step(list);
      }
      std::vector<T> all;
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        all.insert(all.end(), thetas[i].begin(), thetas[i].end());
        const std::span<T> average = optimizer.average<T>(handles[i]);
        EXPECT_EQ(average.size(), lengths[i]);
        all.insert(all.end(), average.begin(), average.end());
      }
      if (first.empty()) first = all;
      EXPECT_EQ(first_bit_difference<T>(all, first), "") << backend << ", " << threads << " threads";
    }
  }
}

TEST(Averages, WithDecayOneStayAsTheyAre) {
  // A share of 0 is a share: parameters without a gradient have averages too, and what θ becomes does not matter.
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> a = {1}, b = {2};
  Optimizer optimizer{SGD{.lr = 1}, {.average = {.kind = AverageKind::ema, .decay = 1, .overwrite_every = 4}}};
  const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b);
  const std::vector<double> one = {1}, infinite = {infinity};
  optimizer.step({{ha, one}});
  for (const std::vector<double>* gradient : {&one, &infinite}) {
    optimizer.step({{ha, *gradient}});
    EXPECT_THAT(optimizer.average<double>(ha), ElementsAre(0));
    EXPECT_THAT(optimizer.average<double>(hb), ElementsAre(2));
  }
  EXPECT_THAT(a, ElementsAre(-infinity));
  optimizer.step({{hb, one}});  // the fourth step puts the averages in the parameters' place
  EXPECT_THAT(a, ElementsAre(0));
  EXPECT_THAT(b, ElementsAre(2));
}

}  // namespace
}  // namespace thalweg::tests
