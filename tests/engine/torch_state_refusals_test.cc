// What from_torch_state and to_torch_state refuse, and how they say so.
#include "engine/torch_state_cases.h"
#include "engine/training.h"
#include "engine/without_checksum.h"
#include "error_of.h"

#include <thalweg/dialects.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using safetensors::Dtype;
using safetensors::Tensor;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Matcher;

/// One recorded state of every kind of place: SGD has no step, NAdam a scalar, Adam three columns.
class TorchStateRefusals : public ::testing::Test {
 protected:
  explicit TorchStateRefusals(const std::string& class_name = "Adam", std::size_t place = 0)
      : recorded_(torch_state_case(class_name, true, place)),
        run_(recorded_, recorded_.after_10, Options::of(recorded_.groups[0].options.rule().name)) {}

  /// The error that the file gives after this change; the optimizer stays as it is.
  std::string refused(const std::function<void(State&)>& change) {
    State file = recorded_.file;
    change(file);
    const auto before = safetensors::to_bytes(run_.optimizer.state());
    const std::string error = error_of([&] { (void)from_torch_state(file, run_.optimizer); });
    EXPECT_EQ(safetensors::to_bytes(run_.optimizer.state()), before);
    EXPECT_THAT(error, ::testing::StartsWith("torch state: "));
    return error;
  }

  std::string refused_tensor(const std::string& name, const std::function<void(Tensor&)>& change) {
    return refused([&](State& file) { change(file.tensors.at(name)); });
  }

  /// With the first occurrence in the metadata replaced.
  std::string refused_groups(const std::string& from, const std::string& to) {
    return refused([&](State& file) {
      std::string& text = file.metadata.at("param_groups");
      const std::size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos) << from << " is not in " << text;
      text.replace(at, from.size(), to);
    });
  }

  const TorchStateCase& recorded_;
  TorchStateRun<double> run_;
};

class NAdamStateRefusals : public TorchStateRefusals {
 protected:
  NAdamStateRefusals() : TorchStateRefusals("NAdam") {}
};

class TorchGroupsRefusals : public TorchStateRefusals {
 protected:
  TorchGroupsRefusals() : TorchStateRefusals("Adam", 1) {}
};

class AdafactorStateRefusals : public TorchStateRefusals {
 protected:
  AdafactorStateRefusals() : TorchStateRefusals("Adafactor") {}
};

template <class T>
Tensor tensor_of(std::vector<T> numbers, std::vector<std::uint64_t> shape) {
  return safetensors::make_tensor(std::span<const T>(numbers), std::move(shape));
}

TEST_F(TorchStateRefusals, Metadata) {
  EXPECT_THAT(refused([](State& file) { file.metadata.erase("class"); }), HasSubstr("metadata \"class\" is missing"));
  EXPECT_THAT(refused([](State& file) { file.metadata.erase("param_groups"); }),
              HasSubstr("metadata \"param_groups\" is missing"));
  EXPECT_THAT(refused([](State& file) { file.metadata["class"] = "AdmaW"; }),
              AllOf(HasSubstr("metadata \"class\": "), HasSubstr("'AdmaW'"), HasSubstr("did you mean AdamW")));
  EXPECT_THAT(refused([](State& file) { file.metadata["class"] = "SparseAdam"; }), HasSubstr("'SparseAdam'"));
  EXPECT_THAT(refused([](State& file) { file.metadata["class"] = "RMSprop"; }),
              HasSubstr("is of RMSprop, the optimizer's rule is adam"));
  EXPECT_THAT(refused([](State& file) { file.metadata["param_groups"] = "[{"; }),
              AllOf(HasSubstr("metadata \"param_groups\""), HasSubstr("offset")));
  EXPECT_THAT(refused([](State& file) { file.metadata["param_groups"] = "{}"; }),
              AllOf(HasSubstr("param_groups"), HasSubstr("an object stands where an array belongs")));
  EXPECT_THAT(refused([](State& file) { file.metadata["param_groups"] = "[3]"; }), HasSubstr("param_groups[0]"));
}

TEST_F(TorchStateRefusals, Groups) {
  EXPECT_THAT(refused([](State& file) { file.metadata["param_groups"] = "[]"; }),
              HasSubstr("has 0 param_groups, the optimizer has 1"));
  EXPECT_THAT(refused_groups("\"params\"", "\"parms\""),
              AllOf(HasSubstr("param_groups[0]"), HasSubstr("'parms'"), HasSubstr("params")));
  EXPECT_THAT(refused_groups("\"layer.bias\"", "7"),
              AllOf(HasSubstr("param_groups[0]: params, which are names here"), HasSubstr("7")));
  EXPECT_THAT(refused_groups("\"eps\": 0.001", "\"eps\": -0.001"),
              HasSubstr("param_groups[0]: torch Adam: eps = -0.001 is outside [0, ∞)"));
  EXPECT_THAT(refused_groups("\"eps\"", "\"esp\""),
              AllOf(HasSubstr("param_groups[0]"), HasSubstr("did you mean eps?")));
}

TEST_F(TorchGroupsRefusals, SecondGroup) {
  EXPECT_THAT(refused_groups("{", "{}, {"), HasSubstr("has 3 param_groups, the optimizer has 2"));
  EXPECT_THAT(refused_groups("\"weight_decay\": 0.3", "\"weight_decay\": -1"),
              HasSubstr("param_groups[1]: torch Adam"));
  EXPECT_THAT(refused_groups("\"scale\"", "\"late\""),
              AllOf(HasSubstr("param_groups[1]"), HasSubstr("\"late\" is there twice")));
  TorchStateRun<double> one(torch_state_case("Adam"), recorded_.after_10, Options::of("adam"));
  EXPECT_THAT(error_of([&] { (void)from_torch_state(recorded_.file, one.optimizer); }),
              HasSubstr("has 2 param_groups, the optimizer has 1"));
}

TEST_F(TorchStateRefusals, Parameters) {
  EXPECT_THAT(refused_groups("\"layer.bias\"", "\"layer.bais\""),
              AllOf(HasSubstr("no parameter \"layer.bais\""), HasSubstr("did you mean layer.bias?")));
  EXPECT_THAT(refused_groups("\"layer.weight\", ", ""), HasSubstr("parameter \"layer.weight\" is in no param group"));
  EXPECT_THAT(refused_groups("\"layer.bias\"", "\"layer.weight\""),
              AllOf(HasSubstr("\"layer.weight\""), HasSubstr("twice")));
  std::vector<double> more(3);
  run_.optimizer.add("more", more);
  EXPECT_THAT(refused([](State&) {}), HasSubstr("parameter \"more\" is in no param group"));
}

TEST_F(TorchStateRefusals, TensorNames) {
  const auto renamed = [&](const std::string& to) {
    return refused([&](State& file) { file.tensors[to] = tensor_of<double>({1, 2, 3}, {3}); });
  };
  EXPECT_THAT(renamed("scale"), AllOf(HasSubstr("tensor \"scale\" belongs to no parameter"), HasSubstr("scale")));
  EXPECT_THAT(renamed("sale/exp_avg"),
              AllOf(HasSubstr("tensor \"sale/exp_avg\" belongs to no parameter"), HasSubstr("did you mean scale?")));
  EXPECT_THAT(renamed("scale/exp_avgs"), AllOf(HasSubstr("\"scale/exp_avgs\": torch's Adam keeps no \"exp_avgs\""),
                                               HasSubstr("did you mean exp_avg")));
  EXPECT_THAT(renamed("scale/mu_product"), HasSubstr("keeps no \"mu_product\""));
  EXPECT_THAT(renamed("late/exp_avg"),
              AllOf(HasSubstr("\"late/exp_avg_sq\" is missing"), HasSubstr("late/exp_avg\" is")))
      << "late has no state, so its one tensor lacks the others";
}

TEST_F(TorchStateRefusals, MissingTensors) {
  for (const char* key : {"step", "exp_avg", "exp_avg_sq"}) {
    EXPECT_THAT(refused([&](State& file) { file.tensors.erase("layer.bias/" + std::string(key)); }),
                HasSubstr("tensor \"layer.bias/" + std::string(key) + "\" is missing, \"layer.bias/"));
  }
  // The options say that there is one more.
  EXPECT_THAT(refused_groups("\"amsgrad\": false", "\"amsgrad\": true"), HasSubstr("/max_exp_avg_sq\" is missing"));
}

TEST_F(NAdamStateRefusals, Scalars) {
  EXPECT_THAT(refused([](State& file) { file.tensors.erase("scale/mu_product"); }),
              HasSubstr("\"scale/mu_product\" is missing"));
  const auto with = [&](const Tensor& product) {
    return refused_tensor("scale/mu_product", [&](Tensor& tensor) { tensor = product; });
  };
  EXPECT_THAT(with(tensor_of<double>({-0.5}, {})), HasSubstr("\"scale/mu_product\" = -0.5 is outside [0, 1]"));
  EXPECT_THAT(with(tensor_of<float>({1.5f}, {})), HasSubstr("= 1.5 is outside [0, 1]"));
  EXPECT_THAT(with(tensor_of<float>({std::numeric_limits<float>::quiet_NaN()}, {})), HasSubstr("= nan"));
  EXPECT_THAT(with(tensor_of<float>({0.5f, 0.5f}, {2})), HasSubstr("allowed is a single number"));
}

TEST_F(TorchStateRefusals, ShapesAndTypes) {
  const std::string name = "layer.weight/exp_avg", called = "tensor \"" + name + "\"";
  EXPECT_THAT(refused_tensor(name,
                             [](Tensor& tensor) {
                               tensor = tensor_of<float>({1, 2, 3, 4, 5, 6}, {2, 3});
                             }),
              HasSubstr(called + " is F32, the parameter F64"));
  EXPECT_THAT(refused_tensor(name, [](Tensor& tensor) { tensor.dtype = Dtype::BF16; }),
              HasSubstr(called + " is BF16, the parameter F64"));
  EXPECT_THAT(refused_tensor(name,
                             [](Tensor& tensor) {
                               tensor = tensor_of<double>({1, 2}, {2});
                             }),
              HasSubstr(called + " has shape [2] and 16 bytes, the parameter 6 elements of 8 bytes"));
  EXPECT_THAT(refused_tensor(name, [](Tensor& tensor) { tensor.shape = {2, 2}; }), HasSubstr("[2, 2]"));
  EXPECT_THAT(refused_tensor(name, [](Tensor& tensor) { tensor.data.resize(40); }), HasSubstr("40 bytes"));
  EXPECT_THAT(refused_tensor(name, [](Tensor& tensor) { tensor.shape = {1ull << 33, 1ull << 33}; }), HasSubstr(called));
}

TEST_F(AdafactorStateRefusals, RowsAndColumns) {
  const std::string rows = "layer.weight/row_var", columns = "layer.weight/col_var";
  EXPECT_THAT(refused_tensor(rows,
                             [](Tensor& tensor) {
                               tensor = tensor_of<double>({1, 2, 3}, {3, 1});
                             }),
              HasSubstr("has shape [3, 1] and 24 bytes, the parameter's rows 2 elements of 8 bytes"));
  EXPECT_THAT(refused([&](State& file) { file.tensors.erase(columns); }),
              HasSubstr("\"layer.weight/col_var\" is missing, \"layer.weight/row_var\" is there"));
  EXPECT_THAT(refused([&](State& file) {
                file.tensors.erase("layer.bias/variance");
                file.tensors["layer.bias/row_var"] = tensor_of<double>({1, 1}, {2, 1});
              }),
              HasSubstr("\"layer.bias/row_var\" is of a matrix, the parameter of shape [2] is none here; add it with "
                        "the shape that it has in torch"));
}

TEST_F(AdafactorStateRefusals, AnEpsilonOfTwoTypes) {
  std::vector<float> other(1);
  run_.optimizer.add("other", other);
  EXPECT_THAT(refused_groups("\"params\": [", "\"params\": [\"other\", "),
              HasSubstr("param_groups[0]: eps[0] = null is another ε for parameters of f32 than for those of f64"));
}

TEST_F(TorchStateRefusals, StepNumbers) {
  const auto with = [&](const Tensor& step) {
    return refused_tensor("scale/step", [&](Tensor& tensor) { tensor = step; });
  };
  const std::string called = "tensor \"scale/step\"";
  EXPECT_THAT(with(tensor_of<float>({2.5f}, {})), HasSubstr(called + " = 2.5; allowed are whole numbers"));
  EXPECT_THAT(with(tensor_of<float>({-1}, {})), HasSubstr(called + " = -1 is outside [0, 9007199254740992]"));
  EXPECT_THAT(with(tensor_of<double>({1e300}, {})), HasSubstr("is outside"));
  EXPECT_THAT(with(tensor_of<float>({std::numeric_limits<float>::infinity()}, {})), HasSubstr("= inf is outside"));
  EXPECT_THAT(with(tensor_of<double>({std::numeric_limits<double>::quiet_NaN()}, {})), HasSubstr("= nan is outside"));
  EXPECT_THAT(with(tensor_of<std::int64_t>({-3}, {})), HasSubstr("= -3 is outside"));
  EXPECT_THAT(with(tensor_of<float>({1, 2}, {2})), HasSubstr(called + " has shape [2]; allowed is a single number"));
  EXPECT_THAT(with({.dtype = Dtype::F32, .shape = {}, .data = {}}), HasSubstr("allowed is a single number"));
  EXPECT_THAT(with({.dtype = Dtype::I32, .shape = {}, .data = std::vector<std::byte>(4)}),
              HasSubstr(called + " is I32; allowed are F32, F64 and I64"));
}

TEST_F(TorchStateRefusals, AcceptsStepNumbersOfAnyKind) {
  for (const Tensor& step :
       {tensor_of<float>({7}, {1}), tensor_of<double>({7}, {}), tensor_of<std::int64_t>({7}, {1, 1})}) {
    State file = recorded_.file;
    file.tensors["scale/step"] = step;
    run_.optimizer.load(from_torch_state(file, run_.optimizer));
    EXPECT_EQ(run_.optimizer.step_number(run_.optimizer.find("scale")), 7);
  }
}

// Whatever became of a file, it is refused by an Error or can be loaded.
TEST_F(NAdamStateRefusals, EveryByteChanged) {
  const std::vector<std::byte> good = without_checksum(safetensors::to_bytes(recorded_.file));
  int loaded = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int value : {0x00, 0x31, 0x7F, 0xFF}) {
      std::vector<std::byte> bytes = good;
      bytes[at] = static_cast<std::byte>(value);
      try {
        run_.optimizer.load(from_torch_state(safetensors::from_bytes(bytes, "changed"), run_.optimizer));
        ++loaded;
      } catch (const Error&) {  // anything else ends the test
      }
    }
  }
  EXPECT_GE(loaded, 100) << "numbers may be any";
}

TEST(TorchStateOptimizers, WithoutACounterpartAreRefused) {
  const auto refused = [](const Options& options, StepCount count = StepCount::per_parameter) {
    Training run(options, false, count);
    return error_of([&] { (void)to_torch_state(run.optimizer); });
  };
  EXPECT_THAT(refused(Options::of("lion")), HasSubstr("lion has no counterpart in torch"));
  EXPECT_THAT(refused(parse_options("rmsprop:eps_inside=true")), HasSubstr("eps_inside = true has no counterpart"));
  EXPECT_THAT(refused(Options::of("adam"), StepCount::shared),
              HasSubstr("torch state: steps counted for all parameters have no counterpart in torch"));
  const TorchStateCase& recorded = torch_state_case("Adam");
  Optimizer shared(Options::of("adam"), {.step_count = StepCount::shared});
  EXPECT_THAT(error_of([&] { (void)from_torch_state(recorded.file, shared); }),
              HasSubstr("make it with StepCount::per_parameter"));
  Optimizer mixed(Options::of("adam"));
  mixed.add_group("words", Options::of("adagrad"));
  for (const std::string& error : {error_of([&] { (void)to_torch_state(mixed); }),
                                   error_of([&] { (void)from_torch_state(recorded.file, mixed); })}) {
    EXPECT_THAT(error, HasSubstr("torch state: group \"words\" is under the rule adagrad, the first under adam"));
  }
  std::vector<double> theta(6, 1), gradient(6, 1);
  Optimizer transposed(Options::of("adafactor"));
  transposed.add("a", theta, Shape({2, 3}, {1, 2}));
  transposed.step({{"a", gradient}});
  EXPECT_THAT(
      error_of([&] { (void)to_torch_state(transposed); }),
      AllOf(HasSubstr("parameter \"a\" of shape [2, 3]"), HasSubstr("has no counterpart in torch's Adafactor")));
  Optimizer lion(Options::of("lion"));
  EXPECT_THAT(error_of([&] { (void)from_torch_state(recorded.file, lion); }),
              HasSubstr("is of Adam, the optimizer's rule is lion"));
}

}  // namespace
}  // namespace thalweg::tests
