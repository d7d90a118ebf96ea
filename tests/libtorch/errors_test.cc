// Bad input is refused by name, before anything has been changed.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string construction_error(const torch::Tensor& tensor) {
  return error_of([&] { thalweg::libtorch::RMSprop({{"good", leaf({2}, 1)}, {"layer.weight", tensor}}, {}); });
}

TEST(ErrorsTest, ParametersThatCannotBeOptimized) {
  EXPECT_THAT(construction_error({}), HasSubstr("parameter \"layer.weight\" is undefined"));
  EXPECT_THAT(construction_error(torch::zeros({2}, torch::kHalf)),
              AllOf(HasSubstr("\"layer.weight\" has dtype c10::Half"), HasSubstr("float, double")));
  EXPECT_THAT(construction_error(torch::zeros({2}, torch::kLong)), HasSubstr("\"layer.weight\" has dtype"));
  EXPECT_THAT(construction_error(torch::zeros({2}, torch::kComplexFloat)), HasSubstr("\"layer.weight\" has dtype"));
  EXPECT_THAT(construction_error(torch::empty({2}, torch::device(torch::kMeta))),
              AllOf(HasSubstr("\"layer.weight\" is on meta"), HasSubstr("cpu")));
  EXPECT_THAT(construction_error(leaf({2}, 1) * 2), HasSubstr("\"layer.weight\" is not a leaf"));
  EXPECT_THAT(construction_error(torch::sparse_coo_tensor({2, 2}, torch::kFloat)),
              HasSubstr("\"layer.weight\" has layout Sparse"));
  const torch::Tensor memory = torch::zeros({8});
  EXPECT_THAT(error_of([&] {
                thalweg::libtorch::RMSprop({{"a", memory.narrow(0, 0, 5)}, {"b", memory.narrow(0, 4, 4)}}, {});
              }),
              AllOf(HasSubstr("\"a\""), HasSubstr("\"b\"")));
}

TEST(ErrorsTest, Expanded) {
  // All elements are one number in memory: there is no step that LibTorch or anybody could take.
  EXPECT_THAT(construction_error(torch::zeros({1}).expand({3})), HasSubstr("\"layer.weight\""));
}

TEST(ErrorsTest, NamesAndOptions) {
  EXPECT_THAT(error_of([&] {
                thalweg::libtorch::RMSprop({{"w", leaf({2}, 1)}, {"w", leaf({2}, 2)}}, {});
              }),
              HasSubstr("\"w\""));
  EXPECT_THAT(error_of([&] { thalweg::libtorch::RMSprop({leaf({2}, 1)}, {.lr = -1}); }), HasSubstr("rmsprop: lr = -1"));
  Net net = seeded_net();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(net->parameters(), std::make_unique<torch::optim::LBFGSOptions>(0.1));
  EXPECT_THAT(error_of([&] { thalweg::libtorch::RMSprop(groups, {}); }),
              AllOf(HasSubstr("parameter group 0: its torch::optim::LBFGSOptions are options of no rule"),
                    HasSubstr("SGD, RMSprop, Adagrad, Adam and AdamW")));
  EXPECT_THAT(error_of([&] { thalweg::libtorch::RMSprop(*net, torch::optim::SGDOptions(1)); }),
              HasSubstr("options are torch::optim::SGDOptions, the rule is rmsprop"));
  EXPECT_THAT(error_of([&] { Optimizer(*net, torch::optim::LBFGSOptions(1)); }),
              HasSubstr("torch::optim::LBFGSOptions"));
  EXPECT_THAT(error_of([&] { thalweg::libtorch::AMSGrad(*net, torch::optim::AdamOptions(1)); }),
              HasSubstr(".amsgrad(true)"));
  EXPECT_THAT(
      error_of([&] {
        thalweg::libtorch::RMSprop(*net, {}, {{"x", {"*.bias"}, thalweg::RMSprop{}}, {"x", {"*"}, thalweg::RMSprop{}}});
      }),
      HasSubstr("two parameter groups are called \"x\""));
}

TEST(ErrorsTest, TwoTensorsOverOneMemory) {
  const torch::Tensor a = leaf({4}, 1), b = leaf({4}, 2), c = leaf({4}, 3);
  const auto names_both =
      AllOf(HasSubstr("\"encoder\""), HasSubstr("\"decoder\""), HasSubstr("register one tensor under both names"));
  b.set_data(a.detach());
  EXPECT_THAT(error_of([&] { thalweg::libtorch::RMSprop({{"encoder", a}, {"decoder", b}}, {}); }), names_both);
  // Tied afterwards: nothing steps, and once they are apart all goes on.
  thalweg::libtorch::RMSprop optimizer({{"encoder", a}, {"decoder", c}}, {.lr = 0.1});
  c.set_data(a.detach());
  give_gradients({a, c}, 1);
  const torch::Tensor before = a.detach().clone();
  EXPECT_THAT(error_of([&] { optimizer.step(); }), names_both);
  EXPECT_THAT(error_of([&] { optimizer.step(); }), names_both);
  EXPECT_TRUE(same_bits(a, before));
  c.set_data(a.detach().clone());
  optimizer.step();
  EXPECT_FALSE(same_bits(a, before));
}

TEST(ErrorsTest, GradientsThatDoNotFit) {
  const torch::Tensor a = leaf({4}, 1), w = leaf({2, 3}, 2);
  thalweg::libtorch::RMSprop optimizer({{"a", a}, {"layer.weight", w}}, {.lr = 0.1});
  const auto step_error = [&](const torch::Tensor& gradient) {
    const torch::Tensor a_before = a.detach().clone(), w_before = w.detach().clone();
    give_gradient(a, 1);
    w.mutable_grad() = gradient;
    const std::string message = error_of([&] { optimizer.step(); });
    EXPECT_TRUE(same_bits(a, a_before)) << "nothing may have changed";
    EXPECT_TRUE(same_bits(w, w_before));
    return message;
  };
  EXPECT_THAT(step_error(torch::ones({2, 3}, torch::kDouble)),
              HasSubstr("gradient of \"layer.weight\" has dtype double, the parameter float"));
  EXPECT_THAT(step_error(torch::ones({3, 2})),
              HasSubstr("gradient of \"layer.weight\" has shape [3, 2], the parameter [2, 3]"));
  EXPECT_THAT(step_error(torch::ones({7})), HasSubstr("has shape [7]"));
  EXPECT_THAT(step_error(torch::empty({2, 3}, torch::device(torch::kMeta))), HasSubstr("is on meta"));
  EXPECT_THAT(step_error(w.detach()), HasSubstr("\"layer.weight\"")) << "its own gradient";
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("a")), 0);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
