// thalweg identify on rules that sum over parameters: LAMB, LARS, Adafactor.
#include "error_of.h"
#include "identify/identify.h"
#include "identify/report.h"
#include "recorded_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab::identify {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class IdentifyShapes : public test::RecordedFile {
 protected:
  IdentifyShapes() : RecordedFile("identify_shapes") {}

  /// A run of the engine: a matrix and a vector, with a rate that changes.
  static json record(std::string_view options) {
    constexpr std::size_t kMatrix = 6, kAll = 9;
    std::vector<double> theta;
    for (std::size_t i = 0; i < kAll; ++i) theta.push_back((i < kMatrix ? 1 : 3) * std::cos(1.3 * double(i) + 0.2));
    json result = {{"id", "by the engine"},  {"theta0", theta},         {"splits", {kMatrix, kAll - kMatrix}},
                   {"grads", json::array()}, {"theta", json::object()}, {"shapes", json{{3, 2}, {3}}}};
    Optimizer optimizer(parse_options(options), {}, {.threads = 1});
    const std::span<double> all(theta);
    const Handle matrix = optimizer.add("matrix", all.first(kMatrix), {3, 2});
    const Handle vector = optimizer.add("vector", all.subspan(kMatrix));
    const double lr = optimizer.lr();
    result["lr_schedule"] = json{{1, lr}, {5, lr / 4}};
    for (int step = 1; step <= 10; ++step) {
      if (step == 5) optimizer.set("lr", lr / 4);
      std::vector<double> gradient;
      for (std::size_t i = 0; i < kAll; ++i) {
        gradient.push_back(std::sin(2.1 * step + 1.7 * double(i * i)) * std::pow(0.5, double(i % 4)));
      }
      const std::span<const double> numbers(gradient);
      optimizer.step({{matrix, numbers.first(kMatrix)}, {vector, numbers.subspan(kMatrix)}});
      result["grads"].push_back(gradient);
      result["theta"][std::to_string(step)] = theta;
    }
    return result;
  }

  Answer identify_one(const json& recorded) const { return identify(read_unknown_runs(write(recorded), {}).at(0), {}); }
};

std::vector<std::string> texts(const Answer& answer) {
  std::vector<std::string> result;
  for (const Candidate& candidate : answer.candidates) result.push_back(candidate.options.text());
  return result;
}

std::vector<std::string> frameworks(const Answer& answer) {
  std::vector<std::string> result;
  for (const Expression& expression : answer.candidates.at(0).expressions) {
    result.push_back(expression.peer + " " + expression.name);
  }
  return result;
}

TEST_F(IdentifyShapes, FindsLamb) {
  const Answer answer = identify_one(record("lamb:lr=.02,beta1=.8,beta2=.95,eps=.001,weight_decay=.1"));
  EXPECT_THAT(texts(answer), Contains("lamb:lr=0.02,beta1=0.8,beta2=0.95,eps=0.001,weight_decay=0.1"));
  EXPECT_THAT(frameworks(answer), AllOf(Contains("optax lamb"), Contains("timm Lamb"), Not(Contains("keras Lamb"))));
  EXPECT_FALSE(answer.is_cut_short);
}

TEST_F(IdentifyShapes, FindsLars) {
  const Answer answer = identify_one(
      record("lars:lr=.2,trust_coefficient=.02,eps=.1,momentum=.7,weight_decay=.3,norm_of_sum=true,lr_in_momentum=true,"
             "always_adapt=true"));
  ASSERT_FALSE(answer.candidates.empty());
  EXPECT_THAT(frameworks(answer), Contains("optax lars"));
  const Options& found = answer.candidates[0].options;
  EXPECT_EQ(found.get("momentum"), 0.7);
  EXPECT_EQ(found.get("weight_decay"), 0.3);
  EXPECT_EQ(found.get("eps"), 0.1);
}

TEST_F(IdentifyShapes, FindsAdafactorAndWhetherItIsFactored) {
  const Answer keras =
      identify_one(record("adafactor:lr=.02,eps1=.01,eps2=.001,eps_inside=true,decay_first=true,weight_decay=.2"));
  ASSERT_FALSE(keras.candidates.empty());
  EXPECT_THAT(frameworks(keras), Contains("keras Adafactor"));
  EXPECT_EQ(keras.candidates[0].options.get("factored"), 1);
  const Answer whole =
      identify_one(record("adafactor:lr=.02,eps1=.01,eps_inside=true,relative_step=false,factored=false"));
  ASSERT_FALSE(whole.candidates.empty());
  EXPECT_EQ(whole.candidates[0].options.get("factored"), 0);
  EXPECT_THAT(frameworks(whole), Contains("optax adafactor"));
}

TEST_F(IdentifyShapes, NeedsWholeParameters) {
  json recorded = record("lamb:lr=.02,beta1=.8,beta2=.95,eps=.001,weight_decay=.1");
  recorded["known"] = {{"rule", "lamb"}};
  recorded.erase("splits");
  recorded["shapes"] = json{{9}};
  EXPECT_THAT(identify_one(recorded).candidates, IsEmpty());  // the norms are of two parameters

  json large = {{"theta0", std::vector<double>(2000, 1)}, {"grads", {std::vector<double>(2000, 1)}}};
  large["theta"]["1"] = std::vector<double>(2000, 0.7);
  large["theta"]["1"][0] = 5;
  large["known"] = {{"rule", "lamb"}};
  const Answer answer = identify_one(large);
  EXPECT_THAT(answer.candidates, IsEmpty());
  EXPECT_THAT(answer.hints, Contains(HasSubstr("which sum over whole parameters, were not looked for")));
}

}  // namespace
}  // namespace thalweg::lab::identify
