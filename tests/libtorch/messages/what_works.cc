// Every form in which options are given where LibTorch's programs give them.
// expect: nothing
#include <thalweg/libtorch.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

void make(torch::nn::Module& module, torch::nn::Linear linear, const std::vector<torch::Tensor>& tensors,
          const std::vector<torch::optim::OptimizerParamGroup>& groups) {
  using namespace thalweg::libtorch;
  AdamW{module, {.lr = 1e-3}};
  AdamW{linear, {.betas = {.9, .95}}};
  AdamW{module, {.lr = 1e-3, .betas = {.9, .95}, .weight_decay = .1}, {}, {.threads = 1}};
  AdamW{module, {.betas = {.9, .95}}, {{"no_decay", {"*.bias"}, thalweg::AdamW{.weight_decay = 0}}}};
  AdamW{module, {}};
  AdamW(tensors, 1e-3);
  AdamW(tensors, {});
  AdamW(tensors, torch::optim::AdamWOptions(1e-3).eps(1e-6));
  AdamW{groups};
  AdamW(groups, 1e-3);
  AdamW(groups, torch::optim::AdamWOptions(1e-3));
  AdamW(module, 1e-3, {{"no_decay", {"*.bias"}, torch::optim::AdamWOptions().weight_decay(0)}}, {}, {.threads = 2});
  Lion{module, {.betas = {.9, .99}}};
  RMSprop(tensors, 1);
  AdamW{module, {.lr = 1e-3}, {.accumulation = {.calls = 2}}, {.threads = 1}};
  Optimizer(module, thalweg::parse_options("nadam"));
  Optimizer(module, thalweg::parse_options("nadam"), {}, {.threads = 1});
  Optimizer(module, thalweg::parse_description("nadam"), {.threads = 1});
  Optimizer(tensors, torch::optim::AdamWOptions(1e-3));
  std::make_unique<AdamW>(module, thalweg::AdamW{.lr = 1e-3});
  std::make_unique<RMSprop>(tensors, torch::optim::RMSpropOptions(1e-3).alpha(.9));
}
