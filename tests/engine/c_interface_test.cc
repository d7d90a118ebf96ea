// Tests of the C interface: the bits are those of Optimizer, and what is wrong is a status with a message.
#include <thalweg/c.h>
#include <thalweg/optimizer.h>
#include <thalweg/version.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace {

using testing::HasSubstr;
using testing::StrEq;

constexpr const char* kDescription =
    "rmsprop:lr=0.02,momentum=0.5,weight_decay=0.1 clip=global_norm:0.7 average=ema:0.9 check=guard "
    "group[*.bias]=weight_decay=0,lr_scale=2";

/// A matrix of floats and a bias of doubles, with gradients that depend on the step.
struct Model {
  std::vector<float> weight{1, -2, 3, -4, 5, -6};
  std::vector<double> bias{0.5, -0.5};
  std::vector<float> weight_gradient;
  std::vector<double> bias_gradient;

  void new_gradients(int step) {
    weight_gradient.assign(6, 0.25F * static_cast<float>(step));
    weight_gradient[1] = -1;
    bias_gradient = {0.125 * step, -3};
  }
};

const std::array<std::int64_t, 2> kSizes{3, 2};
const std::int64_t kBiasSize = 2;

/// Destroys what a test has made.
class Handle {
 public:
  explicit Handle(const char* description = kDescription, const thalweg_execution* execution = nullptr) {
    EXPECT_EQ(thalweg_create(description, execution, &optimizer_), THALWEG_OK) << thalweg_message();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { thalweg_destroy(optimizer_); }

  thalweg_optimizer* get() const { return optimizer_; }

 private:
  thalweg_optimizer* optimizer_ = nullptr;
};

class CInterface : public testing::Test {
 protected:
  void add(const Handle& optimizer, Model& model) {
    ASSERT_EQ(
        thalweg_add(optimizer.get(), "dense.weight", THALWEG_F32, model.weight.data(), kSizes.data(), 2, &weight_),
        THALWEG_OK);
    ASSERT_EQ(thalweg_add(optimizer.get(), "dense.bias", THALWEG_F64, model.bias.data(), &kBiasSize, 1, &bias_),
              THALWEG_OK);
  }

  std::array<thalweg_gradient, 2> gradients(const Model& model) const {
    std::array<thalweg_gradient, 2> result{thalweg_gradient(THALWEG_GRADIENT_INIT),
                                           thalweg_gradient(THALWEG_GRADIENT_INIT)};
    result[0].parameter = weight_;
    result[0].values = model.weight_gradient.data();
    result[0].count = model.weight_gradient.size();
    result[1].parameter = bias_;
    result[1].dtype = THALWEG_F64;
    result[1].values = model.bias_gradient.data();
    result[1].count = model.bias_gradient.size();
    return result;
  }

  void step(const Handle& optimizer, Model& model, int number) {
    model.new_gradients(number);
    const auto both = gradients(model);
    ASSERT_EQ(thalweg_step(optimizer.get(), both.data(), both.size(), nullptr, nullptr), THALWEG_OK)
        << thalweg_message();
  }

  std::string state_of(const Handle& optimizer) {
    void* bytes = nullptr;
    std::size_t size = 0;
    EXPECT_EQ(thalweg_state(optimizer.get(), &bytes, &size), THALWEG_OK) << thalweg_message();
    std::string state(static_cast<const char*>(bytes), size);
    thalweg_free(bytes);
    return state;
  }

  std::uint32_t weight_ = 0, bias_ = 0;
};

TEST_F(CInterface, GivesTheBitsOfOptimizer) {
  Model by_c, by_cpp;
  const Handle c;
  add(c, by_c);
  thalweg::Optimizer cpp(thalweg::parse_description(kDescription));
  cpp.add("dense.weight", by_cpp.weight, {3, 2});
  cpp.add("dense.bias", by_cpp.bias);
  for (int i = 1; i <= 5; ++i) {
    step(c, by_c, i);
    by_cpp.new_gradients(i);
    cpp.step({{"dense.weight", by_cpp.weight_gradient}, {"dense.bias", by_cpp.bias_gradient}});
  }
  EXPECT_EQ(by_c.weight, by_cpp.weight);
  EXPECT_EQ(by_c.bias, by_cpp.bias);
  const std::vector<std::byte> state = thalweg::safetensors::to_bytes(cpp.state());
  EXPECT_EQ(state_of(c), std::string(reinterpret_cast<const char*>(state.data()), state.size()));

  ASSERT_EQ(thalweg_swap_averages(c.get()), THALWEG_OK);
  cpp.swap_averages();
  EXPECT_EQ(by_c.weight, by_cpp.weight);
  EXPECT_EQ(thalweg_step(c.get(), nullptr, 0, nullptr, nullptr), THALWEG_REFUSED) << "averages are swapped";
  ASSERT_EQ(thalweg_swap_averages(c.get()), THALWEG_OK);

  char* text = nullptr;
  ASSERT_EQ(thalweg_describe(c.get(), &text), THALWEG_OK);
  EXPECT_EQ(text, cpp.description().text());
  thalweg_free(text);
  std::int64_t steps = 0;
  ASSERT_EQ(thalweg_step_number(c.get(), bias_, &steps), THALWEG_OK);
  EXPECT_EQ(steps, 5);
}

TEST_F(CInterface, ReportsWhatAStepDid) {
  thalweg_execution execution = THALWEG_EXECUTION_INIT;
  execution.reporting = THALWEG_TOTALS;
  execution.threads = 1;
  execution.backend = "reference";
  const Handle optimizer("sgd:lr=0.5 clip=global_norm:5 check=guard", &execution);
  std::vector<float> x{1, 2};
  const std::int64_t size = 2;
  std::uint32_t parameter = 0;
  ASSERT_EQ(thalweg_add(optimizer.get(), "x", THALWEG_F32, x.data(), &size, 1, &parameter), THALWEG_OK);
  std::vector<float> g{6, 8};  // of norm 10: halved
  thalweg_gradient gradient = THALWEG_GRADIENT_INIT;
  gradient.parameter = parameter;
  gradient.values = g.data();
  gradient.count = 2;
  thalweg_report report = THALWEG_REPORT_INIT;
  ASSERT_EQ(thalweg_step(optimizer.get(), &gradient, 1, nullptr, &report), THALWEG_OK);
  EXPECT_THAT(thalweg_message(), StrEq(""));
  EXPECT_EQ(report.outcome, THALWEG_APPLIED);
  EXPECT_NEAR(report.gradient_norm, 10, 1e-12);
  EXPECT_NEAR(report.clip_factor, 0.5, 1e-6);
  EXPECT_NEAR(report.update_norm, 2.5, 1e-6);
  EXPECT_NEAR(report.parameter_norm, 0.5, 1e-6);  // of {−0.5, 0}
  EXPECT_EQ(report.refused_steps, 0);

  const std::vector<float> before = x;
  g[1] = std::numeric_limits<float>::infinity();
  ASSERT_EQ(thalweg_step(optimizer.get(), &gradient, 1, nullptr, &report), THALWEG_OK)
      << "refused by the check, not by us";
  EXPECT_EQ(report.outcome, THALWEG_NON_FINITE);
  EXPECT_EQ(report.non_finite, 1U);
  EXPECT_EQ(report.refused_steps, 1);
  EXPECT_THAT(thalweg_message(), HasSubstr("x"));
  EXPECT_EQ(x, before);
}

TEST_F(CInterface, NormsThatNobodyAskedForAreNaN) {
  const Handle optimizer("sgd:lr=0.5");
  thalweg_report report = THALWEG_REPORT_INIT;
  ASSERT_EQ(thalweg_step(optimizer.get(), nullptr, 0, nullptr, &report), THALWEG_OK);
  EXPECT_TRUE(std::isnan(report.gradient_norm));
  EXPECT_TRUE(std::isnan(report.update_norm));
}

TEST_F(CInterface, RowsAndPartsGiveTheBitsOfOneDenseStep) {
  const char* description = "adagrad:lr=0.1";
  const Handle dense(description), rows(description);
  std::vector<float> x{1, 2, 3, 4, 5, 6}, y = x;
  std::uint32_t parameter = 0;
  ASSERT_EQ(thalweg_add(dense.get(), "x", THALWEG_F32, x.data(), kSizes.data(), 2, &parameter), THALWEG_OK);
  ASSERT_EQ(thalweg_add(rows.get(), "x", THALWEG_F32, y.data(), kSizes.data(), 2, &parameter), THALWEG_OK);
  const std::vector<float> all{1.5F, 3, 0, 0, -1, 2}, some{-1, 2, 1, 2, 0.5F, 1};
  const std::vector<std::int64_t> indices{2, 0, 0};
  thalweg_gradient gradient = THALWEG_GRADIENT_INIT;
  gradient.parameter = parameter;
  gradient.values = all.data();
  gradient.count = all.size();
  ASSERT_EQ(thalweg_step(dense.get(), &gradient, 1, nullptr, nullptr), THALWEG_OK);
  gradient.values = some.data();
  gradient.rows = indices.data();
  gradient.row_count = indices.size();
  ASSERT_EQ(thalweg_begin_step(rows.get(), nullptr), THALWEG_OK);
  ASSERT_EQ(thalweg_update(rows.get(), &gradient), THALWEG_OK) << thalweg_message();
  EXPECT_EQ(thalweg_update(rows.get(), &gradient), THALWEG_REFUSED) << "two gradients for one parameter";
  ASSERT_EQ(thalweg_end_step(rows.get(), nullptr), THALWEG_OK);
  EXPECT_EQ(x, y);
}

TEST_F(CInterface, AStateGoesOnElsewhere) {
  Model first, second;
  const Handle before, after;
  add(before, first);
  step(before, first, 1);
  second = first;
  add(after, second);
  const std::string state = state_of(before);
  ASSERT_EQ(thalweg_load_state(after.get(), state.data(), state.size()), THALWEG_OK) << thalweg_message();
  step(before, first, 2);
  step(after, second, 2);
  EXPECT_EQ(first.weight, second.weight);
  EXPECT_EQ(state_of(before), state_of(after));

  const std::string file = testing::TempDir() + "c_interface_ψ.safetensors";
  ASSERT_EQ(thalweg_save(before.get(), file.c_str()), THALWEG_OK) << thalweg_message();
  step(after, second, 3);
  ASSERT_EQ(thalweg_load(after.get(), file.c_str()), THALWEG_OK) << thalweg_message();
  EXPECT_EQ(state_of(before), state_of(after));
  std::filesystem::remove(file);

  const std::string damaged = state.substr(0, state.size() - 1);
  EXPECT_EQ(thalweg_load_state(after.get(), damaged.data(), damaged.size()), THALWEG_REFUSED);
  EXPECT_EQ(state_of(before), state_of(after)) << "nothing was changed";
}

TEST_F(CInterface, OptionsGroupsAndSchedules) {
  Model model;
  const Handle optimizer("adamw:lr=0.1 schedule=linear group[*.bias]=lr_scale=2");
  add(optimizer, model);
  ASSERT_EQ(thalweg_set_run_length(optimizer.get(), 2, 10), THALWEG_OK) << thalweg_message();
  double value = 0;
  ASSERT_EQ(thalweg_set_option(optimizer.get(), nullptr, "weight_decay", 0.25), THALWEG_OK);
  ASSERT_EQ(thalweg_set_option(optimizer.get(), "*.bias", "weight_decay", 0.5), THALWEG_OK);
  ASSERT_EQ(thalweg_get_option(optimizer.get(), nullptr, "weight_decay", &value), THALWEG_OK);
  EXPECT_EQ(value, 0.25);
  ASSERT_EQ(thalweg_get_option(optimizer.get(), "*.bias", "weight_decay", &value), THALWEG_OK);
  EXPECT_EQ(value, 0.5);
  ASSERT_EQ(thalweg_get_option(optimizer.get(), "*.bias", "lr", &value), THALWEG_OK);
  EXPECT_EQ(value, 0.2);
  EXPECT_EQ(thalweg_set_option(optimizer.get(), nullptr, "alpha", 0.5), THALWEG_REFUSED) << "AdamW has none";
  EXPECT_EQ(thalweg_set_option(optimizer.get(), nullptr, "lr", -1), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("lr = -1"));
  EXPECT_EQ(thalweg_get_option(optimizer.get(), "*.bais", "lr", &value), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("*.bias")) << "the nearest name";
  EXPECT_EQ(thalweg_see_metric(optimizer.get(), 1), THALWEG_REFUSED) << "no plateau";
}

TEST_F(CInterface, ParametersMoveAndGo) {
  Model model;
  const Handle optimizer("sgd:lr=1");
  add(optimizer, model);
  std::vector<double> elsewhere = model.bias;
  EXPECT_EQ(thalweg_rebind(optimizer.get(), bias_, THALWEG_F32, elsewhere.data(), 2), THALWEG_REFUSED);
  EXPECT_EQ(thalweg_rebind(optimizer.get(), bias_, THALWEG_F64, elsewhere.data(), 3), THALWEG_REFUSED);
  ASSERT_EQ(thalweg_rebind(optimizer.get(), bias_, THALWEG_F64, elsewhere.data(), 2), THALWEG_OK);
  step(optimizer, model, 1);
  EXPECT_EQ(elsewhere, (std::vector<double>{0.375, 2.5}));
  EXPECT_EQ(model.bias, (std::vector<double>{0.5, -0.5}));
  ASSERT_EQ(thalweg_remove(optimizer.get(), bias_), THALWEG_OK);
  EXPECT_EQ(thalweg_remove(optimizer.get(), bias_), THALWEG_REFUSED);
  const auto both = gradients(model);
  EXPECT_EQ(thalweg_step(optimizer.get(), both.data(), 2, nullptr, nullptr), THALWEG_REFUSED);
}

TEST_F(CInterface, AScalarHasNoSizesAndAnEmptyParameterNoMemory) {
  const Handle optimizer("sgd:lr=1");
  float x = 3;
  std::uint32_t parameter = 0;
  ASSERT_EQ(thalweg_add(optimizer.get(), "x", THALWEG_F32, &x, nullptr, 0, &parameter), THALWEG_OK)
      << thalweg_message();
  const std::int64_t none = 0;
  EXPECT_EQ(thalweg_add(optimizer.get(), "empty", THALWEG_F32, nullptr, &none, 1, &parameter), THALWEG_OK)
      << thalweg_message();
}

// An older caller's structs are shorter, a newer one's longer: here by one more field.
struct NewerGradient {
  thalweg_gradient known;
  double unknown;
};
struct NewerReport {
  thalweg_report known;
  double unknown;
};

TEST_F(CInterface, UnderstandsNewerStructsWhoseUnknownPartIsZero) {
  const Handle optimizer("sgd:lr=1");
  Model model;
  add(optimizer, model);
  model.new_gradients(1);
  const auto both = gradients(model);
  std::array<NewerGradient, 2> newer{NewerGradient{both[0], 0}, NewerGradient{both[1], 0}};
  for (NewerGradient& each : newer) each.known.struct_size = sizeof(NewerGradient);
  NewerReport report{thalweg_report(THALWEG_REPORT_INIT), 0.25};
  report.known.struct_size = sizeof(NewerReport);
  EXPECT_EQ(thalweg_step(optimizer.get(), &newer[0].known, 2, nullptr, &report.known), THALWEG_REFUSED)
      << "it asks for what nobody will write";
  report.unknown = 0;
  ASSERT_EQ(thalweg_step(optimizer.get(), &newer[0].known, 2, nullptr, &report.known), THALWEG_OK) << thalweg_message();
  EXPECT_EQ(model.weight[1], -1);
  EXPECT_EQ(model.bias[1], 2.5);
  newer[1].unknown = 1;
  EXPECT_EQ(thalweg_step(optimizer.get(), &newer[0].known, 2, nullptr, nullptr), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("thalweg_gradient"));
  newer[1].unknown = 0;
  newer[1].known.struct_size = sizeof(thalweg_gradient);
  EXPECT_EQ(thalweg_step(optimizer.get(), &newer[0].known, 2, nullptr, nullptr), THALWEG_REFUSED) << "of two sizes";
  newer[0].known.struct_size = 8;
  EXPECT_EQ(thalweg_step(optimizer.get(), &newer[0].known, 1, nullptr, nullptr), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("struct_size = 8"));
  EXPECT_EQ(model.bias[1], 2.5) << "nothing was changed";
}

TEST_F(CInterface, RefusesWhatIsMissingOrWrongByName) {
  thalweg_optimizer* made = nullptr;
  EXPECT_EQ(thalweg_create(nullptr, nullptr, &made), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), StrEq("thalweg_create: description is NULL"));
  EXPECT_EQ(thalweg_create("sgd", nullptr, nullptr), THALWEG_REFUSED);
  EXPECT_EQ(thalweg_create("rmsprob:lr=1", nullptr, &made), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("rmsprop"));
  thalweg_execution execution = THALWEG_EXECUTION_INIT;
  execution.backend = "gpu";
  EXPECT_EQ(thalweg_create("sgd", &execution, &made), THALWEG_REFUSED);
  execution = THALWEG_EXECUTION_INIT;
  execution.reporting = 7;
  EXPECT_EQ(thalweg_create("sgd", &execution, &made), THALWEG_REFUSED);
  execution = THALWEG_EXECUTION_INIT;
  execution.threads = -1;
  EXPECT_EQ(thalweg_create("sgd", &execution, &made), THALWEG_REFUSED);
  EXPECT_EQ(made, nullptr);

  const Handle optimizer("sgd:lr=1");
  std::vector<float> x(6);
  std::uint32_t parameter = 77;
  const auto add = [&](const char* name, std::int32_t dtype, void* data, const std::int64_t* sizes,
                       std::size_t dimensions) {
    return thalweg_add(optimizer.get(), name, dtype, data, sizes, dimensions, &parameter);
  };
  EXPECT_EQ(add(nullptr, THALWEG_F32, x.data(), kSizes.data(), 2), THALWEG_REFUSED);
  EXPECT_EQ(add("", THALWEG_F32, x.data(), kSizes.data(), 2), THALWEG_REFUSED);
  EXPECT_EQ(add("\xff", THALWEG_F32, x.data(), kSizes.data(), 2), THALWEG_REFUSED) << "not UTF-8";
  EXPECT_EQ(add("x", 2, x.data(), kSizes.data(), 2), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("dtype = 2"));
  EXPECT_EQ(add("x", THALWEG_F32, nullptr, kSizes.data(), 2), THALWEG_REFUSED);
  EXPECT_EQ(add("x", THALWEG_F32, x.data(), nullptr, 2), THALWEG_REFUSED);
  const std::array<std::int64_t, 2> negative{-1, 2}, huge{std::int64_t{1} << 40, std::int64_t{1} << 40};
  EXPECT_EQ(add("x", THALWEG_F32, x.data(), negative.data(), 2), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("-1"));
  EXPECT_EQ(add("x", THALWEG_F32, x.data(), huge.data(), 2), THALWEG_REFUSED);
  EXPECT_EQ(parameter, 77U) << "nothing was written";
  ASSERT_EQ(add("x", THALWEG_F32, x.data(), kSizes.data(), 2), THALWEG_OK);
  EXPECT_EQ(add("x", THALWEG_F32, x.data(), kSizes.data(), 2), THALWEG_REFUSED) << "taken";

  EXPECT_EQ(thalweg_step(nullptr, nullptr, 0, nullptr, nullptr), THALWEG_REFUSED);
  EXPECT_EQ(thalweg_step(optimizer.get(), nullptr, 1, nullptr, nullptr), THALWEG_REFUSED);
  thalweg_gradient gradient = THALWEG_GRADIENT_INIT;
  gradient.parameter = 1234;
  EXPECT_EQ(thalweg_step(optimizer.get(), &gradient, 1, nullptr, nullptr), THALWEG_REFUSED) << "unknown parameter";
  gradient.parameter = parameter;
  gradient.values = x.data();
  gradient.count = 5;
  EXPECT_EQ(thalweg_step(optimizer.get(), &gradient, 1, nullptr, nullptr), THALWEG_REFUSED) << "other length";
  gradient.count = UINT64_MAX;
  EXPECT_EQ(thalweg_step(optimizer.get(), &gradient, 1, nullptr, nullptr), THALWEG_REFUSED);
  gradient.count = 6;
  gradient.dtype = THALWEG_F64;
  EXPECT_EQ(thalweg_step(optimizer.get(), &gradient, 1, nullptr, nullptr), THALWEG_REFUSED) << "other type";
  EXPECT_EQ(thalweg_state(optimizer.get(), nullptr, nullptr), THALWEG_REFUSED);
  EXPECT_EQ(thalweg_load_state(optimizer.get(), nullptr, 8), THALWEG_REFUSED);
  EXPECT_EQ(thalweg_load(optimizer.get(), "/nowhere/at/all"), THALWEG_REFUSED);
  EXPECT_THAT(thalweg_message(), HasSubstr("/nowhere/at/all"));
  EXPECT_EQ(thalweg_save(optimizer.get(), nullptr), THALWEG_REFUSED);
  thalweg_destroy(nullptr);
  thalweg_free(nullptr);
}

TEST_F(CInterface, MessagesAreOfTheThread) {
  EXPECT_EQ(thalweg_create(nullptr, nullptr, nullptr), THALWEG_REFUSED);
  std::string other = "?";
  std::thread([&] { other = thalweg_message(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_THAT(thalweg_message(), HasSubstr("NULL"));
  EXPECT_THAT(thalweg_version(), StrEq(THALWEG_VERSION));
}

// The layouts that programs and wrappers were compiled with. A new version only adds behind the end.
using Layout = std::vector<std::size_t>;
TEST(CInterfaceLayout, IsWhatProgramsWereCompiledWith) {
  EXPECT_EQ((Layout{offsetof(thalweg_execution, threads), offsetof(thalweg_execution, reporting),
                    offsetof(thalweg_execution, backend)}),
            (Layout{8, 12, 16}));
  EXPECT_GE(sizeof(thalweg_execution), 24U);
  EXPECT_EQ((Layout{offsetof(thalweg_gradient, parameter), offsetof(thalweg_gradient, dtype),
                    offsetof(thalweg_gradient, values), offsetof(thalweg_gradient, count),
                    offsetof(thalweg_gradient, rows), offsetof(thalweg_gradient, row_count)}),
            (Layout{8, 12, 16, 24, 32, 40}));
  EXPECT_GE(sizeof(thalweg_gradient), 48U);
  EXPECT_EQ((Layout{offsetof(thalweg_report, outcome), offsetof(thalweg_report, reserved),
                    offsetof(thalweg_report, gradient_norm), offsetof(thalweg_report, update_norm),
                    offsetof(thalweg_report, parameter_norm), offsetof(thalweg_report, clip_factor),
                    offsetof(thalweg_report, non_finite), offsetof(thalweg_report, refused_steps)}),
            (Layout{8, 12, 16, 24, 32, 40, 48, 56}));
  EXPECT_GE(sizeof(thalweg_report), 64U);
}

}  // namespace
