// PyTorch's optimizer state against what PyTorch saved and computed: loaded here, and written from here.
#include "checkpoint/json.h"
#include "engine/numbers.h"
#include "engine/samples.h"
#include "engine/torch_state_cases.h"
#include "engine/training.h"
#include "error_of.h"

#include <thalweg/dialects.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using safetensors::Dtype;
using safetensors::Tensor;
using ::testing::HasSubstr;

/// The tensor's numbers as double.
std::vector<double> numbers(const Tensor& tensor) {
  if (tensor.dtype == Dtype::F64) return to_double(tensor.values<double>());
  return to_double(tensor.values<float>());
}

/// The numbers of what is called so after each of the given moments, oldest first, say how large it has been.
Magnitudes seen(const std::string& name, std::initializer_list<const NumbersByName*> moments) {
  Magnitudes magnitudes;
  for (const NumbersByName* moment : moments) magnitudes.see(moment->at(name));
  return magnitudes;
}

template <class T>
void expect_close(const TorchStateRun<T>& run, const TorchStateCase& recorded, const NumbersByName& expected) {
  for (const auto& [name, ours] : run.theta) {
    const Magnitudes magnitudes = seen(name, {&recorded.start, &recorded.after_10, &recorded.after_20});
    EXPECT_EQ(first_difference<T>(ours, expected.at(name), tolerance<T>, magnitudes), "") << name;
  }
}

template <class Function>
void for_each_case(const Function& function) {
  for (const TorchStateCase& recorded : torch_state_cases()) {
    SCOPED_TRACE(recorded.id);
    if (recorded.is_float64) {
      function(recorded, double());
    } else {
      function(recorded, float());
    }
  }
}

TEST(TorchState, IsRecordedOfEveryClass) {
  std::set<std::string> classes, rules;
  for (const TorchStateCase& recorded : torch_state_cases()) {
    classes.insert(recorded.class_name);
    for (const auto& group : recorded.groups) rules.emplace(group.options.rule().name);
  }
  EXPECT_EQ(classes.size(), 11u);
  for (const RuleInfo* rule : thalweg::rules()) {
    try {
      (void)to_torch(Options::of(rule->name));
    } catch (const Error&) {
      continue;  // PyTorch has no Lion
    }
    EXPECT_TRUE(rules.contains(std::string(rule->name))) << rule->name;
  }
  EXPECT_GE(torch_state_cases().size(), 40u);
}

// PyTorch's own groups, by the names that the file gives them, as one description.
TEST(TorchState, ItsGroupsAreADescription) {
  std::size_t several = 0;
  for_each_case([&]<class T>(const TorchStateCase& recorded, T) {
    const Translation read = from_torch(recorded.file.metadata.at("param_groups"), recorded.class_name);
    several += read.groups.empty() ? 0 : 1;
    Optimizer optimizer(read);
    TorchStateRun<T> like = first_run<T>(recorded);
    for (std::uint32_t i = 0; i < recorded.groups.size(); ++i) {
      Options expected = like.optimizer.options(Group{i});
      expected.set("lr", recorded.groups[i].lrs[9]);
      // A configuration does not know the parameters' type.
      if (recorded.class_name == "Adafactor") expected.set("eps1", read.options.get("eps1"));
      for (const std::string& name : recorded.groups[i].parameters) {
        const Handle handle = optimizer.add(name, like.theta.at(name), recorded.shapes.at(name));
        EXPECT_EQ(optimizer.options(optimizer.group_of(handle)).values(), expected.values()) << name;
      }
    }
    // And back: the groups by their patterns.
    EXPECT_EQ(from_torch(to_torch(read), recorded.class_name).groups, read.groups);
  });
  EXPECT_GE(several, 5u);
}

TEST(TorchState, GoesOnHere) {
  for_each_case([]<class T>(const TorchStateCase& recorded, T) {
    TorchStateRun<T> run(recorded, recorded.after_10, Options::of(recorded.groups[0].options.rule().name));
    const State state = from_torch_state(recorded.file, run.optimizer);
    EXPECT_EQ(run.optimizer.options(), Options::of(run.optimizer.rule().name)) << "nothing is changed before load()";
    run.optimizer.load(state);
    for (std::uint32_t i = 0; i < recorded.groups.size(); ++i) {
      Options expected = recorded.groups[i].options;
      expected.set("lr", recorded.groups[i].lrs[9]);
      EXPECT_EQ(run.optimizer.options(Group{i}).values(), expected.values());
      for (const std::string& name : recorded.groups[i].parameters) {
        EXPECT_EQ(run.optimizer.group_of(run.optimizer.find(name)), Group{i});
      }
    }
    EXPECT_EQ(run.optimizer.step_number(run.optimizer.find("late")), 0);
    if (recorded.class_name != "SGD") {
      EXPECT_EQ(run.optimizer.step_number(run.optimizer.find("scale")), 10);
      EXPECT_EQ(run.optimizer.step_number(run.optimizer.find("layer.bias")), 9);
    }
    for (std::size_t step = 11; step <= 20; ++step) run.step(step);
    expect_close(run, recorded, recorded.after_20);
  });
}

/// Equal JSON; numbers need not be written alike, and null is Adafactor's first ε, of the parameters' type.
bool is_same(const json::Value& a, const json::Value& b) {
  if (a.is_array() && b.is_array() && a.array("").size() == 2 && b.array("")[0].is_null()) {
    const double eps = a.array("")[0].number("");
    return (eps == std::numeric_limits<float>::epsilon() || eps == std::numeric_limits<double>::epsilon()) &&
           is_same(a.array("")[1], b.array("")[1]);
  }
  try {
    return a == b || a.number("") == b.number("");
  } catch (const Error&) {
    return json::to_string(a) == json::to_string(b);
  }
}

void expect_same_groups(const State& ours, const State& theirs) {
  const json::Value our_groups = json::parse(ours.metadata.at("param_groups"), "ours"),
                    their_groups = json::parse(theirs.metadata.at("param_groups"), "theirs");
  ASSERT_EQ(our_groups.array("").size(), their_groups.array("").size());
  for (std::size_t i = 0; i < our_groups.array("").size(); ++i) {
    const json::Value &our_group = our_groups.array("")[i], &their_group = their_groups.array("")[i];
    const std::set<std::string> ways{"foreach", "capturable", "differentiable", "fused"};
    for (const auto& [key, value] : their_group.object("")) {
      if (ways.contains(key)) continue;
      EXPECT_TRUE(is_same(our_group.at(key, "ours"), value)) << key;
    }
    for (const auto& [key, value] : our_group.object("")) {
      EXPECT_TRUE(key == "name" || their_group.find(key, "") != nullptr) << key;
    }
  }
}

TEST(TorchState, IsWrittenAsPyTorchWritesIt) {
  for_each_case([]<class T>(const TorchStateCase& recorded, T) {
    TorchStateRun<T> run = first_run<T>(recorded);
    for (std::size_t step = 1; step <= 10; ++step) run.step(step);
    expect_close(run, recorded, recorded.after_10);
    const State ours = to_torch_state(run.optimizer);
    // AMSGrad is one rule here, whichever of both classes computed it.
    const bool is_amsgrad = run.optimizer.rule().name == "amsgrad";
    EXPECT_EQ(ours.metadata.at("class"), is_amsgrad ? "Adam" : recorded.class_name);
    expect_same_groups(ours, recorded.file);
    EXPECT_EQ(ours.tensors.size(), recorded.file.tensors.size());
    for (const auto& [name, theirs] : recorded.file.tensors) {
      SCOPED_TRACE(name);
      const auto found = ours.tensors.find(name);
      ASSERT_NE(found, ours.tensors.end());
      EXPECT_EQ(found->second.elements(), theirs.elements());
      const std::vector<double> expected = numbers(theirs);
      EXPECT_EQ(first_difference<double>(numbers(found->second), expected, tolerance<T>), "");
      if (name.ends_with("/step")) {
        EXPECT_EQ(found->second.dtype, Dtype::F32);
        EXPECT_EQ(found->second.shape.size(), 0u);
      } else {
        EXPECT_EQ(found->second.dtype, theirs.dtype);
        EXPECT_EQ(found->second.shape, theirs.shape);
      }
    }
    // It can be written and read, and is what the optimizer itself can load.
    const State again = safetensors::from_bytes(safetensors::to_bytes(ours), "again");
    EXPECT_NO_THROW(run.optimizer.load(from_torch_state(again, run.optimizer)));
  });
}

/// Carries a run over by PyTorch's state, into an optimizer that knows nothing of it.
Training carried_over(const Training& run) {
  Training other(Options::of(run.optimizer.rule().name), true);
  other.a = run.a;
  other.b = run.b;
  other.optimizer.load(from_torch_state(to_torch_state(run.optimizer), other.optimizer));
  return other;
}

void expect_same_end(Training& run, Training& other, std::uint32_t next) {
  for (Training* each : {&run, &other}) {
    for (std::uint32_t t = next; t < next + 4; ++t) each->step(t);
  }
  EXPECT_EQ(first_bit_difference<float>(run.a, other.a), "");
  EXPECT_EQ(first_bit_difference<double>(run.b, other.b), "");
}

// Whatever can be written in PyTorch's words goes on bit for bit when it is read again.
TEST(TorchState, LosesNothing) {
  int carried = 0, compared = 0, refused = 0;
  const auto try_one = [&](const Options& options, std::uint32_t steps) {
    SCOPED_TRACE(options.text() + ", " + std::to_string(steps) + " steps");
    Training run(options);
    for (std::uint32_t t = 0; t < steps; ++t) run.step(t);
    try {
      (void)to_torch_state(run.optimizer);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("no counterpart"));
      ++refused;
      return false;  // after any number of steps
    }
    ++carried;
    Training other = carried_over(run);
    for (const Handle handle : run.optimizer.handles()) {
      if (options.rule().name == "sgd") continue;  // which does not count in PyTorch
      const Handle there = other.optimizer.find(run.optimizer.name(handle));
      EXPECT_EQ(other.optimizer.step_number(there), run.optimizer.step_number(handle));
    }
    // What does nothing beside the others is not carried over, but may round otherwise.
    if (other.optimizer.options() != run.optimizer.options()) return true;
    ++compared;
    for (std::uint32_t t = steps; t < steps + 4; ++t) {
      run.step(t);
      other.step(t);
    }
    if (options.rule().name != "nadam") {  // of a float parameter PyTorch keeps the product of μ in float
      EXPECT_EQ(first_bit_difference<float>(run.a, other.a), "");
    }
    EXPECT_EQ(first_bit_difference<double>(run.b, other.b), "");
    return true;
  };
  for (const Sample& sample : samples()) {
    for (const Options& options : every_option_set(sample)) {
      for (const std::uint32_t steps : {0u, 1u, 2u, 5u}) {
        if (!try_one(options, steps)) break;
      }
    }
  }
  EXPECT_GE(carried, 500);
  EXPECT_GE(compared, 300);
  EXPECT_GE(refused, 500);
}

TEST(TorchState, ColumnsThatAreAboutToBeginAndThatRest) {
  for (const char* rule : {"rmsprop", "sgd:dampening=0.4"}) {
    SCOPED_TRACE(rule);
    Training run(parse_options(rule));
    run.step(0);
    run.optimizer.set("momentum", 0.5);  // its column begins with the next step; PyTorch makes all state at once
    Training other = carried_over(run);
    expect_same_end(run, other, 2);
    run.optimizer.set("momentum", 0);
    run.step(6);
    Training third = carried_over(run);
    for (Training* each : {&run, &third}) each->optimizer.set("momentum", 0.5);
    expect_same_end(run, third, 8);
  }
}

TEST(TorchState, OfAParameterBeforeItsFirstStep) {
  // With columns that were written by hand.
  Training run(parse_options("rmsprop:momentum=0.5"));
  std::ranges::fill(run.optimizer.column<double>(run.optimizer.find("b"), "v"), 0.25);
  EXPECT_EQ(to_torch_state(run.optimizer).tensors.at("b/step").values<float>()[0], 0);
  EXPECT_FALSE(to_torch_state(run.optimizer).tensors.contains("a/step"));
  Training other = carried_over(run);
  expect_same_end(run, other, 0);

  Training sgd(parse_options("sgd:momentum=0.5"));
  EXPECT_TRUE(sgd.optimizer.column<double>(sgd.optimizer.find("b"), "b")[0] == 0);
  EXPECT_TRUE(to_torch_state(sgd.optimizer).tensors.empty()) << "all of it is as it would be";
  std::ranges::fill(sgd.optimizer.column<double>(sgd.optimizer.find("b"), "b"), 0.25);
  Training other_sgd = carried_over(sgd);
  expect_same_end(sgd, other_sgd, 0);
  Training dampened(parse_options("sgd:momentum=0.5,dampening=0.5"));
  std::ranges::fill(dampened.optimizer.column<double>(dampened.optimizer.find("b"), "b"), 0.25);
  EXPECT_THAT(error_of([&] { (void)to_torch_state(dampened.optimizer); }),
              AllOf(HasSubstr("\"b\""), HasSubstr("momentum before its first step")));
}

TEST(TorchState, KeepsNamesAndScalesOfGroups) {
  std::vector<double> a(2, 1), b(2, 1), gradient(2, 0.5);
  const auto make = [&](double scale) {
    Optimizer optimizer(SGD{.lr = 0.1}, {.step_count = StepCount::per_parameter});
    optimizer.add("a", std::span(a));
    optimizer.add("b", std::span(b), optimizer.add_group("xyz", SGD{.lr = 0.05}, scale));
    return optimizer;
  };
  State state = to_torch_state(make(0.5));
  std::string& groups = state.metadata.at("param_groups");
  EXPECT_THAT(groups, testing::AllOf(testing::HasSubstr(R"("name": "xyz")"), testing::HasSubstr(R"("lr_scale": 0.5)")));
  groups.insert(2, R"("layer": 3, "my_own": [1], )");  // users' keys, which PyTorch keeps
  Optimizer other = make(1);
  other.load(from_torch_state(state, other));
  EXPECT_EQ(other.lr_scale(other.group("xyz")), 0.5);
  other.set("lr", 0.2);
  EXPECT_EQ(other.lr(other.group("xyz")), 0.1);
}

TEST(TorchState, CountsWherePyTorchsOwnCounterStops) {
  Training run = stepped(parse_options("adagrad:lr_decay=0.1"));
  State state = run.optimizer.state();
  std::string& head = state.metadata.at("thalweg");
  const auto set_step = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = head.find(from)) != std::string::npos;) head.replace(at, from.size(), to);
    run.optimizer.load(state);
    return to_torch_state(run.optimizer).tensors.at("b/step");
  };
  EXPECT_EQ(set_step("\"step\":1}", "\"step\":16777216}").values<float>()[0], 16777216.0f);
  EXPECT_EQ(set_step("\"step\":16777216}", "\"step\":16777217}").values<double>()[0], 16777217.0);
  Training other = carried_over(run);
  EXPECT_EQ(other.optimizer.step_number(other.optimizer.find("b")), 16777217);
}

}  // namespace
}  // namespace thalweg::tests
