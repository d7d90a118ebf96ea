// State: saved and loaded between any two steps without a changed bit, refused whole when it does not fit.
#include "engine/numbers.h"
#include "engine/samples.h"
#include "engine/training.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/safetensors.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A folder of this test alone, removed at its end.
class State : public ::testing::Test {
 protected:
  State() : folder_(std::filesystem::path(::testing::TempDir()) / ("thalweg-state-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~State() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file() const { return folder_ / "state.safetensors"; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
};

/// Loading `state` must fail with a message like this, and change nothing.
void expect_refused(Training& run, const thalweg::State& state, const ::testing::Matcher<std::string>& message) {
  const auto before = run.bytes();
  const std::vector<Handle> handles = run.optimizer.handles();
  try {
    run.optimizer.load(state);
    ADD_FAILURE() << "was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), message);
  }
  EXPECT_EQ(run.bytes(), before);
  EXPECT_EQ(run.optimizer.handles(), handles);
  run.step(2);
}

/// Replaces the first occurrence in the metadata.
thalweg::State edited(thalweg::State state, const std::string& from, const std::string& to) {
  for (auto& [key, text] : state.metadata) {
    if (const std::size_t at = text.find(from); at != std::string::npos) {
      text.replace(at, from.size(), to);
      return state;
    }
  }
  ADD_FAILURE() << from << " is not in the metadata";
  return state;
}

TEST_F(State, GoesOnBitForBitBetweenAnyTwoSteps) {
  constexpr std::uint32_t kSteps = 8;
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    for (const Sample& sample : samples()) {
      const std::vector<Options> option_sets = pairwise_option_sets(sample);
      for (const Options& options : option_sets) {
        Training whole(options, false, count);
        for (std::uint32_t t = 0; t < kSteps; ++t) whole.step(t);
        for (std::uint32_t cut = 0; cut <= kSteps; ++cut) {
          SCOPED_TRACE(options.text() + ", cut before step " + std::to_string(cut + 1));
          Training before(options, false, count);
          for (std::uint32_t t = 0; t < cut; ++t) before.step(t);
          Training after(Options::of(sample.rule()), true, count);  // options come from the file, order does not matter
          after.a = before.a;
          after.b = before.b;
          if (&options == &option_sets.front()) {
            before.optimizer.save(file());
            after.optimizer.load(file());
          } else {  // without waiting for the disk
            after.optimizer.load(safetensors::from_bytes(before.bytes(), "saved"));
          }
          EXPECT_EQ(after.optimizer.options().get("lr"), before.optimizer.options().get("lr"));
          for (std::uint32_t t = cut; t < kSteps; ++t) after.step(t);
          EXPECT_EQ(first_bit_difference<float>(after.a, whole.a), "");
          EXPECT_EQ(first_bit_difference<double>(after.b, whole.b), "");
          EXPECT_TRUE(after.bytes() == whole.bytes()) << "the state differs";
          for (const char* name : {"a", "b"}) {
            EXPECT_EQ(after.optimizer.step_number(after.optimizer.find(name)),
                      whole.optimizer.step_number(whole.optimizer.find(name)));
          }
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST_F(State, AColumnThatIsAboutToBegin) {
  // Momentum is turned on after the first step: its column begins with the next one, here as after loading.
  Training run(Options::of("rmsprop"));
  run.step(0);
  run.optimizer.set("momentum", 0.5);
  Training other(Options::of("rmsprop"));
  other.a = run.a;
  other.b = run.b;
  other.optimizer.load(run.optimizer.state());
  for (Training* each : {&run, &other}) each->step(3);
  EXPECT_EQ(first_bit_difference<float>(run.a, other.a), "");
  EXPECT_EQ(first_bit_difference<double>(run.b, other.b), "");
}

TEST_F(State, AColumnThatRests) {
  // Momentum is turned off for a while: its column is kept, in the state too.
  Training run(RMSprop{.momentum = 0.5});
  run.step(0);
  run.optimizer.set("momentum", 0);
  run.step(2);
  Training other(Options::of("rmsprop"));
  other.a = run.a;
  other.b = run.b;
  other.optimizer.load(run.optimizer.state());
  for (Training* each : {&run, &other}) {
    each->optimizer.set("momentum", 0.5);
    each->step(3);
  }
  EXPECT_EQ(first_bit_difference<float>(run.a, other.a), "");
  EXPECT_EQ(first_bit_difference<double>(run.b, other.b), "");
}

TEST_F(State, HoldsLearningRateScales) {
  Training run = stepped(SGD{.lr = 0.5});
  const Group second = run.optimizer.group("second");
  const thalweg::State plain = run.optimizer.state();
  EXPECT_THAT(plain.metadata.at("thalweg"), Not(HasSubstr("lr_scale")));  // the bytes that there were before scales
  run.optimizer.set_lr_scale(second, 0.25);
  const thalweg::State scaled = run.optimizer.state();
  Training other(SGD{});
  other.optimizer.load(scaled);
  EXPECT_EQ(other.optimizer.lr_scale(), 1);
  EXPECT_EQ(other.optimizer.lr_scale(other.optimizer.group("second")), 0.25);
  EXPECT_EQ(other.bytes(), run.bytes());
  other.optimizer.load(plain);
  EXPECT_EQ(other.optimizer.lr_scale(other.optimizer.group("second")), 1);
  expect_refused(run, edited(scaled, "\"lr_scale\":0.25", "\"lr_scale\":-1"),
                 AllOf(HasSubstr("\"second\""), HasSubstr("lr_scale = -1")));
  expect_refused(run, edited(scaled, "\"lr_scale\":0.25", "\"lr_scale\":\"x\""), HasSubstr("lr_scale"));
}

TEST_F(State, SameStateSameBytes) {
  const Options options = parse_options("nadam:lr=0.02,beta1=0.8");
  Training one(options), two(options);
  for (std::uint32_t t = 0; t < 4; ++t) {
    one.step(t);
    two.step(t);
    EXPECT_EQ(one.bytes(), two.bytes());
  }
  Training loaded(Options::of("nadam"));
  loaded.optimizer.load(one.optimizer.state());
  EXPECT_EQ(loaded.bytes(), one.bytes());
  one.optimizer.save(file());
  const auto whole = safetensors::to_bytes(safetensors::read(file()));
  EXPECT_EQ(whole, one.bytes());
  one.step(4);
  EXPECT_NE(one.bytes(), two.bytes());
}

TEST_F(State, RulesOfOneFamilyTakeOverEachOthers) {
  // Adam and AMSGrad are one rule with other defaults.
  const Options amsgrad = parse_options("amsgrad:lr=0.02"), adam = parse_options("adam:lr=0.02,amsgrad=true");
  Training one(amsgrad), two(adam);
  one.step(0);
  two.a = one.a;
  two.b = one.b;
  two.optimizer.load(one.optimizer.state());
  for (Training* each : {&one, &two}) each->step(2);
  EXPECT_EQ(first_bit_difference<float>(one.a, two.a), "");
  EXPECT_EQ(first_bit_difference<double>(one.b, two.b), "");
}

TEST_F(State, OfAnotherShapeIsRefused) {
  const Options options = RMSprop{.momentum = 0.5};
  Training run = stepped(options);
  const thalweg::State good = run.optimizer.state();

  std::vector<float> a(36);
  std::vector<double> b(19), a_double(37), c(1);
  {
    Optimizer other(options);
    const Group second = other.add_group("second", options);
    other.add("a", a);
    other.add("b", b, second);
    expect_refused(run, other.state(), AllOf(HasSubstr("\"a\""), HasSubstr("36"), HasSubstr("37")));
  }
  {
    Optimizer other(options);
    const Group second = other.add_group("second", options);
    other.add("a", a_double);
    other.add("b", b, second);
    expect_refused(run, other.state(), AllOf(HasSubstr("\"a\""), HasSubstr("f64"), HasSubstr("f32")));
  }
  {
    Optimizer other(options);
    other.add_group("second", options);
    other.add("b", b);
    expect_refused(run, other.state(), AllOf(HasSubstr("\"a\""), HasSubstr("missing")));
  }
  std::vector<float> a_right(37);
  {
    Optimizer other(options);
    other.add_group("second", options);
    other.add("a", a_right);
    other.add("b", b);
    other.add("c", c);
    expect_refused(run, other.state(), HasSubstr("\"c\""));
  }
  {
    Optimizer other(options);
    other.add("a", a_right);
    other.add("b", b);
    expect_refused(run, other.state(), HasSubstr("\"second\""));
  }
  {
    Optimizer other(options);
    other.add_group("second", options);
    other.add_group("third", options);
    other.add("a", a_right);
    other.add("b", b);
    expect_refused(run, other.state(), HasSubstr("\"third\""));
  }
  Training another = stepped(options);
  another.optimizer.load(good);
}

TEST_F(State, OfAnotherRuleIsRefused) {
  Training run = stepped(RMSprop{.momentum = 0.5});
  Training sgd = stepped(SGD{.momentum = 0.5});
  expect_refused(run, sgd.optimizer.state(), AllOf(HasSubstr("sgd"), HasSubstr("rmsprop")));
  Training shared(RMSprop{.momentum = 0.5}, false, StepCount::shared);
  expect_refused(run, shared.optimizer.state(), HasSubstr("shared"));
}

TEST_F(State, DamagedIsRefused) {
  Training run = stepped(RMSprop{.momentum = 0.5});
  const thalweg::State good = run.optimizer.state();
  expect_refused(run, edited(good, "\"version\":2", "\"version\":4"), AllOf(HasSubstr("4"), HasSubstr("newer")));
  expect_refused(run, edited(good, "\"version\":2", "\"version\":0"), HasSubstr("version"));
  expect_refused(run, edited(good, "\"alpha\":0.99", "\"alpha\":1.5"), AllOf(HasSubstr("alpha"), HasSubstr("1.5")));
  expect_refused(run, edited(good, "\"alpha\":", "\"aplha\":"), HasSubstr("alpha"));
  expect_refused(run, edited(good, "\"step\":1", "\"step\":-1"), HasSubstr("-1"));
  expect_refused(run, edited(good, "\"step\":1", "\"step\":\"x\""), HasSubstr("\"a\""));
  expect_refused(run, edited(good, "\"rule\":\"rmsprop\"", "\"rule\":\"rmsprob\""), HasSubstr("rmsprob"));
  expect_refused(run, edited(good, "{", "["), HasSubstr("thalweg"));

  thalweg::State nothing = good;
  nothing.metadata.clear();
  expect_refused(run, nothing, HasSubstr("metadata"));

  for (const auto& [name, tensor] : good.tensors) {
    SCOPED_TRACE(name);
    thalweg::State without = good;
    without.tensors.erase(name);
    expect_refused(run, without, HasSubstr("missing"));
    thalweg::State renamed = without;
    renamed.tensors["x/" + name] = tensor;
    expect_refused(run, renamed, ::testing::_);
    thalweg::State shorter = good;
    shorter.tensors[name].data.resize(8);
    shorter.tensors[name].shape = {8 / safetensors::bytes_of(tensor.dtype)};
    expect_refused(run, shorter, HasSubstr(name));
    thalweg::State other_type = good;
    other_type.tensors[name].dtype = safetensors::Dtype::I32;
    expect_refused(run, other_type, HasSubstr(name));
  }
  thalweg::State more = good;
  more.tensors["a/w"] = good.tensors.begin()->second;
  expect_refused(run, more, HasSubstr("a/w"));
}

TEST_F(State, AFileIsReplacedWholeOrNotAtAll) {
  Training run = stepped(RMSprop{.momentum = 0.5});
  run.optimizer.save(file());
  EXPECT_EQ(files(), 1u) << "a temporary file was left";
  const auto first = safetensors::to_bytes(safetensors::read(file()));
  run.step(2);
  run.optimizer.save(file());
  EXPECT_EQ(files(), 1u);
  EXPECT_NE(safetensors::to_bytes(safetensors::read(file())), first);

  try {
    run.optimizer.save(folder_ / "no such folder" / "state.safetensors");
    ADD_FAILURE() << "was written";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no such folder"));
  }
  try {
    run.optimizer.load(folder_ / "no such file");
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no such file"));
  }
}

TEST_F(State, AFileThatIsCutShortIsRefused) {
  Training run = stepped(RMSprop{.momentum = 0.5});
  run.optimizer.save(file());
  const auto size = std::filesystem::file_size(file());
  const auto before = run.bytes();
  for (const std::uintmax_t length : {std::uintmax_t{0}, std::uintmax_t{7}, size / 2, size - 1}) {
    std::filesystem::resize_file(file(), length);
    EXPECT_THROW(run.optimizer.load(file()), Error) << length;
    EXPECT_EQ(run.bytes(), before);
    run.optimizer.save(file());
  }
  // A parameter's error names the file too.
  Training other = stepped(SGD{.momentum = 0.5});
  try {
    other.optimizer.load(file());
    ADD_FAILURE() << "was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("state.safetensors"), HasSubstr("rmsprop")));
  }
}

}  // namespace
}  // namespace thalweg::tests
