// What PyTorch's classes keep for each parameter, and where.
#pragma once

#include <thalweg/optimizer.h>

#include <string_view>
#include <vector>

namespace thalweg::inline v0_1::dialects {

/// A column of the state under both names.
struct TorchColumn {
  std::string_view theirs, ours;
};

/// What one of PyTorch's classes keeps for each parameter, beside `step` and scalars, which are called as thalweg's.
struct TorchState {
  std::string_view name;
  std::vector<TorchColumn> columns;

  /// SGD does not count: its first step is the one that finds no buffer.
  bool counts_steps() const { return name != "SGD"; }
  /// Adagrad has its state before its first step.
  bool begins_with_state() const { return name == "Adagrad"; }
};

/// The state of the class of this name.
const TorchState& torch_state_of(std::string_view class_name);

/// The file's metadata keys, and the key of a parameter's step number.
inline constexpr const char* kTorchClass = "class";
inline constexpr const char* kTorchGroups = "param_groups";
inline constexpr std::string_view kTorchStep = "step";

/// The column of this name.
const ColumnInfo& column_named(const std::vector<ColumnInfo>& columns, std::string_view name);

/// The shape in which PyTorch keeps a column of a parameter: [3, 1] for the rows of a matrix, [1, 4] for its columns.
Shape torch_shape(ColumnShape column, const Shape& parameter);

/// Throws Error unless all groups have rules of one family: a class of PyTorch's has one rule.
void check_one_class(const thalweg::Optimizer& optimizer);

}  // namespace thalweg::inline v0_1::dialects
