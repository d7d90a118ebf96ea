// Models: names, shapes, first values, and the same function as LibTorch's own layers give.
#include "error_of.h"
#include "models/model.h"
#include "onnx/graph.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace thalweg::lab {
namespace {

ModelShape images(std::int64_t channels, std::int64_t height, std::int64_t width, std::int64_t classes) {
  return {.inputs = {{.kind = InputKind::image, .shape = {channels, height, width}}}, .outputs = classes};
}

const ModelShape kFashion = images(1, 28, 28, 10);

std::shared_ptr<Model> make(const std::string& name, const ModelShape& shape, const std::vector<std::int64_t>& dense,
                            std::uint64_t seed) {
  return make_model(name, shape, {.dense = dense}, seed);
}

/// Those that take images and tell classes apart.
std::vector<std::string> of_images() {
  std::vector<std::string> names;
  for (const ModelEntry& model : models()) {
    const bool takes = std::ranges::find(model.inputs, InputKind::image) != model.inputs.end();
    const bool tells = std::ranges::find(model.targets, TargetKind::label) != model.targets.end();
    if (takes && tells) names.push_back(model.name);
  }
  return names;
}

std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const auto& item : model.named_parameters()) names.push_back(item.key());
  return names;
}

TEST(Models, HaveNamedParametersAndShapes) {
  EXPECT_THAT(names_of(*make("softmax", kFashion, {}, 1)), ::testing::ElementsAre("output.weight", "output.bias"));
  EXPECT_THAT(names_of(*make("mlp", kFashion, {32, 16}, 1)),
              ::testing::ElementsAre("dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias", "output.weight",
                                     "output.bias"));
  EXPECT_THAT(names_of(*make("cnn", kFashion, {128}, 1)),
              ::testing::ElementsAre("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "dense1.weight",
                                     "dense1.bias", "output.weight", "output.bias"));
  for (const std::string& name : of_images()) {
    EXPECT_EQ(make(name, images(3, 9, 14, 7), {20}, 1)->forward({torch::randn({5, 3, 9, 14})}).sizes(),
              (torch::IntArrayRef{5, 7}))
        << name;
  }
}

TEST(Models, FirstValuesDependOnSeedNameAndPlaceAlone) {
  for (const std::string& name : of_images()) {
    torch::manual_seed(1);
    const auto first = make(name, kFashion, {128}, 7);
    torch::manual_seed(2);
    const auto same = make(name, kFashion, {128}, 7), other = make(name, kFashion, {128}, 8);
    for (const auto& item : first->named_parameters()) {
      EXPECT_TRUE(item.value().equal(same->named_parameters()[item.key()])) << name << ' ' << item.key();
      EXPECT_FALSE(item.value().equal(other->named_parameters()[item.key()])) << name << ' ' << item.key();
    }
  }
}

TEST(Models, FirstValuesAreUniformInTheStatedBounds) {
  const auto model = make("cnn", kFashion, {128}, 3);
  const auto expect_uniform = [&](const char* name, double bound) {
    const torch::Tensor values = model->named_parameters()[name].detach().to(torch::kFloat64);
    EXPECT_LE(values.abs().max().item().toDouble(), bound) << name;
    const double n = static_cast<double>(values.numel());
    // Five standard errors of mean and variance of a uniform distribution.
    EXPECT_NEAR(values.mean().item().toDouble(), 0, 5 * bound / std::sqrt(3 * n)) << name;
    EXPECT_NEAR(values.square().mean().item().toDouble(), bound * bound / 3,
                5 * bound * bound * std::sqrt(4.0 / 45 / n))
        << name;
  };
  expect_uniform("conv2.weight", std::sqrt(6.0 / (32 * 9)));
  expect_uniform("dense1.weight", std::sqrt(6.0 / (64 * 7 * 7)));
  expect_uniform("output.weight", 1 / std::sqrt(128.0));
  expect_uniform("dense1.bias", 1 / std::sqrt(64.0 * 7 * 7));
}

// The network as a tutorial writes it: contiguous, ReLU before pool. Outputs and gradients must agree.
TEST(Models, CnnIsTheTutorialsNetwork) {
  const auto model = make("cnn", kFashion, {32}, 5);
  const torch::Tensor pixels = torch::randn({6, 1, 28, 28});
  std::map<std::string, torch::Tensor> p;
  for (const auto& item : model->named_parameters()) {
    p[item.key()] = item.value().detach().clone(torch::MemoryFormat::Contiguous).set_requires_grad(true);
  }
  torch::Tensor x = torch::max_pool2d(torch::relu(torch::conv2d(pixels, p["conv1.weight"], p["conv1.bias"], 1, 1)), 2);
  x = torch::max_pool2d(torch::relu(torch::conv2d(x, p["conv2.weight"], p["conv2.bias"], 1, 1)), 2);
  x = torch::relu(torch::linear(x.flatten(1), p["dense1.weight"], p["dense1.bias"]));
  const torch::Tensor expected = torch::linear(x, p["output.weight"], p["output.bias"]);
  const torch::Tensor logits = model->forward({pixels});
  EXPECT_TRUE(torch::allclose(logits, expected, 1e-4, 1e-4));
  const torch::Tensor direction = torch::randn({6, 10});
  logits.backward(direction);
  expected.backward(direction);
  for (const auto& item : model->named_parameters()) {
    EXPECT_TRUE(torch::allclose(item.value().grad(), p[item.key()].grad(), 1e-3, 1e-3)) << item.key();
  }
}

TEST(Models, ThatHaveNoNodesSaySo) {
  class Other : public Model {
   public:
    Other() : Model(1) {}
    torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override { return inputs.front(); }
    std::string script() const override { return "y = x\n"; }
  };
  OnnxGraph graph("other");
  const std::string x = graph.input("x", OnnxType::float32, {"n"});
  EXPECT_THAT(tests::error_of([&] { Other().onnx(graph, {x}); }), ::testing::HasSubstr("ONNX"));
}

TEST(Models, ErrorsNameAndSuggest) {
  const auto message = [](const char* name, const ModelShape& shape, const std::vector<std::int64_t>& dense) {
    return tests::error_of([&] { make(name, shape, dense, 1); });
  };
  EXPECT_THAT(message("cmn", kFashion, {128}),
              ::testing::AllOf(::testing::HasSubstr("cmn"), ::testing::HasSubstr("cnn")));
  EXPECT_THAT(message("mlp", kFashion, {16, 0}), ::testing::HasSubstr("width 0"));
  EXPECT_THAT(message("cnn", images(1, 3, 28, 10), {128}), ::testing::HasSubstr("3 × 28"));
}

}  // namespace
}  // namespace thalweg::lab
