// PyTorch's optimizer state and LibTorch's archives through the adapter, with LibTorch's own optimizers as the other
// side: ten steps there and ten here, and ten here and ten there, against twenty.
#include "helpers.h"

#include <thalweg/dialects.h>

#include <functional>
#include <utility>

namespace thalweg::inline v0_1::libtorch {
namespace {

using Params = std::vector<torch::Tensor>;
using torch::optim::OptimizerParamState;

/// One of LibTorch's optimizers, and what its state holds under PyTorch's names.
struct Sample {
  std::string name, class_name;
  thalweg::Options options;
  std::function<std::unique_ptr<torch::optim::Optimizer>(const Params&)> theirs;
  std::function<std::unique_ptr<OptimizerParamState>()> new_state;
  std::vector<std::pair<std::string, std::function<torch::Tensor&(OptimizerParamState&)>>> tensors;
  /// The step number; none of SGD.
  std::function<std::int64_t&(OptimizerParamState&)> step;
};

void PrintTo(const Sample& sample, std::ostream* stream) { *stream << sample.name; }

template <class Optimizer, class State, class Options>
Sample sample_of(std::string name, std::string class_name, Options theirs, thalweg::Options ours) {
  Sample sample{std::move(name), std::move(class_name), std::move(ours), {}, {}, {}, {}};
  sample.theirs = [theirs](const Params& parameters) { return std::make_unique<Optimizer>(parameters, theirs); };
  sample.new_state = [] { return std::make_unique<State>(); };
  if constexpr (requires(State & state) { state.step(); }) {
    sample.step = [](OptimizerParamState& s) -> std::int64_t& { return static_cast<State&>(s).step(); };
  }
  return sample;
}

#define TENSOR(STATE, MEMBER) \
  std::pair(#MEMBER,          \
            [](OptimizerParamState& s) -> torch::Tensor& { return static_cast<torch::optim::STATE&>(s).MEMBER(); })

std::vector<Sample> samples() {
  namespace optim = torch::optim;
  std::vector<Sample> result;
  const auto betas = std::make_tuple(0.8, 0.95);
  result.push_back(sample_of<optim::SGD, optim::SGDParamState>(
      "sgd", "SGD", optim::SGDOptions(0.02).momentum(0.7).dampening(0.3).weight_decay(0.01),
      thalweg::SGD{.lr = 0.02, .momentum = 0.7, .dampening = 0.3, .weight_decay = 0.01}));
  result.back().tensors = {TENSOR(SGDParamState, momentum_buffer)};
  result.push_back(sample_of<optim::RMSprop, optim::RMSpropParamState>(
      "rmsprop", "RMSprop",
      optim::RMSpropOptions(1e-3).alpha(0.7).eps(1e-3).momentum(0.6).centered(true).weight_decay(0.02),
      thalweg::RMSprop{
          .lr = 1e-3, .alpha = 0.7, .eps = 1e-3, .momentum = 0.6, .centered = true, .weight_decay = 0.02}));
  result.back().tensors = {TENSOR(RMSpropParamState, square_avg), TENSOR(RMSpropParamState, grad_avg),
                           TENSOR(RMSpropParamState, momentum_buffer)};
  result.push_back(sample_of<optim::Adagrad, optim::AdagradParamState>(
      "adagrad", "Adagrad", optim::AdagradOptions(0.05).lr_decay(0.1).initial_accumulator_value(0.2).eps(1e-6),
      thalweg::Adagrad{.lr = 0.05, .lr_decay = 0.1, .eps = 1e-6, .initial_accumulator_value = 0.2}));
  result.back().tensors = {TENSOR(AdagradParamState, sum)};
  result.push_back(sample_of<optim::Adam, optim::AdamParamState>(
      "adam", "Adam", optim::AdamOptions(4e-3).betas(betas).eps(1e-5).weight_decay(0.04),
      thalweg::Adam{.lr = 4e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5, .weight_decay = 0.04}));
  result.back().tensors = {TENSOR(AdamParamState, exp_avg), TENSOR(AdamParamState, exp_avg_sq)};
  result.push_back(sample_of<optim::Adam, optim::AdamParamState>(
      "amsgrad", "Adam", optim::AdamOptions(4e-3).betas(betas).eps(1e-5).amsgrad(true),
      thalweg::AMSGrad{.lr = 4e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5}));
  result.back().tensors = {TENSOR(AdamParamState, exp_avg), TENSOR(AdamParamState, exp_avg_sq),
                           TENSOR(AdamParamState, max_exp_avg_sq)};
  result.push_back(sample_of<optim::AdamW, optim::AdamWParamState>(
      "adamw", "AdamW", optim::AdamWOptions(5e-3).betas(betas).eps(1e-5).weight_decay(0.2),
      thalweg::AdamW{.lr = 5e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5, .weight_decay = 0.2}));
  result.back().tensors = {TENSOR(AdamWParamState, exp_avg), TENSOR(AdamWParamState, exp_avg_sq)};
  return result;
}

#undef TENSOR

/// The parameters of a run by name; the last but one is channels-last, the last takes its first step late.
const std::vector<std::string> kNames{"fc.weight", "fc.bias", "conv.weight", "late"};

Params parameters() {
  Params result{leaf({5, 3}, 1, torch::kDouble), leaf({}, 2, torch::kDouble), leaf({4, 3, 2, 5}, 3, torch::kDouble),
                leaf({2}, 4, torch::kDouble)};
  result[2] = result[2].detach().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_(true);
  return result;
}

std::vector<Parameters::Item> named(const Params& tensors) {
  std::vector<Parameters::Item> result;
  for (std::size_t i = 0; i < tensors.size(); ++i) result.emplace_back(kNames[i], tensors[i]);
  return result;
}

/// Steps `begin` + 1 to `end`.
void steps(torch::optim::Optimizer& optimizer, const Params& tensors, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t step = begin + 1; step <= end; ++step) {
    give_gradients(tensors, step);
    if (step <= 12) torch::Tensor(tensors.back()).mutable_grad() = torch::Tensor();
    optimizer.step();
  }
}

template <class T>
safetensors::Tensor single(T number) {
  return safetensors::make_tensor(std::span<const T>(&number, 1), {});
}

/// What docs/dialects.md saves in Python, here of LibTorch's optimizer.
State saved(const Sample& sample, torch::optim::Optimizer& optimizer, const Params& tensors) {
  State file;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    OptimizerParamState* state = state_of(optimizer, tensors[i]);
    if (state == nullptr) continue;
    if (sample.step) file.tensors[kNames[i] + "/step"] = single(sample.step(*state));
    for (const auto& [key, tensor] : sample.tensors) {
      const torch::Tensor values = tensor(*state).contiguous();
      const std::span<const double> numbers(values.data_ptr<double>(), static_cast<std::size_t>(values.numel()));
      const std::vector<std::uint64_t> shape(values.sizes().begin(), values.sizes().end());
      file.tensors[kNames[i] + "/" + key] = safetensors::make_tensor(numbers, shape);
    }
  }
  std::string group = to_torch(sample.options), names;
  for (const std::string& name : kNames) names += (names.empty() ? "\"" : ", \"") + name + "\"";
  group.insert(group.size() - 1, ", \"params\": [" + names + "]");
  file.metadata = {{"class", sample.class_name}, {"param_groups", "[" + group + "]"}};
  return file;
}

/// What docs/dialects.md does in Python, here with LibTorch's optimizer.
void take_over(const Sample& sample, const State& file, torch::optim::Optimizer& optimizer, const Params& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!file.tensors.contains(kNames[i] + "/" + sample.tensors[0].first)) continue;
    auto state = sample.new_state();
    if (sample.step) {
      sample.step(*state) = static_cast<std::int64_t>(file.tensors.at(kNames[i] + "/step").values<float>()[0]);
    }
    for (const auto& [key, tensor] : sample.tensors) {
      const std::span<const double> numbers = file.tensors.at(kNames[i] + "/" + key).values<double>();
      tensor(*state) = torch::tensor(std::vector<double>(numbers.begin(), numbers.end()), torch::kDouble)
                           .view_as(tensors[i].detach());
    }
    give_state(optimizer, tensors[i], std::move(state));
  }
}

class TorchStateTest : public testing::TestWithParam<Sample> {
 protected:
  TorchStateTest() {
    const auto optimizer = GetParam().theirs(whole_);
    steps(*optimizer, whole_, 0, 20);
  }

  void expect_equals_twenty_steps(const Params& tensors) const {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_LE(relative_error(tensors[i], whole_[i]), 1e-12) << kNames[i];
    }
  }

  const Params whole_ = parameters();
};

TEST_P(TorchStateTest, TenStepsThereAndTenHere) {
  const Params tensors = parameters();
  const auto theirs = GetParam().theirs(tensors);
  steps(*theirs, tensors, 0, 10);
  Optimizer ours(named(tensors), Options::of(GetParam().options.rule().name));
  ours.load_torch_state_dict(saved(GetParam(), *theirs, tensors));
  EXPECT_EQ(ours.engine().options(), GetParam().options);
  steps(ours, tensors, 10, 20);
  expect_equals_twenty_steps(tensors);
}

TEST_P(TorchStateTest, TenStepsHereAndTenThere) {
  const Params tensors = parameters();
  Optimizer ours(named(tensors), GetParam().options);
  steps(ours, tensors, 0, 10);
  const State file = ours.torch_state_dict();
  EXPECT_EQ(file.metadata.at("class"), GetParam().class_name);
  const auto theirs = GetParam().theirs(tensors);
  take_over(GetParam(), file, *theirs, tensors);
  steps(*theirs, tensors, 10, 20);
  expect_equals_twenty_steps(tensors);
}

TEST_P(TorchStateTest, IsTheSameStateOnBothSides) {
  const Params here = parameters(), there = parameters();
  Optimizer ours(named(here), GetParam().options);
  steps(ours, here, 0, 10);
  const auto theirs = GetParam().theirs(there);
  steps(*theirs, there, 0, 10);
  const State our_file = ours.torch_state_dict(), their_file = saved(GetParam(), *theirs, there);
  EXPECT_EQ(our_file.tensors.size(), their_file.tensors.size());
  EXPECT_EQ(our_file.metadata, their_file.metadata);
  for (const auto& [name, tensor] : their_file.tensors) {
    ASSERT_TRUE(our_file.tensors.contains(name)) << name;
    const safetensors::Tensor& own = our_file.tensors.at(name);
    if (name.ends_with("/step")) {
      EXPECT_EQ(own.values<float>()[0], static_cast<float>(tensor.values<std::int64_t>()[0])) << name;
      continue;
    }
    const auto flat = [](std::span<const double> numbers) {
      return torch::tensor(std::vector<double>(numbers.begin(), numbers.end()), torch::kDouble);
    };
    EXPECT_LE(relative_error(flat(own.values<double>()), flat(tensor.values<double>())), 1e-12) << name;
  }
}

/// What torch::save writes of one goes into the other by torch::load.
void carry_over(const torch::optim::Optimizer& from, torch::optim::Optimizer& to) {
  std::stringstream stream;
  torch::save(from, stream);
  torch::load(to, stream);
}

TEST_P(TorchStateTest, LibTorchsArchiveLoadsHere) {
  const Params tensors = parameters();
  const auto theirs = GetParam().theirs(tensors);
  steps(*theirs, tensors, 0, 10);
  Optimizer ours(named(tensors), Options::of(GetParam().options.rule().name));
  ours.group_options(0).set_lr_scale(0.5);
  carry_over(*theirs, ours);
  EXPECT_EQ(ours.engine().options(), GetParam().options);
  EXPECT_EQ(ours.group_options(0).lr_scale(), 0.5) << "which LibTorch does not have";
  const State state = ours.torch_state_dict(), expected = saved(GetParam(), *theirs, tensors);
  for (const auto& [name, tensor] : expected.tensors) {
    if (name.ends_with("/step")) continue;  // of another type
    EXPECT_EQ(state.tensors.at(name).data, tensor.data) << name << ", bit for bit";
  }
  EXPECT_EQ(state.tensors.size(), expected.tensors.size());
  steps(ours, tensors, 10, 20);
  expect_equals_twenty_steps(tensors);
}

TEST_P(TorchStateTest, LibTorchLoadsTheArchive) {
  const Params tensors = parameters();
  Optimizer ours(named(tensors), GetParam().options);
  steps(ours, tensors, 0, 10);
  const auto theirs = GetParam().theirs(tensors);
  carry_over(ours, *theirs);
  for (const auto& [key, tensor] : GetParam().tensors) {
    const torch::Tensor own = ours.state("conv.weight", key == "momentum_buffer"                ? "b"
                                                        : key == "max_exp_avg_sq"               ? "x"
                                                        : key == "exp_avg" || key == "grad_avg" ? "m"
                                                                                                : "v");
    EXPECT_TRUE(same_bits(tensor(*state_of(*theirs, tensors[2])), own)) << key;
  }
  steps(*theirs, tensors, 10, 20);
  expect_equals_twenty_steps(tensors);
}

TEST_P(TorchStateTest, TheArchiveKeepsWhatOnlyThalwegHas) {
  const Params tensors = parameters();
  Optimizer ours(named(tensors), GetParam().options,
                 Settings{.clip = {ClipBy::value, 3}, .average = {.kind = AverageKind::ema, .decay = 0.5}});
  steps(ours, tensors, 0, 14);
  Optimizer loaded(named(tensors), Options::of(GetParam().options.rule().name));
  carry_over(ours, loaded);
  EXPECT_EQ(safetensors::to_bytes(loaded.state_dict()), safetensors::to_bytes(ours.state_dict()));
}

INSTANTIATE_TEST_SUITE_P(All, TorchStateTest, testing::ValuesIn(samples()),
                         [](const auto& test) { return test.param.name; });

TEST(Archive, AdamWithAmsgradAsAnOption) {
  const Params tensors = parameters();
  torch::optim::Adam theirs(tensors, torch::optim::AdamOptions(4e-3).amsgrad(true));
  steps(theirs, tensors, 0, 10);
  thalweg::libtorch::Adam ours(named(tensors));
  carry_over(theirs, ours);
  EXPECT_EQ(ours.engine().options(), Options(thalweg::Adam{.lr = 4e-3, .amsgrad = true}));
  const torch::Tensor maximum =
      dynamic_cast<torch::optim::AdamParamState&>(*state_of(theirs, tensors[0])).max_exp_avg_sq();
  EXPECT_TRUE(same_bits(ours.state("fc.weight", "x"), maximum));
}

TEST(Archive, OfSeveralGroups) {
  const Params tensors = parameters();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(Params{tensors[2], tensors[0]});
  groups.emplace_back(Params{tensors[3], tensors[1]}, std::make_unique<torch::optim::AdamWOptions>(0.25));
  torch::optim::AdamW theirs(groups, torch::optim::AdamWOptions(0.1).weight_decay(0.3));
  steps(theirs, tensors, 0, 15);
  thalweg::libtorch::AdamW ours(groups);
  ours.set("lr", 7);
  carry_over(theirs, ours);
  EXPECT_EQ(ours.group_options(0).get("weight_decay"), 0.3);
  EXPECT_EQ(ours.group_options(1).get("lr"), 0.25);
  EXPECT_EQ(static_cast<torch::optim::AdamWOptions&>(ours.param_groups()[1].options()).lr(), 0.25);
  const auto& state = dynamic_cast<torch::optim::AdamWParamState&>(*state_of(theirs, tensors[3]));
  EXPECT_TRUE(same_bits(ours.state("parameters.2", "m"), state.exp_avg()));
  EXPECT_EQ(ours.engine().step_number(ours.engine().find("parameters.2")), 3);
}

TEST(Archive, OfWhatLibTorchHasNot) {
  const Params tensors = parameters();
  for (const Options& options : {Options(thalweg::Nadam{}), Options(thalweg::RMSprop{.eps_inside = true})}) {
    Optimizer ours(named(tensors), options), loaded(named(tensors), Options(options.rule()));
    steps(ours, tensors, 0, 3);
    carry_over(ours, loaded);
    EXPECT_EQ(safetensors::to_bytes(loaded.state_dict()), safetensors::to_bytes(ours.state_dict()));
    torch::optim::RMSprop theirs(tensors);
    EXPECT_THROW(carry_over(ours, theirs), c10::Error);
  }
}

TEST(TorchStateErrors, ChangeNothing) {
  const Params tensors = parameters();
  Optimizer ours(named(tensors), thalweg::RMSprop{.momentum = 0.5, .eps_inside = true});
  steps(ours, tensors, 0, 3);
  const auto before = safetensors::to_bytes(ours.state_dict());
  EXPECT_THAT(error_of([&] { (void)ours.torch_state_dict(); }), testing::HasSubstr("eps_inside"));
  EXPECT_EQ(safetensors::to_bytes(ours.state_dict()), before) << "the columns are in the parameters' order again";
  const Sample sample = samples()[1];
  const auto theirs = sample.theirs(tensors);
  steps(*theirs, tensors, 0, 10);
  State file = saved(sample, *theirs, tensors);
  file.tensors.erase("fc.bias/grad_avg");
  EXPECT_THAT(error_of([&] { ours.load_torch_state_dict(file); }), testing::HasSubstr("fc.bias/grad_avg"));
  EXPECT_EQ(safetensors::to_bytes(ours.state_dict()), before);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
