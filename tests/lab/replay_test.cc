// thalweg replay: recorded runs of the frameworks, runs that are not met, and files that cannot be used.
#include "replay/replay.h"
#include "error_of.h"
#include "golden_file.h"
#include "recorded_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using tests::error_of;

class Replay : public test::RecordedFile {
 protected:
  Replay() : RecordedFile("replay") {}

  std::string refused(const json& changes) const {
    json changed = one_;
    changed.merge_patch(changes);  // null takes a key away
    return error_of([&] { read_replay_file(write(changed)); });
  }

  // Two steps of SGD by hand: 1 − 0.5·1, − 0.5·2; 2 − 0.5·4, 2 − 0.5·0.
  const json one_ = {{"id", "by hand"},
                     {"peer", "thalweg"},
                     {"rule", "sgd"},
                     {"options", {{"lr", 0.5}}},
                     {"dtype", "float64"},
                     {"theta0", {1, 2}},
                     {"grads", {{1, 4}, {2, 0}}},
                     {"theta", {{"1", {0.5, 0}}, {"2", {-0.5, 0}}}}};
};

TEST_F(Replay, MeetsWhatTheFrameworksRecorded) {
  for (const std::string peer : {"torch", "keras", "keras2", "optax", "tf1", "timm"}) {
    json cases = json::array();
    json all = json::parse(tests::read_golden_file(peer));
    for (json& recorded : all) {
      cases.push_back(recorded);
      recorded["dtype"] = "float32";
      cases.push_back(recorded);
    }
    EXPECT_GE(cases.size(), 150u) << peer;
    for (const ReplayCase& recorded : read_replay_file(write(cases))) {
      const ReplayResult result = replay(recorded);
      EXPECT_EQ(result.theta.size(), recorded.expected.size());
      // Measured at each step by what the numbers are then, not by what they have been: a little more in float. Keras
      // takes the cosines of its schedules in float32.
      const bool cosine = recorded.id.find("CosineDecay") != std::string::npos;
      const double allowed = recorded.is_float64 ? (cosine ? 1e-6 : 1e-12) : 1e-4;
      EXPECT_LE(result.max_relative_error.value(), std::max(allowed, recorded.rtol.value_or(0)))
          << recorded.id << ", " << (recorded.is_float64 ? "float64" : "float32") << ", step " << result.worst_step;
    }
  }
}

TEST_F(Replay, TellsWhatIsNotMetAndWhere) {
  EXPECT_EQ(run(one_).code, 0);
  EXPECT_THAT(run(one_).output, AllOf(HasSubstr("by hand: 2 steps"), HasSubstr("1 of 1 cases met")));
  json wrong = one_;
  wrong["theta"]["2"] = {-0.5, 0.001};
  const test::Ended ended = run(json::array({one_, wrong}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("FAILED  by hand"), HasSubstr("at step 2, index 1")));
  EXPECT_THAT(ended.errors, HasSubstr("1 of 2 cases are not met"));
  EXPECT_EQ(run(wrong, {"--rtol", "2"}).code, 0);
}

TEST_F(Replay, PrintsJson) {
  const json printed = json::parse(run(one_, {"--json", "--trajectories"}).output).at("cases").at(0);
  EXPECT_EQ(printed.at("id"), "by hand");
  EXPECT_EQ(printed.at("steps"), 2);
  EXPECT_EQ(printed.at("max_relative_error"), 0);
  EXPECT_EQ(printed.at("passed"), true);
  EXPECT_EQ(printed.at("theta"), (json{{"1", {0.5, 0}}, {"2", {-0.5, 0}}}));
  json open = one_;
  open.erase("theta");
  const json all = json::parse(run(open, {"--json", "--trajectories"}).output).at("cases").at(0);
  EXPECT_EQ(all.at("theta"), printed.at("theta")) << "every step, if none is named";
  EXPECT_TRUE(all.at("max_relative_error").is_null());
}

// Of any optimizer, in thalweg's own words: groups by name, clip, averages and a schedule.
TEST_F(Replay, OfADescription) {
  json described = one_;
  for (const char* key : {"peer", "rule", "options"}) described.erase(key);
  described["optimizer"] = "sgd:lr=0.5";
  EXPECT_EQ(replay(read_replay_file(write(described)).at(0)).max_relative_error, 0);
  described["optimizer"] = json::parse(to_json(parse_description("sgd:lr=0.5")));
  EXPECT_EQ(replay(read_replay_file(write(described)).at(0)).max_relative_error, 0);

  // The second parameter at a quarter of the rate, all gradients limited to 2, half the rate in the second step.
  described["optimizer"] = "sgd:lr=0.5 clip=value:2 schedule=linear:start=1,end=0 group[*.bias]=lr_scale=0.25";
  described["splits"] = {1, 1};
  described["names"] = {"a.weight", "a.bias"};
  described["theta"] = {{"1", {0.5, 1.75}}, {"2", {0, 1.75}}};
  EXPECT_EQ(replay(read_replay_file(write(described)).at(0)).max_relative_error, 0);
  const json printed = json::parse(run(described, {"--json"}).output).at("cases").at(0);
  EXPECT_EQ(printed.at("optimizer"), "sgd:lr=0.5 clip=value:2 schedule=linear group[*.bias]=lr_scale=0.25");
  EXPECT_THAT(run(described).output, HasSubstr("\n        sgd:lr=0.5 clip=value:2"));

  // PyTorch's groups, which name their parameters.
  json groups = one_;
  groups.update({{"peer", "torch"}, {"splits", {1, 1}}, {"names", {"w", "b"}}});
  groups["options"] = {{{"lr", 0.5}, {"params", {"w"}}}, {{"lr", 0.25}, {"params", {"b"}}}};
  groups["theta"] = {{"1", {0.5, 1}}, {"2", {-0.5, 1}}};
  EXPECT_EQ(replay(read_replay_file(write(groups)).at(0)).max_relative_error, 0);

  const auto refused = [&](const json& changes) {
    json changed = described;
    changed.update(changes);
    return error_of([&] { replay(read_replay_file(write(changed)).at(0)); });
  };
  EXPECT_THAT(refused({{"optimizer", "sdg:lr=1"}}), AllOf(HasSubstr("by hand"), HasSubstr("at 1"), HasSubstr("sgd")));
  EXPECT_THAT(refused({{"optimizer", 3}}), HasSubstr("optimizer is 3, expected text"));
  EXPECT_THAT(refused({{"optimizer", "sgd schedule=plateau"}}), HasSubstr("follows a metric"));
  EXPECT_THAT(refused({{"optimizer", "sgd group[*.gain]=lr=1"}}), HasSubstr("*.gain"));
  EXPECT_THAT(refused({{"peer", "torch"}}), HasSubstr("peer is part of what optimizer says"));
  EXPECT_THAT(refused({{"names", {"a"}}}), HasSubstr("names has 1 names, the case has 2 parameters"));
  EXPECT_THAT(refused({{"names", {"a", "a"}}}), HasSubstr("names has \"a\" twice"));
  EXPECT_THAT(refused({{"names", {"a", 1}}}), HasSubstr("a name of names is 1, expected text"));
}

TEST_F(Replay, RatesSplitsRowsAndMissingGradients) {
  json changed = one_;
  changed["lr_schedule"] = {{0, 0.5}, {2, 0.25}};
  changed["splits"] = {1, 1};
  changed["theta"]["2"] = {0, 0};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  changed = one_;
  changed["shape"] = {2, 1};
  changed["sparse_rows"] = {{1, 0, 1}, {0}};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  changed = one_;
  changed["grads"][1] = nullptr;
  changed["theta"]["2"] = {0.5, 0};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
}

TEST_F(Replay, OneOfSeveralParametersWithoutAGradient) {
  json changed = one_;
  changed["splits"] = {1, 1};
  changed["grads"] = {{1, nullptr}, {nullptr, 4}};
  changed["theta"] = {{"1", {0.5, 2}}, {"2", {0.5, 0}}};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  changed["grads"] = {{1, 4}, {nullptr, nullptr}};
  changed["theta"] = {{"1", {0.5, 0}}, {"2", {0.5, 0}}};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  changed["grads"] = {{1, nullptr}, {2, 0}};
  changed.erase("splits");
  EXPECT_THAT(error_of([&] { read_replay_file(write(changed)); }),
              AllOf(HasSubstr("grads[0] has null for some numbers of a parameter only (1 of those from 0 to 1)"),
                    HasSubstr("splits tells the parameters")));
}

TEST_F(Replay, ShapesOfParameters) {
  // LAMB by hand, η = .1: β₁ = β₂ = 0, ε = 0 and gradients of ±1 make u = ±1, of norm √n for n numbers.
  json changed = one_;
  changed["rule"] = "lamb";
  changed["options"] = {{"lr", 0.1}, {"beta1", 0}, {"beta2", 0}, {"eps", 0}};
  changed["theta0"] = {3, 4, 5, 5};
  changed["grads"] = {{1, -1, 1, 1}};
  const double norm = std::sqrt(75) / 2;  // ‖θ‖/‖u‖ of all four
  changed["theta"] = {{"1", {3 - 0.1 * norm, 4 + 0.1 * norm, 5 - 0.1 * norm, 5 - 0.1 * norm}}};
  EXPECT_LE(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 1e-15);
  changed["shapes"] = json{{2, 2}};
  EXPECT_LE(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 1e-15);
  const double first = 5 / std::sqrt(2), second = 5;  // of two parameters of two
  changed["splits"] = {2, 2};
  changed["shapes"] = {{1, 2}, {2}};
  changed["theta"] = {{"1", {3 - 0.1 * first, 4 + 0.1 * first, 5 - 0.1 * second, 5 - 0.1 * second}}};
  EXPECT_LE(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 1e-15);
}

// PyTorch's Adafactor: None is the ε of the parameter's type. Here it is the whole denominator: g² = 0 but for that.
TEST_F(Replay, AnEpsilonOfTheType) {
  json changed = one_;
  changed["peer"] = "torch";
  changed["rule"] = "adafactor";
  changed["options"] = {{"lr", 0.5}, {"eps", {nullptr, 1}}, {"d", 1e300}};
  changed["grads"] = {{1e-20, 0}};
  const double eps = std::numeric_limits<double>::epsilon(), scale = std::sqrt(2.5);  // rms θ
  changed["theta"] = {{"1", {1 - 0.5 * scale * 1e-20 / eps, 2}}};
  EXPECT_LE(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 1e-15);
  changed["options"]["eps"][0] = 1e-20;
  changed["theta"] = {{"1", {1 - 0.5 * scale, 2}}};
  EXPECT_LE(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 1e-15);
}

TEST_F(Replay, ShapesWinOverShape) {
  json changed = one_;
  changed["shape"] = {1, 2};
  changed["shapes"] = json{{2, 1}};
  changed["sparse_rows"] = {{1, 0, 1}, {0}};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  const ReplayCase read = read_replay_file(write(changed)).at(0);
  EXPECT_EQ(read.shapes, (std::vector<Shape>{{2, 1}}));
  EXPECT_EQ(read_replay_file(write(one_)).at(0).shapes, (std::vector<Shape>{{2}}));
}

TEST_F(Replay, LossesAndTheRunsOwnTolerance) {
  json changed = one_;
  changed["losses"] = {0.5, nullptr};
  changed["theta"]["2"] = {-0.5, 0.0001};
  EXPECT_EQ(run(changed).code, 1);
  changed["rtol"] = 0.5;
  EXPECT_EQ(run(changed).code, 0);
  EXPECT_EQ(run(changed, {"--rtol", "0.1"}).code, 1) << "the flag wins";
  EXPECT_EQ(read_replay_file(write(changed)).at(0).losses, (std::vector<std::optional<double>>{0.5, std::nullopt}));
}

TEST_F(Replay, NumbersThatAreNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  json changed = one_;
  changed["grads"] = {{1, infinity}, {2, std::nan("")}};
  changed["theta"] = {{"1", {0.5, -infinity}}, {"2", {-0.5, std::nan("")}}};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  changed["theta"]["1"][1] = 7;
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, infinity);
  EXPECT_THAT(refused({{"options", {{"lr", infinity}}}}),
              HasSubstr("options.lr = Infinity; allowed are finite numbers"));
  EXPECT_THAT(refused({{"clip", {{"limit", infinity}}}}), HasSubstr("clip.limit = Infinity"));
}

TEST_F(Replay, ClippingAndAveragesBesideThePeersOptions) {
  json changed = one_;  // by value: 1 − 0.5·1, 2 − 0.5·2; then 0.5 − 0.5·2, and 2 again
  changed["peer"] = "torch";
  changed["clip"] = {{"by", "value"}, {"limit", 2}};
  changed["average"] = {{"kind", "mean"}};
  changed["theta"] = {{"1", {0.5, 1}}, {"2", {-0.5, 1}}};
  changed["ema"] = {0, 1};
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
  EXPECT_EQ(json::parse(run(changed, {"--json", "--trajectories"}).output)["cases"][0]["ema"], (json{0, 1}));
  changed["ema"] = {0, 1.5};
  const ReplayResult wrong = replay(read_replay_file(write(changed)).at(0));
  EXPECT_GT(wrong.max_relative_error.value(), 0.3);
  EXPECT_EQ(wrong.worst_index, 1u);
  changed = one_;
  changed["clip"] = "not at all";  // a comment
  EXPECT_EQ(replay(read_replay_file(write(changed)).at(0)).max_relative_error, 0);
}

TEST_F(Replay, RefusesFilesThatCannotBeUsed) {
  EXPECT_THAT(refused({{"ema", {1, 2}}}), HasSubstr("ema is expected, but the options take no averages"));
  EXPECT_THAT(refused({{"ema", {1}}}), HasSubstr("ema has 1 numbers, theta0 2"));
  EXPECT_THAT(refused({{"clip", {{"by", "values"}}}}), AllOf(HasSubstr("by hand"), HasSubstr("did you mean value?")));
  EXPECT_THAT(refused({{"theta0", nullptr}}),
              AllOf(HasSubstr("case 1, \"by hand\""), HasSubstr("\"theta0\" is missing")));
  EXPECT_THAT(refused({{"rule", "sdg"}}), HasSubstr("sgd"));
  EXPECT_THAT(refused({{"peer", "pytorch"}}), AllOf(HasSubstr("pytorch"), HasSubstr("torch")));
  EXPECT_THAT(refused({{"peer", "torch"}, {"options", {{"lr", 0.5}, {"momentun", 0.9}}}}),
              AllOf(HasSubstr("momentun"), HasSubstr("momentum")));
  EXPECT_THAT(refused({{"options", {{"alpha", 0.9}}}}), HasSubstr("alpha"));
  EXPECT_THAT(refused({{"options", {{"lr", "fast"}}}}), AllOf(HasSubstr("lr"), HasSubstr("fast")));
  EXPECT_THAT(refused({{"dtype", "float16"}}), AllOf(HasSubstr("float16"), HasSubstr("float32 or float64")));
  EXPECT_THAT(refused({{"grads", {{1, 2}, {3}}}}), HasSubstr("grads[1] has 1 numbers, theta0 2"));
  EXPECT_THAT(refused({{"grads", {{1, "x"}, {3, 4}}}}), HasSubstr("grads[0][1]"));
  EXPECT_THAT(refused({{"theta", {{"3", {1, 2}}}}}), HasSubstr("\"3\", expected a step from 0 to 2"));
  EXPECT_THAT(refused({{"theta", {{"2x", {1, 2}}}}}), HasSubstr("2x"));
  EXPECT_THAT(refused({{"splits", {1, 2}}}), HasSubstr("splits sum to 3"));
  EXPECT_THAT(refused({{"sparse_rows", {{0}, {0}}}}), HasSubstr("needs shape"));
  EXPECT_THAT(refused({{"shape", {2, 1}}, {"sparse_rows", {{0}, {0}}}}), HasSubstr("does not name row 1"));
  EXPECT_THAT(refused({{"shape", {2, 1}}, {"sparse_rows", {{0, 2}, {0}}}}), HasSubstr("from 0 to 1"));
  EXPECT_THAT(refused({{"shape", {1, 1}}}), HasSubstr("theta0 has 2"));
  EXPECT_THAT(refused({{"shapes", {{1, 2}, {2}}}}),
              HasSubstr("shapes has 2 entries, expected 1: one for each parameter"));
  EXPECT_THAT(refused({{"shapes", {{3}}}}), HasSubstr("shapes[0][0] is 3, expected a whole number from 1 to 2"));
  EXPECT_THAT(refused({{"shapes", json{{1, 1}}}}), HasSubstr("shapes[0] is [1,1], the parameter has 2 numbers"));
  EXPECT_THAT(refused({{"shapes", {2}}}), HasSubstr("shapes[0] is no list"));
  EXPECT_THAT(refused({{"losses", {1}}}), HasSubstr("losses has 1 steps, grads 2"));
  EXPECT_THAT(refused({{"losses", {1, "x"}}}), HasSubstr("losses[1] is \"x\""));
  EXPECT_THAT(refused({{"rtol", -1}}), HasSubstr("rtol is -1, expected a number in [0, ∞)"));
  EXPECT_THAT(refused({{"lr_schedule", {{1, -1}}}}), HasSubstr("lr = -1"));
  EXPECT_THAT(refused({{"lr_schedule", {{1, 1}, {1, 2}}}}), HasSubstr("step 1 twice"));
  const test::Ended missing = test::run_command(folder_.path(), {"replay", "nowhere.json"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("nowhere.json"));
  const test::Ended empty = run(json::array());
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.errors, AllOf(HasSubstr("recorded.json"), HasSubstr("is an empty list")));
  const std::string cut = (folder_.path() / "cut.json").string();
  std::ofstream(cut) << "[{";
  EXPECT_THAT(error_of([&] { read_replay_file(cut); }), HasSubstr("cut.json: line 1, column 3: expected a key"));
  EXPECT_THAT(error_of([&] { read_replay_file(folder_.path()); }),
              AllOf(HasSubstr(folder_.path().string()), HasSubstr("is a folder")));
}

}  // namespace
}  // namespace thalweg::lab
