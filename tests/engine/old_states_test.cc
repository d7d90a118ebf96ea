// States that earlier versions have saved load, and steps from there on give the bits that those versions gave.
//
// states/NAME.safetensors is what `save` wrote. states/NAME.run.safetensors is what came next: "before/P",
// "gradient/K/P" of the steps K = 0, 1, 2, and after these "after/P", "after/P/COLUMN", "after/P/average", "step/P".
// THALWEG_RECORD_STATES=1 makes the files of cases that have none, by the version at hand; it replaces none.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>
#include <thalweg/safetensors.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kStepsBefore = 7;  // RAdam's sample divides from the seventh on
constexpr std::uint32_t kStepsAfter = 3;

/// Whose state it is.
struct Case {
  std::string name, rule;
  StepCount step_count = StepCount::per_parameter;
  bool column_waits = false;  ///< SGD's momentum comes after the last step, and its column has been looked at

  fs::path state() const { return fs::path(THALWEG_STATES) / (name + ".safetensors"); }
  fs::path run() const { return fs::path(THALWEG_STATES) / (name + ".run.safetensors"); }
};

/// What GoogleTest calls it.
void PrintTo(const Case& one, std::ostream* stream) { *stream << one.name; }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Sample& sample : samples()) all.push_back({sample.rule(), sample.rule()});
  for (const char* rule : {"adamw", "nadam", "rmsprop"}) {
    all.push_back({rule + std::string("_shared"), rule, StepCount::shared});
  }
  all.push_back({"sgd_column_waits", "sgd", StepCount::per_parameter, true});
  return all;
}

/// Both types, two groups, a name that is not plain, a parameter that seldom has a gradient, and one of no elements.
struct Model {
  Model(const Options& options, const Settings& settings) : optimizer(options, settings, {.threads = 1}) {
    const Group slow = optimizer.add_group("slow", options);
    optimizer.add("weight", weight);
    optimizer.add("rare", rare);
    optimizer.add("block 1/größe", size, slow);
    optimizer.add("empty", empty, slow);
  }

  /// `visit(name, elements)` for every parameter.
  template <class Visit>
  void each(const Visit& visit) {
    visit("weight", std::span(weight));
    visit("rare", std::span(rare));
    visit("block 1/größe", std::span(size));
    visit("empty", std::span(empty));
  }

  std::vector<float> weight = std::vector<float>(17), rare = std::vector<float>(3);
  std::vector<double> size = std::vector<double>(9), empty;
  Optimizer optimizer;
};

std::string gradient_name(std::uint32_t step, const std::string& parameter) {
  return "gradient/" + std::to_string(step) + "/" + parameter;
}

/// The steps after the state, with the recorded gradients. A new rate makes the groups' lr_scale count.
void go_on(Model& model, const safetensors::Contents& record) {
  for (std::uint32_t step = 0; step < kStepsAfter; ++step) {
    std::vector<Gradient> gradients;
    model.each([&]<class T>(const std::string& name, std::span<T>) {
      const auto found = record.tensors.find(gradient_name(step, name));
      if (found != record.tensors.end()) gradients.emplace_back(model.optimizer.find(name), found->second.values<T>());
    });
    if (step == 1) model.optimizer.set("lr", 0.03);
    model.optimizer.step(gradients);
  }
}

/// `visit(tensor's name, elements)` for everything that a run has come to.
template <class Visit>
void each_result(Model& model, const Visit& visit) {
  Optimizer& optimizer = model.optimizer;
  model.each([&]<class T>(const std::string& name, std::span<T> elements) {
    const Handle handle = optimizer.find(name);
    visit("after/" + name, std::span<const T>(elements));
    for (const std::string& column : column_names(optimizer)) {
      visit("after/" + name + "/" + column, std::span<const T>(optimizer.column<T>(handle, column)));
    }
    visit("after/" + name + "/average", std::span<const T>(optimizer.average<T>(handle)));
    const std::int64_t number = optimizer.step_number(handle);
    visit("step/" + name, std::span<const std::int64_t>(&number, 1));
  });
}

/// Options that are not the defaults and need every column, with clipping and averages around them.
Model new_model(const Case& one) {
  const auto sample = std::ranges::find_if(samples(), [&](const Sample& each) { return each.rule() == one.rule; });
  Options options = parse_options(sample->options);
  for (const char* option : {"centered", "amsgrad", "nesterov", "bias_correction", "decoupled_weight_decay"}) {
    if (options.has(option)) options.set(option, 1);
  }
  if (one.column_waits) options.set("momentum", 0);
  Settings settings{.step_count = one.step_count, .loss_scale = 2};
  settings.clip = {.by = ClipBy::global_norm, .limit = 3};
  settings.average = {.kind = AverageKind::ema, .decay = 0.8, .bias_correction = true, .start = 2, .every = 2};
  if (!one.column_waits) settings.first_values[std::string(options.rule().columns[0].name)] = 0.125;
  Model model(options, settings);
  const Group slow = model.optimizer.group("slow");
  model.optimizer.set_lr_scale(slow, 0.5);
  model.optimizer.set(slow, "lr", 0.004);
  model.optimizer.set(slow, "maximize", 1);
  return model;
}

/// Writes both files.
void record(const Case& one) {
  Model model = new_model(one);
  safetensors::Contents record;
  const auto add = [&]<class T>(const std::string& name, std::span<const T> values) {
    record.tensors.emplace(name, safetensors::make_tensor(values, {values.size()}));
  };
  const auto gradient = [&]<class T>(const std::string& name, std::span<T> elements, std::uint32_t step) {
    return random_numbers<T>(elements.size(), 8, name, step);
  };
  model.each([&]<class T>(const std::string& name, std::span<T> elements) {
    std::ranges::copy(random_numbers<T>(elements.size(), 9, name), elements.begin());
  });
  for (std::uint32_t step = 0; step < kStepsBefore; ++step) {
    const std::vector<float> weight = gradient("weight", std::span(model.weight), step);
    const std::vector<float> rare = gradient("rare", std::span(model.rare), step);
    const std::vector<double> size = gradient("block 1/größe", std::span(model.size), step);
    if (step == 1) {
      model.optimizer.step({{"weight", weight}, {"rare", rare}});
    } else {
      model.optimizer.step({{"weight", weight}, {"block 1/größe", size}});
    }
  }
  if (one.column_waits) {
    model.optimizer.set("momentum", 0.7);
    model.optimizer.column<float>(model.optimizer.find("weight"), "b");
  }
  model.optimizer.save(one.state());

  model.each([&]<class T>(const std::string& name, std::span<T> elements) {
    add("before/" + name, std::span<const T>(elements));
    for (std::uint32_t step = 0; step < kStepsAfter; ++step) {
      if (name == "rare" && step != 1) continue;
      const std::vector<T> values = gradient(name, elements, kStepsBefore + step);
      add(gradient_name(step, name), std::span(values));
    }
  });
  go_on(model, record);
  each_result(model, add);
  safetensors::write(one.run(), record);
}

class OldStates : public ::testing::TestWithParam<Case> {};

TEST_P(OldStates, LoadAndGoOn) {
  const Case& one = GetParam();
  if (!fs::exists(one.state())) {
    if (std::getenv("THALWEG_RECORD_STATES") == nullptr) FAIL() << "run this test once with THALWEG_RECORD_STATES=1";
    record(one);
  }
  const safetensors::Contents record = safetensors::read(one.run());
  Model model(Options::of(one.rule), {.step_count = one.step_count});
  model.each([&]<class T>(const std::string& name, std::span<T> elements) {
    std::ranges::copy(record.tensors.at("before/" + name).values<T>(), elements.begin());
  });
  model.optimizer.load(one.state());
  go_on(model, record);
  std::size_t compared = 0;
  each_result(model, [&]<class T>(const std::string& name, std::span<const T> values) {
    ++compared;
    ASSERT_TRUE(record.tensors.contains(name)) << name;
    EXPECT_EQ(first_bit_difference<T>(record.tensors.at(name).values<T>(), values), "") << name;
  });
  const auto results = std::ranges::count_if(record.tensors, [](const auto& tensor) {
    return tensor.first.starts_with("after/") || tensor.first.starts_with("step/");
  });
  EXPECT_EQ(compared, static_cast<std::size_t>(results));
}

INSTANTIATE_TEST_SUITE_P(Cases, OldStates, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::tests
