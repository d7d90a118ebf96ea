// to_torch_state: the engine's state under PyTorch's names.
#include "dialects/torch_state.h"

#include "checkpoint/memory_order.h"
#include "checkpoint/state_head.h"
#include "dialects/dialect.h"
#include "text.h"

#include <thalweg/kernels/engine_rule.h>

#include <algorithm>

namespace thalweg::inline v0_1 {

const dialects::TorchState& dialects::torch_state_of(std::string_view class_name) {
  static const std::vector<TorchColumn> adam{{"exp_avg", "m"}, {"exp_avg_sq", "v"}, {"max_exp_avg_sq", "x"}};
  static const std::vector<TorchState> all{
      {"SGD", {{"momentum_buffer", "b"}}},
      {"RMSprop", {{"square_avg", "v"}, {"grad_avg", "m"}, {"momentum_buffer", "b"}}},
      {"Adagrad", {{"sum", "v"}}},
      {"Adadelta", {{"square_avg", "v"}, {"acc_delta", "u"}}},
      {"Adafactor", {{"row_var", "r"}, {"col_var", "c"}, {"variance", "v"}}},
      {"Adam", adam},
      {"AdamW", adam},
      {"Adamax", {{"exp_avg", "m"}, {"exp_inf", "u"}}},
      {"NAdam", {{"exp_avg", "m"}, {"exp_avg_sq", "v"}}},
      {"RAdam", {{"exp_avg", "m"}, {"exp_avg_sq", "v"}}},
      {"Rprop", {{"prev", "prev"}, {"step_size", "step"}}}};
  const auto found = std::ranges::find(all, class_name, &TorchState::name);
  if (found == all.end()) throw Error("torch state: no state is known of " + std::string(class_name));
  return *found;
}

const ColumnInfo& dialects::column_named(const std::vector<ColumnInfo>& columns, std::string_view name) {
  return *std::ranges::find(columns, name, &ColumnInfo::name);
}

Shape dialects::torch_shape(ColumnShape column, const Shape& parameter) {
  std::vector<std::int64_t> sizes = parameter.sizes;
  if (column == ColumnShape::rows) sizes.end()[-1] = 1;
  if (column == ColumnShape::columns) sizes.end()[-2] = 1;
  return Shape(std::move(sizes));
}

void dialects::check_one_class(const thalweg::Optimizer& optimizer) {
  for (std::uint32_t i = 1; i < optimizer.group_count(); ++i) {
    const RuleInfo& rule = optimizer.options(Group{i}).rule();
    if (engine_rule(rule).family == engine_rule(optimizer.rule()).family) continue;
    throw Error("torch state: group " + in_quotes(optimizer.group_name(Group{i})) + " is under the rule " +
                std::string(rule.name) + ", the first under " + std::string(optimizer.rule().name) +
                ", and a class of torch's has one rule; give each rule an optimizer of its own");
  }
}

namespace {

using dialects::column_named;
using dialects::kTorchClass;
using dialects::kTorchGroups;
using dialects::kTorchStep;
using dialects::torch_shape;
using dialects::torch_state_of;
using dialects::TorchColumn;
using dialects::TorchState;
using safetensors::Dtype;
using safetensors::Tensor;

Tensor single_number(Dtype dtype, double number) {
  const auto narrow = static_cast<float>(number);
  if (dtype == Dtype::F32) return safetensors::make_tensor(std::span(&narrow, 1), {});
  return safetensors::make_tensor(std::span<const double>(&number, 1), {});
}

std::vector<std::uint64_t> sizes_of(const Shape& shape) { return {shape.sizes.begin(), shape.sizes.end()}; }

Tensor filled(Dtype dtype, const Shape& shape, double number) {
  if (dtype == Dtype::F32) {
    const std::vector<float> numbers(shape.elements(), static_cast<float>(number));
    return safetensors::make_tensor(std::span(numbers), sizes_of(shape));
  }
  const std::vector<double> numbers(shape.elements(), number);
  return safetensors::make_tensor(std::span(numbers), sizes_of(shape));
}

/// The column of a parameter of this shape in the order in which a file has it.
Tensor row_major(Tensor column, ColumnShape kind, const Shape& shape) {
  if (kind != ColumnShape::parameter) {  // of row-major parameters alone
    column.shape = sizes_of(torch_shape(kind, shape));
    return column;
  }
  Tensor result{.dtype = column.dtype, .shape = sizes_of(shape), .data = std::vector<std::byte>(column.data.size())};
  copy_in_order(shape, Shape(shape.sizes), bytes_of(column.dtype), column.data, result.data.data());
  return result;
}

bool is_zero(const Tensor& tensor) {
  return std::ranges::all_of(tensor.data, [](std::byte byte) { return byte == std::byte{}; });
}

/// An optimizer's state as it is being turned into PyTorch's.
class Writer {
 public:
  explicit Writer(const Optimizer& optimizer)
      : optimizer_(optimizer),
        theirs_(torch_state_of(dialects::optimizer_for(dialects::torch(), optimizer.options()).name)),
        ours_(optimizer.state()),
        head_(json::parse(ours_.metadata.at(kStateKey), "state")) {}

  State write() {
    if (optimizer_.settings().step_count == StepCount::shared) {
      throw Error(
          "torch state: steps counted for all parameters have no counterpart in torch, which counts them for each");
    }
    dialects::check_one_class(optimizer_);
    dialects::check_settings(dialects::torch(), optimizer_.settings(), /*expressed=*/false);
    std::vector<std::string> members(optimizer_.group_count());
    for (const Handle handle : optimizer_.handles()) {
      std::string& names = members[optimizer_.group_of(handle).index];
      names += names.empty() ? "" : ", ";
      json::append_string(names, optimizer_.name(handle));
      write_parameter(handle);
    }
    std::string groups;
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      std::string group = to_torch(optimizer_.options(Group{i}));
      std::string more = ", \"params\": [" + members[i] + "]";
      if (const std::string& name = optimizer_.group_name(Group{i}); !name.empty()) {
        more += ", \"name\": " + json::in_quotes(name);
      }
      if (const double scale = optimizer_.lr_scale(Group{i}); scale != 1) {
        more += ", \"lr_scale\": " + json::to_string(scale);
      }
      if (optimizer_.schedule()) {
        const json::Value& own = head_.at("groups", "state").array("state")[i].at("options", "state").at("lr", "state");
        more += ", \"initial_lr\": " + json::to_string(own);
      }
      group.insert(group.size() - 1, more);
      groups += (i == 0 ? "[" : ", ") + group;
    }
    result_.metadata = {{kTorchClass, std::string(theirs_.name)}, {kTorchGroups, groups + "]"}};
    return std::move(result_);
  }

 private:
  void write_parameter(Handle handle) {
    const std::string& name = optimizer_.name(handle);
    const Options& options = optimizer_.options(optimizer_.group_of(handle));
    const json::Value& entry = head_.at("parameters", "state").at(name, "state");
    const std::int64_t step = optimizer_.step_number(handle);
    const auto column = [&](const TorchColumn& pair) { return ours_.tensors.find(tensor_name(name, pair.ours)); };
    bool has_state = step > 0 || theirs_.begins_with_state() ||
                     std::ranges::any_of(theirs_.columns,
                                         [&](const TorchColumn& pair) { return column(pair) != ours_.tensors.end(); });
    if (!theirs_.counts_steps()) has_state = has_momentum(name, options, entry);
    if (!has_state) return;
    check_is_factored(handle);

    const Dtype dtype = entry.at("dtype", "state").string("state") == "f32" ? Dtype::F32 : Dtype::F64;
    const std::vector<ColumnInfo> columns =
        engine_rule(optimizer_.rule()).columns_under(options, layout_of(optimizer_.shape(handle)));
    for (const TorchColumn& pair : theirs_.columns) {
      const ColumnInfo& info = column_named(columns, pair.ours);
      const std::string their_name = tensor_name(name, pair.theirs);
      if (auto node = ours_.tensors.extract(tensor_name(name, pair.ours))) {
        result_.tensors.emplace(their_name, row_major(std::move(node.mapped()), info.shape, optimizer_.shape(handle)));
      } else if (info.needed) {
        // The next step would make it here; PyTorch makes a parameter's state once.
        const Shape shape = torch_shape(info.shape, optimizer_.shape(handle));
        result_.tensors.emplace(their_name, filled(dtype, shape, info.first_value));
      }
    }
    for (const ScalarInfo& scalar : optimizer_.rule().scalars) {
      const double value = entry.at("scalars", "state").at(scalar.name, "state").number("state");
      result_.tensors.emplace(tensor_name(name, scalar.name), single_number(dtype, value));
    }
    if (!theirs_.counts_steps()) return;
    const auto number = static_cast<double>(step);
    // PyTorch's own counter stops where float does.
    const bool fits = static_cast<double>(static_cast<float>(step)) == number;
    result_.tensors.emplace(tensor_name(name, kTorchStep), single_number(fits ? Dtype::F32 : Dtype::F64, number));
  }

  /// PyTorch's Adafactor keeps squares of rows and columns alone for everything that has them.
  void check_is_factored(Handle handle) const {
    const Shape& shape = optimizer_.shape(handle);
    if (theirs_.name != "Adafactor" || shape.sizes.size() < 2 || layout_of(shape).is_matrix()) return;
    throw Error("torch state: parameter " + in_quotes(optimizer_.name(handle)) + " of shape " + shape.text() +
                " has squares of its elements, because it does not lie in row-major order, which has no counterpart in "
                "torch's Adafactor");
  }

  /// Does PyTorch's SGD keep a momentum for the parameter? A step that finds one there dampens the gradient; without
  /// one it begins with the gradient itself, as ours does where no step has used the column.
  bool has_momentum(const std::string& name, const Options& options, const json::Value& entry) const {
    const auto momentum = ours_.tensors.find(tensor_name(name, "b"));
    if (momentum == ours_.tensors.end()) return false;
    if (has_begun(entry, "b", entry.at("step", "state").integer("state"), "state")) return true;
    if (is_zero(momentum->second)) return false;
    if (options.get("dampening") == 0) return true;
    throw Error("torch state: parameter " + in_quotes(name) +
                " has a momentum before its first step with momentum, which has no counterpart in torch's SGD with "
                "dampening");
  }

  const Optimizer& optimizer_;
  const TorchState& theirs_;
  State ours_;
  const json::Value head_;
  State result_;
};

}  // namespace

State to_torch_state(const Optimizer& optimizer) { return Writer(optimizer).write(); }

}  // namespace thalweg::inline v0_1
