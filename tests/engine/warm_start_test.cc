// Loading a state that has not quite the optimizer's parameters: what is missing is kept, what is unknown left out, as
// asked for.
#include "engine/numbers.h"
#include "error_of.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/nadam.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Missing = LoadOptions::Missing;
using Unknown = LoadOptions::Unknown;

/// Parameters by name, all of the same size, each in the group that is written in front of a colon.
struct Model {
  explicit Model(const std::vector<std::string>& names, const Options& options = Adam{.lr = 0.1},
                 StepCount count = StepCount::per_parameter)
      : optimizer(options, {.step_count = count}) {
    for (const std::string& name : names) {
      const std::size_t colon = name.find(':');
      Group group;
      if (colon != std::string::npos) {
        const std::string group_name = name.substr(0, colon);
        group = groups.contains(group_name) ? groups.at(group_name) : optimizer.add_group(group_name, options);
        groups[group_name] = group;
      }
      const std::string own_name = colon == std::string::npos ? name : name.substr(colon + 1);
      parameters[own_name] = random_numbers<double>(5, 1, "theta");
      optimizer.add(own_name, parameters[own_name], group);
    }
  }

  void step(std::uint32_t number) {
    std::vector<std::vector<double>> kept;
    kept.reserve(parameters.size());
    std::vector<Gradient> gradients;
    for (const auto& [name, values] : parameters) {
      kept.push_back(random_numbers<double>(values.size(), 1, name, number));
      gradients.emplace_back(optimizer.find(name), kept.back());
    }
    optimizer.step(gradients);
  }

  std::vector<std::byte> bytes() const { return safetensors::to_bytes(optimizer.state()); }
  std::int64_t step_number(const std::string& name) const { return optimizer.step_number(optimizer.find(name)); }

  std::map<std::string, std::vector<double>> parameters;
  std::map<std::string, Group> groups;
  Optimizer optimizer;
};

TEST(WarmStart, MissingParametersKeepTheirOwnState) {
  Model old({"body", "neck"}, Adam{.lr = 0.5});
  for (std::uint32_t t = 0; t < 3; ++t) old.step(t);
  Model fresh({"body", "neck", "head", "other:tail"}, Adam{.lr = 0.25});
  fresh.step(0);
  const double m = fresh.optimizer.column<double>(fresh.optimizer.find("head"), "m")[0];

  const LoadReport report = fresh.optimizer.load(old.optimizer.state(), {.missing = Missing::keep});
  EXPECT_THAT(report.kept, ElementsAre("head", "tail"));
  EXPECT_THAT(report.ignored, IsEmpty());
  EXPECT_EQ(fresh.step_number("body"), 3);
  EXPECT_EQ(fresh.step_number("head"), 1);
  EXPECT_EQ(fresh.optimizer.column<double>(fresh.optimizer.find("head"), "m")[0], m);
  EXPECT_EQ(fresh.optimizer.column<double>(fresh.optimizer.find("neck"), "v")[4],
            old.optimizer.column<double>(old.optimizer.find("neck"), "v")[4]);
  EXPECT_EQ(fresh.optimizer.lr(), 0.5);                           // a group of the state
  EXPECT_EQ(fresh.optimizer.lr(fresh.groups.at("other")), 0.25);  // one that it has not

  // From here on each parameter goes on as it would have alone.
  fresh.parameters["body"] = old.parameters["body"];
  Model alone({"head"}, Adam{.lr = 0.25});
  alone.step(0);
  alone.optimizer.set("lr", 0.5);
  for (Model* each : {&old, &fresh, &alone}) each->step(7);
  EXPECT_EQ(fresh.parameters["body"], old.parameters["body"]);
  EXPECT_EQ(fresh.parameters["head"], alone.parameters["head"]);
  Model again({"body", "neck", "head", "other:tail"});
  again.optimizer.load(fresh.optimizer.state());
  EXPECT_EQ(again.bytes(), fresh.bytes());
}

TEST(WarmStart, UnknownParametersAreLeftOutIfAskedFor) {
  Model old({"body", "head", "other:tail", "third:neck"});
  old.step(0);
  Model small({"body", "other:neck"});
  EXPECT_THAT(error_of([&] { small.optimizer.load(old.optimizer.state()); }), HasSubstr("\"third\""));
  EXPECT_THAT(error_of([&] { small.optimizer.load(old.optimizer.state(), {.missing = Missing::keep}); }),
              HasSubstr("\"third\""));
  const LoadReport report = small.optimizer.load(old.optimizer.state(), {.unknown = Unknown::ignore});
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_THAT(report.ignored, ElementsAre("head", "tail"));
  EXPECT_EQ(small.step_number("neck"), 1);
  EXPECT_EQ(small.optimizer.group_of(small.optimizer.find("neck")), small.groups.at("other"));
}

TEST(WarmStart, WhatIsOnBothSidesMustFitAndErrorsChangeNothing) {
  Model old({"body", "head"});
  old.step(0);
  const LoadOptions both{.missing = Missing::keep, .unknown = Unknown::ignore};
  Model fresh({"body", "tail"});
  std::vector<double> longer(6);
  fresh.optimizer.add("head", longer);
  const auto before = fresh.bytes();
  EXPECT_THAT(error_of([&] { fresh.optimizer.load(old.optimizer.state(), both); }),
              AllOf(HasSubstr("\"head\""), HasSubstr("5"), HasSubstr("6")));
  EXPECT_THAT(error_of([&] { fresh.optimizer.load(old.optimizer.state()); }), HasSubstr("\"head\""));
  EXPECT_EQ(fresh.bytes(), before);

  Model stranger({"module.body", "module.head"});
  EXPECT_THAT(
      error_of([&] { stranger.optimizer.load(old.optimizer.state(), both); }),
      AllOf(HasSubstr("none of the optimizer's parameters"), HasSubstr("\"module.body\""), HasSubstr("\"body\"")));
  EXPECT_THAT(error_of([&] { stranger.optimizer.load(old.optimizer.state()); }), HasSubstr("\"body\""));
}

TEST(WarmStart, WithSharedStepsTheNumberIsTheStates) {
  Model old({"body"}, Nadam{}, StepCount::shared);
  for (std::uint32_t t = 0; t < 4; ++t) old.step(t);
  Model fresh({"body", "head"}, Nadam{}, StepCount::shared);
  fresh.optimizer.load(old.optimizer.state(), {.missing = Missing::keep});
  EXPECT_EQ(fresh.step_number("head"), 4);
  fresh.step(5);
  Model again({"body", "head"}, Nadam{}, StepCount::shared);
  again.optimizer.load(fresh.optimizer.state());
  EXPECT_EQ(again.bytes(), fresh.bytes());
}

}  // namespace
}  // namespace thalweg::tests
