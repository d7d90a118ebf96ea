// thalweg identify: recordings of four frameworks and of the engine, runs that fit nothing, files that cannot be used.
#include "identify/identify.h"
#include "error_of.h"
#include "golden_file.h"
#include "identify/report.h"
#include "identify/trait.h"
#include "identify/variants.h"
#include "recorded_file.h"

#include <thalweg/dialects.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::lab::identify {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using tests::error_of;

/// Only every so many recordings, for a search takes seconds: THALWEG_IDENTIFY_STRIDE=1 takes all.
std::size_t stride() {
  const char* const text = std::getenv("THALWEG_IDENTIFY_STRIDE");
  return text == nullptr ? 40 : std::stoul(text);
}

class Identify : public test::RecordedFile {
 protected:
  Identify() : RecordedFile("identify") {}

  std::vector<UnknownRun> read(const json& cases, const Known& known = {}) const {
    return read_unknown_runs(write(cases), known);
  }
  Answer identify_one(const json& recorded, const Wishes& wishes = {}) const {
    return identify(read(recorded).at(0), wishes);
  }
  std::string refused(const json& changes) const {
    json changed = record("sgd:lr=.5");
    changed.merge_patch(changes);  // null takes a key away
    return error_of([&] { read(changed); });
  }

  /// A run of the engine. In step `gap` there is no gradient.
  static json record(std::string_view options, int steps = 8, std::size_t elements = 4, int gap = 0,
                     StepCount step_count = StepCount::per_parameter) {
    std::vector<double> theta;
    for (std::size_t i = 0; i < elements; ++i) theta.push_back(std::cos(1.3 * static_cast<double>(i)));
    json result = {{"id", "by the engine"}, {"theta0", theta}, {"grads", json::array()}, {"theta", json::object()}};
    Optimizer optimizer(parse_options(options), {.step_count = step_count}, {.threads = 1});
    const Handle handle = optimizer.add("theta", theta);
    for (int step = 1; step <= steps; ++step) {
      std::vector<double> gradient;
      for (std::size_t i = 0; i < elements; ++i) {
        gradient.push_back(std::sin(2.1 * step + 1.7 * static_cast<double>(i * i)) * std::pow(0.3, i));
      }
      if (step == gap) {
        optimizer.step({});
        result["grads"].push_back(nullptr);
      } else {
        optimizer.step({{handle, gradient}});
        result["grads"].push_back(gradient);
      }
      result["theta"][std::to_string(step)] = theta;
    }
    return result;
  }
};

std::vector<std::string> texts(const Answer& answer) {
  std::vector<std::string> result;
  for (const Candidate& candidate : answer.candidates) result.push_back(candidate.options.text());
  return result;
}

Options with(Options options, std::string_view option, double value) {
  options.set(option, value);
  return options;
}

/// Are these the true options, but for what the search calls open and for what does nothing?
bool is_true(const Spelling& found, const Options& truth, StepCount count) {
  if (&first_name(found.options.rule()) != &first_name(truth.rule())) return false;
  Options true_values = found.options;
  for (const OptionInfo& info : truth.rule().options) {
    if (info.type == OptionType::real) true_values.set(info.name, truth.get(info.name));
  }
  if (!same_formula(true_values, count, truth, count)) return false;
  for (const OptionInfo& info : truth.rule().options) {
    const double value = found.options.get(info.name), expected = truth.get(info.name);
    const auto is_this = [&](const OpenOption& open) { return open.option == info.name; };
    if (std::abs(value - expected) <= 1e-5 * std::abs(expected) || is_of_shapes(info)) continue;
    if (std::ranges::any_of(found.open, is_this)) continue;
    if (!same_formula(with(truth, info.name, value), count, truth, count)) return false;
  }
  return true;
}

bool has_truth(const Answer& answer, const Options& truth, StepCount count) {
  return std::ranges::any_of(answer.candidates, [&](const Candidate& candidate) {
    const auto is_same = [&](const Spelling& same) { return is_true(same, truth, count); };
    return is_same(candidate) || std::ranges::any_of(candidate.same, is_same);
  });
}

class IdentifyPeer : public Identify, public testing::WithParamInterface<const char*> {};

// Rules and options are known from the recording, but are not told to the search.
TEST_P(IdentifyPeer, FindsWhatTheFrameworkRecorded) {
  const json all = json::parse(tests::read_golden_file(GetParam()));
  std::size_t looked_at = 0, alone = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Translation truth =
        translate(GetParam(), all[i].value("peer_name", all[i]["rule"].get<std::string>()), all[i]["options"].dump());
    // LAMB and LARS that do not adapt are told to be Adam and SGD. Identify looks for none of the others.
    if (truth.options.has("always_adapt") && truth.options.get("always_adapt") == 0 &&
        truth.options.get("weight_decay") == 0) {
      continue;
    }
    const bool is_more = truth.settings.clip.by != ClipBy::none || truth.settings.average.kind != AverageKind::none ||
                         truth.schedule || !truth.settings.first_values.empty() || all[i].contains("clip") ||
                         all[i].contains("average") ||
                         (truth.options.has("decay_offset") && truth.options.get("decay_offset") != 0);
    if (is_more || i % stride() != 0) continue;
    SCOPED_TRACE(all[i]["id"]);
    const Answer answer = identify_one(all[i]);
    ++looked_at;
    alone += answer.candidates.size() == 1;
    EXPECT_TRUE(has_truth(answer, truth.options, truth.settings.step_count))
        << truth.options.text() << report_text(read(all[i]).at(0), answer);
    EXPECT_FALSE(answer.is_cut_short);
  }
  EXPECT_GT(looked_at, 0u);
  EXPECT_GE(2 * alone, looked_at) << "at least half of the recordings determine the formula";
}

INSTANTIATE_TEST_SUITE_P(Peers, IdentifyPeer, testing::Values("torch", "keras", "keras2", "optax", "tf1", "timm"),
                         [](const auto& peer) { return std::string(peer.param); });

TEST_F(Identify, TellsOptionsAndFrameworks) {
  const test::Ended ended = run(record("rmsprop:lr=.02,alpha=.85,eps=1e-3"));
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(
      ended.output,
      AllOf(HasSubstr("by the engine: 8 steps × 4 elements, float64"), HasSubstr("One rule gives these numbers"),
            HasSubstr("rmsprop:lr=0.02,alpha=0.85,eps=0.001\n"),
            HasSubstr("torch RMSprop(lr=0.02, alpha=0.85, eps=0.001, momentum=0.0, "), Not(HasSubstr("keras RMSprop")),
            HasSubstr("keras2 RMSprop(learning_rate=0.02, rho=0.85, momentum=0.0, epsilon=0.001, centered=False)")));
  const json printed = json::parse(run(record("lion:lr=.25,weight_decay=.1"), {"--json"}).output)["cases"][0];
  EXPECT_EQ(printed["fits"], true);
  const json& first = printed["candidates"][0];
  EXPECT_EQ(first["rule"], "lion");
  EXPECT_EQ(first["values"]["lr"], 0.25);
  EXPECT_EQ(first["values"]["weight_decay"], 0.1);
  EXPECT_EQ(first["largest_relative_error"], 0.0);
  const bool has_optax = std::ranges::any_of(first["frameworks"], [](const json& f) { return f["name"] == "lion"; });
  EXPECT_TRUE(has_optax) << first;
}

TEST_F(Identify, TellsWhatNoFrameworkWrites) {
  const test::Ended ended = run(record("rmsprop:lr=.02,alpha=.85,eps=1e-3,momentum=.7,nesterov=true"));
  EXPECT_THAT(ended.output, HasSubstr("no framework's: thalweg alone writes it so"));
}

TEST_F(Identify, NamesAllThatTheRecordingCannotTellApart) {
  // With one step and one element anything can be made to fit.
  const test::Ended ended = run(record("adam:lr=.02,eps=1e-3", 1, 1));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("cannot tell them apart"), HasSubstr("To tell more, record:  more steps")));
  // One step is enough for a formula that leaves nothing open.
  const Answer sgd = identify_one(record("sgd:lr=.5", 1));
  EXPECT_THAT(texts(sgd), Contains("sgd:lr=0.5"));
  // Whether the learning rate is in the momentum shows only where it changes.
  const Answer momentum = identify_one(record("rmsprop:lr=.02,alpha=.85,eps=1e-3,momentum=.7"));
  EXPECT_THAT(texts(momentum), ElementsAre("rmsprop:lr=0.02,alpha=0.85,eps=0.001,momentum=0.7",
                                           "rmsprop:lr=0.02,alpha=0.85,eps=0.001,momentum=0.7,lr_in_momentum=true"));
  EXPECT_THAT(momentum.hints, ElementsAre(StartsWith("a learning rate that changes on the way")));
}

TEST_F(Identify, LeavesOpenWhatDoesNotMatter) {
  // ε is far below the size of the gradients.
  const Answer answer = identify_one(record("rmsprop:lr=.02,alpha=.85,eps=1e-20"));
  ASSERT_EQ(answer.candidates.size(), 1u);
  const std::vector<OpenOption>& open = answer.candidates[0].open;
  const auto eps = std::ranges::find(open, "eps", &OpenOption::option);
  ASSERT_NE(eps, open.end());
  EXPECT_LE(eps->low, 1e-20);
  EXPECT_GE(eps->high, 1e-18);
  EXPECT_LE(eps->high, 1e-14);
}

TEST_F(Identify, CountsStepsWhereGradientsAreMissing) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    const Answer answer = identify_one(record("adam:lr=.02,eps=1e-3", 8, 4, 3, count));
    ASSERT_EQ(answer.candidates.size(), 1u);
    EXPECT_EQ(answer.candidates[0].options.text(), "adam:lr=0.02,eps=0.001");
    EXPECT_EQ(answer.candidates[0].only_count, count);
    const bool is_torch =
        std::ranges::any_of(answer.candidates[0].expressions, [](const Expression& e) { return e.peer == "torch"; });
    EXPECT_EQ(is_torch, count == StepCount::per_parameter);
  }
}

TEST_F(Identify, CountsStepsWhereOneOfTwoParametersHasNoGradient) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    json recorded = record("adam:lr=.02,eps=1e-3", 8, 2, 0, count),
         other = record("adam:lr=.02,eps=1e-3", 8, 2, 3, count);
    for (std::size_t step = 0; step < 8; ++step) {  // side by side
      json& gradient = recorded["grads"][step];
      for (std::size_t i = 0; i < 2; ++i) gradient.push_back(step == 2 ? json() : other["grads"][step][i]);
      for (const json& x : other["theta"][std::to_string(step + 1)])
        recorded["theta"][std::to_string(step + 1)].push_back(x);
    }
    for (const double x : {std::cos(0.0), std::cos(1.3)}) recorded["theta0"].push_back(x);
    recorded["splits"] = {2, 2};
    const Answer answer = identify_one(recorded);
    ASSERT_FALSE(answer.candidates.empty()) << report_text(read(recorded).at(0), answer);
    EXPECT_THAT(answer.candidates.front().options.text(), StartsWith("adam:lr=0.02"));
    EXPECT_EQ(answer.candidates.front().only_count, count);
  }
}

TEST_F(Identify, LeavesOutWhatIsNotFinite) {
  const json sound = record("adam:lr=.02,eps=1e-3", 8, 5);
  const double infinity = std::numeric_limits<double>::infinity();
  json recorded = sound;
  recorded["grads"][3][4] = infinity;
  for (int step = 4; step <= 8; ++step) recorded["theta"][std::to_string(step)][4] = std::nan("");
  UnknownRun run = read(recorded).at(0);
  EXPECT_EQ(run.left_out, "1 of 5 elements, which are not finite all the time, are left out");
  EXPECT_EQ(run.recording.start.size(), 4u);
  Answer answer = identify(run, {});
  EXPECT_THAT(texts(answer), Contains(StartsWith("adam:lr=0.02,eps=0.001")));
  EXPECT_THAT(report_text(run, answer), HasSubstr("left out"));

  recorded = sound;  // as a loss scale leaves it: every gradient is infinite, and the step is not taken
  for (json& gradient : recorded["grads"][6]) gradient = -infinity;
  run = read(recorded).at(0);
  EXPECT_EQ(run.left_out, "the steps from 7 on, where numbers are not finite, are left out");
  EXPECT_THAT(texts(identify(run, {})), Contains(StartsWith("adam:lr=0.02,eps=0.001")));
  for (json& gradient : recorded["grads"][0]) gradient = std::nan("");
  EXPECT_THAT(error_of([&] { read(recorded); }), HasSubstr("nothing to compare before numbers are not finite"));
}

TEST_F(Identify, TellsFromWhichStepOnTheNearestDiffers) {
  json broken = record("rmsprop:lr=.02,alpha=.85,eps=1e-3");
  for (int step = 5; step <= 8; ++step) {
    for (json& x : broken["theta"][std::to_string(step)]) x = x.get<double>() * 1.001;
  }
  const test::Ended ended = run(broken);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("No rule gives these numbers"), HasSubstr("rmsprop:lr=0.02,alpha=0.85,eps=0.001\n"),
                    HasSubstr("reproduces the steps before 5, differs from step 5 on"), HasSubstr("new in step 5?")));
  EXPECT_THAT(ended.errors, HasSubstr("1 of 1 runs fit no rule"));
  const json printed = json::parse(run(broken, {"--json", "--top", "1"}).output)["cases"][0];
  EXPECT_EQ(printed["fits"], false);
  EXPECT_EQ(printed["near_misses"].size(), 1u);
  EXPECT_EQ(printed["near_misses"][0]["differs_from_step"], 5);
}

TEST_F(Identify, FitsNothingToNoise) {
  json noise = record("sgd:lr=.5");
  int number = 0;
  for (auto& [step, theta] : noise["theta"].items()) {
    for (json& x : theta) x = std::sin(7.7 * ++number);
  }
  const Answer answer = identify_one(noise);
  EXPECT_FALSE(answer.fits());
  EXPECT_FALSE(answer.is_cut_short);
  ASSERT_FALSE(answer.near.empty());
  EXPECT_EQ(answer.near[0].first_step, 1);
}

TEST_F(Identify, FindsNothingInARunThatStandsStill) {
  json still = record("sgd:lr=.5");
  for (json& gradient : still["grads"]) gradient = {0, 0, 0, 0};
  for (auto& [step, theta] : still["theta"].items()) theta = still["theta0"];
  const test::Ended ended = run(still);
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr("Nothing can be told: all gradients are zero"));
}

TEST_F(Identify, TakesFloat32AndRoundedNumbers) {
  json recorded = record("adam:lr=.02,beta1=.8,eps=1e-3");
  json single = recorded;
  single["theta"].clear();
  Optimizer optimizer(parse_options("adam:lr=.02,beta1=.8,eps=1e-3"), {}, {.threads = 1});
  std::vector<float> theta = recorded["theta0"];
  single["theta0"] = theta;
  const Handle handle = optimizer.add("theta", theta);
  for (std::size_t step = 1; step <= 8; ++step) {
    const std::vector<float> gradient = recorded["grads"][step - 1];
    single["grads"][step - 1] = gradient;
    optimizer.step({{handle, gradient}});
    single["theta"][std::to_string(step)] = theta;
  }
  const UnknownRun guessed = read(single).at(0);
  EXPECT_TRUE(guessed.is_type_guessed);
  EXPECT_FALSE(guessed.recording.is_float64);
  EXPECT_THAT(texts(identify(guessed, {})), Contains("adam:lr=0.02,beta1=0.8,eps=0.001"));

  for (auto& [step, numbers] : recorded["theta"].items()) {
    for (json& x : numbers) x = std::round(x.get<double>() * 1e7) / 1e7;
  }
  recorded["dtype"] = "float64";  // by their digits they might be float32
  const Answer strict = identify_one(recorded);
  EXPECT_FALSE(strict.fits());
  EXPECT_THAT(strict.hints, Contains(HasSubstr("--rtol 1e-")));
  EXPECT_THAT(texts(identify_one(recorded, {.rtol = 1e-6})), Contains("adam:lr=0.02,beta1=0.8,eps=0.001"));
}

TEST_F(Identify, TakesParametersAfterSomeOfTheSteps) {
  json sparse = record("adagrad:lr=.1,eps=1e-3,initial_accumulator_value=.25", 24);
  for (int step = 1; step < 24; ++step) {
    if (step % 3 != 0) sparse["theta"].erase(std::to_string(step));
  }
  EXPECT_THAT(texts(identify_one(sparse)), Contains("adagrad:lr=0.1,eps=0.001,initial_accumulator_value=0.25"));
}

TEST_F(Identify, HoldsToWhatIsKnown) {
  json recorded = record("adam:lr=.02,eps=1e-3");
  recorded["known"] = {{"rule", "adam"}, {"lr", 0.02}, {"amsgrad", false}};
  EXPECT_THAT(texts(identify_one(recorded)), Contains("adam:lr=0.02,eps=0.001"));
  recorded["known"] = {{"lr", 0.03}};
  EXPECT_FALSE(identify_one(recorded).fits());
  recorded["known"] = {{"rule", "rmsprop"}};
  for (const NearMiss& near : identify_one(recorded).near) EXPECT_EQ(near.options.rule().name, "rmsprop");
  recorded.erase("known");
  EXPECT_EQ(run(recorded, {"--rule", "adam", "--known", "lr=0.02"}).code, 0);
  EXPECT_EQ(run(recorded, {"--rule", "sgd", "--rule", "lion"}).code, 1);
  const test::Ended unknown = run(recorded, {"--rule", "rmsporp"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("rmsprop"));
  EXPECT_THAT(run(recorded, {"--known", "alhpa=.9"}).errors, HasSubstr("alpha"));
  EXPECT_THAT(run(recorded, {"--known", "lr=fast"}).errors, HasSubstr("lr = 'fast'"));
  EXPECT_THAT(run(recorded, {"--known", "lr=-1"}).errors, HasSubstr("lr = -1"));
  EXPECT_THAT(run(recorded, {"--known", "lr"}).errors, HasSubstr("option=value"));
  EXPECT_THAT(run(recorded, {"--rule", "sgd", "--known", "beta1=.9"}).errors, HasSubstr("no rule can have"));
}

TEST_F(Identify, RefusesFilesThatCannotBeUsed) {
  json named = record("sgd:lr=.5");
  named.update({{"peer", "whatever"}, {"rule", 3}, {"options", "none"}});
  EXPECT_EQ(read(named).size(), 1u) << "what names an optimizer is passed over";
  EXPECT_THAT(refused({{"theta", nullptr}}), AllOf(HasSubstr("by the engine"), HasSubstr("\"theta\" is missing")));
  json no_theta = record("sgd:lr=.5");
  no_theta["theta"] = json::object();
  EXPECT_THAT(error_of([&] { read(no_theta); }), HasSubstr("theta has no step after the first"));
  EXPECT_THAT(refused({{"grads", json::array()}, {"theta", {{"9", nullptr}}}}), HasSubstr("theta has \"1\""));
  EXPECT_THAT(refused({{"theta0", {1, 2, 3}}}), HasSubstr("theta0 3"));
  EXPECT_THAT(refused({{"dtype", "float16"}}), HasSubstr("float32 or float64"));
  EXPECT_THAT(refused({{"known", {{"lr", "0.1"}}}}), HasSubstr("known: lr is \"0.1\""));
  EXPECT_THAT(refused({{"known", {{"momentun", 0.1}}}}), HasSubstr("momentum"));
  EXPECT_THAT(refused({{"known", 3}}), HasSubstr("known is no object"));
  EXPECT_THAT(refused({{"lr_schedule", {{1, -1}}}}), HasSubstr("lr = -1"));
  EXPECT_THAT(error_of([&] { read(json::array()); }), HasSubstr("no recorded run"));
  EXPECT_EQ(test::run_command(folder_.path(), {"identify", "nowhere.json"}).code, 2);
  std::ofstream(folder_.path() / "cut.json") << "[{";
  EXPECT_EQ(test::run_command(folder_.path(), {"identify", "cut.json"}).code, 2);
}

}  // namespace
}  // namespace thalweg::lab::identify
