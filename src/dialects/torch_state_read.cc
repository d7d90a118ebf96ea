// from_torch_state: PyTorch's state as one that the optimizer can load.
#include "checkpoint/memory_order.h"
#include "checkpoint/safetensors_layout.h"
#include "checkpoint/state_head.h"
#include "dialects/dialect.h"
#include "dialects/torch_state.h"
#include "naming.h"
#include "text.h"

#include <thalweg/kernels/engine_rule.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace thalweg::inline v0_1 {
namespace {

using dialects::column_named;
using dialects::kTorchClass;
using dialects::kTorchGroups;
using dialects::kTorchStep;
using dialects::torch_state_of;
using dialects::TorchColumn;
using dialects::TorchState;
using safetensors::Dtype;
using safetensors::Tensor;

constexpr double kMostSteps = 9007199254740992;  // 2⁵³: beyond it a double does not count

/// Names a tensor in front of errors.
std::string called(std::string_view name) { return "torch state: tensor " + in_quotes(name); }

/// PyTorch's state as it is being turned into one that the optimizer can load.
class Reader {
 public:
  Reader(const State& file, const Optimizer& optimizer)
      : file_(file),
        optimizer_(optimizer),
        result_(optimizer.state()),
        head_(json::parse(result_.metadata.at(kStateKey), "state")) {
    for (const Handle handle : optimizer.handles()) names_.push_back(optimizer.name(handle));
  }

  State read() {
    if (optimizer_.settings().step_count == StepCount::shared) {
      throw Error(
          "torch state: torch counts the steps of each parameter, this optimizer those of all; make it with "
          "StepCount::per_parameter");
    }
    dialects::check_one_class(optimizer_);
    read_class();
    read_groups();
    check_tensor_names();
    for (const std::string& name : names_) read_parameter(name);
    result_.metadata[kStateKey] = json::to_string(head_);
    return std::move(result_);
  }

 private:
  const std::string& metadata(const char* key) const {
    const auto found = file_.metadata.find(key);
    if (found != file_.metadata.end()) return found->second;
    throw Error("torch state: metadata " + in_quotes(key) +
                " is missing; there must be \"class\" and \"param_groups\"");
  }

  void read_class() {
    const std::string& name = metadata(kTorchClass);
    class_ = naming("torch state: metadata \"class\": ", [&] {
      return &dialects::choose(dialects::torch(), dialects::bare_name(dialects::torch(), name), {});
    });
    theirs_ = &torch_state_of(class_->name);
    if (engine_rule(rule(class_->rule)).family != engine_rule(optimizer_.rule()).family) {
      throw Error("torch state: is of " + std::string(class_->name) + ", the optimizer's rule is " +
                  std::string(optimizer_.rule().name));
    }
  }

  void read_groups() {
    const std::string what = "torch state: metadata \"param_groups\"";
    const json::Value groups = json::parse(metadata(kTorchGroups), what);
    const std::size_t count = groups.array(what).size();
    if (count != optimizer_.group_count()) {
      throw Error("torch state: has " + std::to_string(count) + " param_groups, the optimizer has " +
                  std::to_string(optimizer_.group_count()));
    }
    json::Array own = head_.at("groups", "state").array("state");
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string group = "torch state: param_groups[" + std::to_string(i) + "]";
      const json::Object& keys = groups.array(what)[i].object(group);
      const Translation read =
          naming(group + ": ", [&] { return dialects::read_group(dialects::torch(), *class_, class_->name, keys); });
      check_group_name(read.group_name, i, group);
      options_.push_back(read.options);
      if (keys.contains("lr_scale")) own[i]["lr_scale"] = read.lr_scale;
      for (const json::Value& member : groups.array(what)[i].at("params", group).array(group + ": params")) {
        read_member(member.string(group + ": params, which are names here"), Group{i}, group);
      }
      if (class_->name == "Adafactor") fill_in_eps(keys, Group{i}, group);
      own[i]["options"] = to_json(options_[i]);
      // Here the schedule is the optimizer's own, of the rate that PyTorch's schedulers begin with.
      if (const auto initial = keys.find("initial_lr"); initial != keys.end() && optimizer_.schedule()) {
        own[i]["options"]["lr"] = initial->second.number(group + ": initial_lr");
      }
    }
    head_["groups"] = own;
    for (const std::string& name : names_) {
      if (!group_of_.contains(name)) throw Error("torch state: parameter " + in_quotes(name) + " is in no param group");
    }
  }

  /// Adafactor's first ε is that of the parameter's type where the group says None.
  void fill_in_eps(const json::Object& keys, Group group, const std::string& what) {
    const auto eps = keys.find("eps");
    if (eps != keys.end() && !eps->second.array(what + ": eps")[0].is_null()) return;
    std::set<std::string> types;
    for (const auto& [name, of_group] : group_of_) {
      if (of_group != group) continue;
      types.insert(head_.at("parameters", "state").at(name, "state").at("dtype", "state").string("state"));
    }
    if (types.size() > 1) {
      throw Error(what +
                  ": eps[0] = null is another ε for parameters of f32 than for those of f64, which are in one "
                  "group here; give eps[0], or each type a group of its own");
    }
    if (types.contains("f64")) options_[group.index].set("eps1", std::numeric_limits<double>::epsilon());
  }

  /// Groups are matched by order; their names must not say another one.
  void check_group_name(const std::string& name, std::uint32_t index, const std::string& what) const {
    for (std::uint32_t i = 0; i < optimizer_.group_count(); ++i) {
      if (i == index || name.empty() || optimizer_.group_name(Group{i}) != name) continue;
      throw Error(what + " is called " + in_quotes(name) + ", as the optimizer's group number " + std::to_string(i) +
                  "; groups are matched by their order");
    }
  }

  void read_member(const std::string& name, Group group, const std::string& what) {
    if (!optimizer_.contains(name)) {
      throw Error(what + ": the optimizer has no parameter " + in_quotes(name) + suggest(name, names_));
    }
    if (!group_of_.emplace(name, group).second)
      throw Error(what + ": parameter " + in_quotes(name) + " is there twice");
  }

  /// Everything that PyTorch's class may keep for a parameter.
  std::vector<std::string> keys() const {
    std::vector<std::string> result;
    for (const TorchColumn& column : theirs_->columns) result.emplace_back(column.theirs);
    for (const ScalarInfo& scalar : optimizer_.rule().scalars) result.emplace_back(scalar.name);
    if (theirs_->counts_steps()) result.emplace_back(kTorchStep);
    return result;
  }

  void check_tensor_names() const {
    const std::vector<std::string> known = keys();
    for (const auto& [name, tensor] : file_.tensors) {
      const std::size_t slash = name.rfind('/');
      const std::string parameter = name.substr(0, slash);
      if (slash == std::string::npos || !optimizer_.contains(parameter)) {
        throw Error(called(name) + " belongs to no parameter" + suggest(parameter, names_));
      }
      const std::string key = name.substr(slash + 1);
      if (std::ranges::find(known, key) == known.end()) {
        throw Error(called(name) + ": torch's " + std::string(class_->name) + " keeps no " + in_quotes(key) +
                    suggest(key, known));
      }
    }
  }

  void read_parameter(const std::string& name) {
    const Group group = group_of_.at(name);
    json::Value& entry = head_["parameters"][name];
    const bool is_f32 = entry.at("dtype", "state").string("state") == "f32";
    const Shape& shape = optimizer_.shape(optimizer_.find(name));
    const Layout layout = layout_of(shape);
    for (const ColumnInfo& column : optimizer_.rule().columns) result_.tensors.erase(tensor_name(name, column.name));

    const std::vector<std::string> known = keys();
    const auto first = std::ranges::find_if(known, [&](const std::string& key) { return find(name, key) != nullptr; });
    const bool has_state = first != known.end();
    const auto required = [&](std::string_view key) -> const Tensor& {
      if (const Tensor* tensor = find(name, key)) return *tensor;
      throw Error(called(tensor_name(name, key)) + " is missing, " + in_quotes(tensor_name(name, *first)) +
                  " is there");
    };

    json::Array columns;
    const std::vector<ColumnInfo> infos = engine_rule(optimizer_.rule()).columns_under(options_[group.index], layout);
    for (const TorchColumn& pair : theirs_->columns) {
      const ColumnInfo& info = column_named(infos, pair.ours);
      const Tensor* tensor = find(name, pair.theirs);
      if (tensor == nullptr && has_state && info.needed) tensor = &required(pair.theirs);
      if (tensor == nullptr) continue;
      const std::string their_name = tensor_name(name, pair.theirs);
      const bool is_small = info.shape != ColumnShape::parameter;
      if (is_small && !layout.is_matrix()) {
        throw Error(called(their_name) + " is of a matrix, the parameter of shape " + shape.text() +
                    " is none here; add it with the shape that it has in torch, in row-major order");
      }
      check_column(their_name, *tensor, is_f32 ? Dtype::F32 : Dtype::F64, info.shape, layout);
      Tensor& ours = result_.tensors[tensor_name(name, pair.ours)] = *tensor;
      ours.shape = {elements_of(info.shape, layout)};
      if (!is_small) {
        copy_in_order(Shape(shape.sizes), shape, bytes_of(tensor->dtype), tensor->data, ours.data.data());
      }
      columns.emplace_back(pair.ours);
    }
    json::Value scalars = json::Object();
    for (const ScalarInfo& scalar : optimizer_.rule().scalars) {
      // The only scalar is a product of numbers below 1.
      scalars[scalar.name] =
          has_state ? number(tensor_name(name, scalar.name), required(scalar.name), 1) : scalar.first_value;
    }
    std::int64_t step = has_state ? 1 : 0;
    if (has_state && theirs_->counts_steps()) step = whole_number(tensor_name(name, kTorchStep), required(kTorchStep));
    entry["group"] = optimizer_.group_name(group);
    entry["step"] = step;
    entry["scalars"] = scalars;
    entry["columns"] = columns;
    if (entry.find("begins", "state") != nullptr) entry["begins"] = json::Array();  // PyTorch has used what is there
  }

  const Tensor* find(std::string_view parameter, std::string_view key) const {
    const auto found = file_.tensors.find(tensor_name(parameter, key));
    return found == file_.tensors.end() ? nullptr : &found->second;
  }

  static void check_column(const std::string& name, const Tensor& tensor, Dtype dtype, ColumnShape shape,
                           const Layout& layout) {
    if (tensor.dtype != dtype) {
      throw Error(called(name) + " is " + std::string(to_string(tensor.dtype)) + ", the parameter " +
                  std::string(to_string(dtype)));
    }
    const std::uint64_t size = elements_of(shape, layout);
    if (safetensors::checked_elements(tensor.shape) != size || tensor.data.size() != size * bytes_of(dtype)) {
      const std::string whose = shape == ColumnShape::parameter ? "" : "'s " + std::string(to_string(shape));
      throw Error(called(name) + " has shape " + safetensors::to_string(tensor.shape) + " and " +
                  std::to_string(tensor.data.size()) + " bytes, the parameter" + whose + " " + std::to_string(size) +
                  " elements of " + std::to_string(bytes_of(dtype)) + " bytes");
    }
  }

  /// The single number in [0, most] that the tensor holds.
  static double number(const std::string& name, const Tensor& tensor, double most) {
    constexpr std::array kAllowed{Dtype::F32, Dtype::F64, Dtype::I64};
    if (std::ranges::find(kAllowed, tensor.dtype) == kAllowed.end()) {
      throw Error(called(name) + " is " + std::string(to_string(tensor.dtype)) + "; allowed are F32, F64 and I64");
    }
    if (safetensors::checked_elements(tensor.shape) != 1 || tensor.data.size() != bytes_of(tensor.dtype)) {
      throw Error(called(name) + " has shape " + safetensors::to_string(tensor.shape) + "; allowed is a single number");
    }
    const double value = tensor.dtype == Dtype::F32   ? static_cast<double>(tensor.values<float>()[0])
                         : tensor.dtype == Dtype::F64 ? tensor.values<double>()[0]
                                                      : static_cast<double>(tensor.values<std::int64_t>()[0]);
    if (const Range allowed = between(0, most); !allowed.contains(value)) {
      throw Error(called(name) + " = " + to_text(value) + " is outside " + allowed.text());
    }
    return value;
  }

  static std::int64_t whole_number(const std::string& name, const Tensor& tensor) {
    const double value = number(name, tensor, kMostSteps);
    if (value == std::floor(value)) return static_cast<std::int64_t>(value);
    throw Error(called(name) + " = " + to_text(value) + "; allowed are whole numbers");
  }

  const State& file_;
  const Optimizer& optimizer_;
  State result_;
  json::Value head_;
  std::vector<std::string> names_;
  const dialects::Optimizer* class_ = nullptr;
  const TorchState* theirs_ = nullptr;
  std::vector<Options> options_;  // of each group
  std::map<std::string, Group> group_of_;
};

}  // namespace

State from_torch_state(const State& file, const Optimizer& optimizer) { return Reader(file, optimizer).read(); }

}  // namespace thalweg::inline v0_1
