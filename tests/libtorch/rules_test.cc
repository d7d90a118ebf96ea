// Every rule that LibTorch has too, step by step against LibTorch's own: parameters and state, f32 and f64.
#include "helpers.h"

#include <functional>

namespace thalweg::inline v0_1::libtorch {
namespace {

using Params = std::vector<torch::Tensor>;
using torch::optim::OptimizerParamState;

/// A rule with options that are not the defaults, as LibTorch writes it and as thalweg does.
struct Sample {
  std::string name;
  std::function<std::unique_ptr<torch::optim::Optimizer>(const Params&)> theirs;
  thalweg::Options ours;
  /// Column here, and LibTorch's tensor for it.
  std::vector<std::pair<std::string, std::function<torch::Tensor(OptimizerParamState&)>>> columns;
};

void PrintTo(const Sample& sample, std::ostream* stream) { *stream << sample.name; }

template <class Optimizer, class Options>
auto made_with(Options options) {
  return [options](const Params& parameters) { return std::make_unique<Optimizer>(parameters, options); };
}

// LibTorch's accessor has const and non-const forms; this takes the value of either.
#define THEIRS(STATE, MEMBER) [](OptimizerParamState& s) { return static_cast<torch::optim::STATE&>(s).MEMBER(); }

std::vector<Sample> samples() {
  using torch::optim::AdamOptions, torch::optim::AdamWOptions, torch::optim::RMSpropOptions, torch::optim::SGDOptions;
  std::vector<Sample> result;
  const auto rmsprop = [&](std::string name, RMSpropOptions theirs, thalweg::RMSprop ours) {
    Sample sample{std::move(name), made_with<torch::optim::RMSprop>(theirs), ours, {}};
    sample.columns.emplace_back("v", THEIRS(RMSpropParamState, square_avg));
    if (ours.centered) sample.columns.emplace_back("m", THEIRS(RMSpropParamState, grad_avg));
    if (ours.momentum > 0) sample.columns.emplace_back("b", THEIRS(RMSpropParamState, momentum_buffer));
    result.push_back(std::move(sample));
  };
  rmsprop("rmsprop_plain", RMSpropOptions(3e-3).alpha(0.9).eps(1e-6), {.lr = 3e-3, .alpha = 0.9, .eps = 1e-6});
  rmsprop("rmsprop_momentum", RMSpropOptions(2e-3).alpha(0.95).eps(1e-7).momentum(0.8),
          {.lr = 2e-3, .alpha = 0.95, .eps = 1e-7, .momentum = 0.8});
  rmsprop("rmsprop_centered", RMSpropOptions(4e-3).alpha(0.8).eps(1e-5).centered(true),
          {.lr = 4e-3, .alpha = 0.8, .eps = 1e-5, .centered = true});
  rmsprop("rmsprop_decay", RMSpropOptions(3e-3).alpha(0.85).eps(1e-4).weight_decay(0.03),
          {.lr = 3e-3, .alpha = 0.85, .eps = 1e-4, .weight_decay = 0.03});
  rmsprop("rmsprop_all", RMSpropOptions(1e-3).alpha(0.7).eps(1e-3).momentum(0.6).centered(true).weight_decay(0.02),
          {.lr = 1e-3, .alpha = 0.7, .eps = 1e-3, .momentum = 0.6, .centered = true, .weight_decay = 0.02});

  const auto sgd = [&](std::string name, SGDOptions theirs, thalweg::SGD ours) {
    Sample sample{std::move(name), made_with<torch::optim::SGD>(theirs), ours, {}};
    if (ours.momentum > 0) sample.columns.emplace_back("b", THEIRS(SGDParamState, momentum_buffer));
    result.push_back(std::move(sample));
  };
  sgd("sgd_plain", SGDOptions(0.02), {.lr = 0.02});
  sgd("sgd_decay", SGDOptions(0.03).weight_decay(0.05), {.lr = 0.03, .weight_decay = 0.05});
  sgd("sgd_momentum", SGDOptions(0.02).momentum(0.7), {.lr = 0.02, .momentum = 0.7});
  sgd("sgd_dampening", SGDOptions(0.02).momentum(0.7).dampening(0.3).weight_decay(0.01),
      {.lr = 0.02, .momentum = 0.7, .dampening = 0.3, .weight_decay = 0.01});
  sgd("sgd_nesterov", SGDOptions(0.02).momentum(0.6).nesterov(true).weight_decay(0.02),
      {.lr = 0.02, .momentum = 0.6, .nesterov = true, .weight_decay = 0.02});

  const auto adam = [&](std::string name, AdamOptions theirs, thalweg::Options ours) {
    Sample sample{std::move(name), made_with<torch::optim::Adam>(theirs), ours, {}};
    sample.columns.emplace_back("m", THEIRS(AdamParamState, exp_avg));
    sample.columns.emplace_back("v", THEIRS(AdamParamState, exp_avg_sq));
    if (theirs.amsgrad()) sample.columns.emplace_back("x", THEIRS(AdamParamState, max_exp_avg_sq));
    result.push_back(std::move(sample));
  };
  const auto betas = std::make_tuple(0.8, 0.95);
  adam("adam_plain", AdamOptions(4e-3).betas(betas).eps(1e-6),
       thalweg::Adam{.lr = 4e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6});
  adam("adam_decay", AdamOptions(4e-3).betas(betas).eps(1e-5).weight_decay(0.04),
       thalweg::Adam{.lr = 4e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5, .weight_decay = 0.04});
  adam("adam_amsgrad", AdamOptions(4e-3).betas(betas).eps(1e-5).weight_decay(0.04).amsgrad(true),
       thalweg::Adam{.lr = 4e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5, .weight_decay = 0.04, .amsgrad = true});
  adam("amsgrad", AdamOptions(3e-3).betas(betas).eps(1e-4).amsgrad(true),
       thalweg::AMSGrad{.lr = 3e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-4});

  const auto adamw = [&](std::string name, AdamWOptions theirs, thalweg::AdamW ours) {
    Sample sample{std::move(name), made_with<torch::optim::AdamW>(theirs), ours, {}};
    sample.columns.emplace_back("m", THEIRS(AdamWParamState, exp_avg));
    sample.columns.emplace_back("v", THEIRS(AdamWParamState, exp_avg_sq));
    if (ours.amsgrad) sample.columns.emplace_back("x", THEIRS(AdamWParamState, max_exp_avg_sq));
    result.push_back(std::move(sample));
  };
  adamw("adamw_default_decay", AdamWOptions(4e-3).betas(betas).eps(1e-6),
        {.lr = 4e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6});
  adamw("adamw_decay", AdamWOptions(5e-3).betas(betas).eps(1e-5).weight_decay(0.2),
        {.lr = 5e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5, .weight_decay = 0.2});
  adamw("adamw_amsgrad", AdamWOptions(5e-3).betas(betas).eps(1e-5).weight_decay(0.1).amsgrad(true),
        {.lr = 5e-3, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-5, .weight_decay = 0.1, .amsgrad = true});
  return result;
}

#undef THEIRS

/// Gradients that always push an element away from 0. Where the terms of a sum cancel, f32 knows it only up to the
/// rounding of its terms, which is no property of either side: so f32 is compared without cancellation, f64 with it.
void give_steady_gradients(const Params& parameters, std::uint64_t step) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    torch::Tensor parameter = parameters[i];
    torch::manual_seed(1000 + 17 * step + i);
    const torch::Tensor sizes = 0.2 + torch::rand(parameter.sizes());
    parameter.mutable_grad() = -parameter.detach().sign() * sizes.to(parameter.scalar_type());
  }
}

class RulesTest : public testing::TestWithParam<std::tuple<Sample, torch::Dtype>> {};

TEST_P(RulesTest, EqualsLibTorchStepByStep) {
  const auto& [sample, dtype] = GetParam();
  const double bound = dtype == torch::kDouble ? 1e-12 : 1e-5;
  Params their_params, our_params;
  const std::vector<std::vector<std::int64_t>> shapes{{7, 5}, {64}, {3, 2, 3, 3}, {}};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    their_params.push_back(leaf(shapes[i], i, dtype));
    our_params.push_back(leaf(shapes[i], i, dtype));
  }
  const auto theirs = sample.theirs(their_params);
  Optimizer ours(our_params, sample.ours);

  double moved = 0;
  for (std::uint64_t step = 1; step <= 40; ++step) {
    for (torch::optim::Optimizer* optimizer : {theirs.get(), static_cast<torch::optim::Optimizer*>(&ours)}) {
      torch::optim::OptimizerOptions& options = optimizer->param_groups()[0].options();
      if (step == 11) options.set_lr(options.get_lr() * 0.3);
      if (step == 23) options.set_lr(options.get_lr() * 2.5);
    }
    const auto give = dtype == torch::kDouble ? give_gradients : give_steady_gradients;
    give(their_params, step);
    give(our_params, step);
    // One parameter takes a step only now and then, so that step numbers differ.
    if (step % 3 == 1) {
      their_params[1].mutable_grad() = torch::Tensor();
      our_params[1].mutable_grad() = torch::Tensor();
    }
    const torch::Tensor before = our_params[0].detach().clone();
    theirs->step();
    ours.step();
    moved = std::max(moved, (our_params[0].detach() - before).abs().max().item<double>());

    for (std::size_t i = 0; i < shapes.size(); ++i) {
      EXPECT_LE(relative_error(our_params[i], their_params[i]), bound) << "parameter " << i << ", step " << step;
      OptimizerParamState* state = state_of(*theirs, their_params[i]);
      if (state == nullptr) continue;  // no step yet, or a rule without state
      for (const auto& [column, their_column] : sample.columns) {
        const torch::Tensor own = ours.state("parameters." + std::to_string(i), column);
        EXPECT_LE(relative_error(own, their_column(*state)), bound)
            << "column " << column << " of parameter " << i << ", step " << step;
      }
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(moved, 1e-4) << "the test must not pass because nothing happens";
}

INSTANTIATE_TEST_SUITE_P(All, RulesTest,
                         testing::Combine(testing::ValuesIn(samples()), testing::Values(torch::kFloat, torch::kDouble)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name +
                                  (std::get<1>(test.param) == torch::kFloat ? "_f32" : "_f64");
                         });

TEST(RulesTest, EveryRuleOfTheListIsHere) {
  std::size_t count = 0;
#define CHECK_RULE(RULE)                                            \
  {                                                                 \
    const torch::Tensor w = leaf({3}, 1);                           \
    thalweg::libtorch::RULE optimizer({{"w", w}}, {.lr = 0.5});     \
    EXPECT_EQ(optimizer.engine().rule().name, thalweg::RULE::name); \
    EXPECT_EQ(optimizer.param_groups()[0].options().get_lr(), 0.5); \
    const torch::Tensor before = w.detach().clone();                \
    give_gradient(w, 1);                                            \
    optimizer.step();                                               \
    EXPECT_FALSE(same_bits(w, before)) << #RULE;                    \
    ++count;                                                        \
  }
  THALWEG_RULES(CHECK_RULE)
#undef CHECK_RULE
  EXPECT_EQ(count, thalweg::rules().size());
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
