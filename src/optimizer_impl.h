// What an Optimizer keeps: parameters, groups, and the work of a step between calls.
#pragma once

#include <thalweg/optimizer.h>

#include "backends/backend.h"
#include "buffer.h"
#include "step/plan.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace thalweg {

enum class Precision : std::uint8_t { f32, f64 };

inline std::size_t bytes_of(Precision precision) {
  return precision == Precision::f32 ? sizeof(float) : sizeof(double);
}
inline safetensors::Dtype dtype_of(Precision precision) {
  return precision == Precision::f32 ? safetensors::Dtype::F32 : safetensors::Dtype::F64;
}
inline const char* name_of(Precision precision) { return precision == Precision::f32 ? "f32" : "f64"; }
template <class T>
constexpr Precision kPrecisionOf = std::is_same_v<T, float> ? Precision::f32 : Precision::f64;

/// What a step touches of a parameter.
struct Parameter {
  void* data = nullptr;
  std::size_t size = 0;
  std::int64_t step = 0;
  std::int64_t averaged = 0;  ///< how often its average has been taken
  std::uint32_t begun = 0;    ///< bit k: a step has used column k
  std::uint32_t group = 0;
  Precision precision = Precision::f32;
  bool alive = true;
  std::uint64_t columns_made_for = 0;        ///< GroupRecord::version under which the columns were last completed
  std::uint64_t last_step = 0;               ///< serial number of the last step() that named this parameter
  const void* known_gradient = nullptr;      ///< the last gradient that was found not to overlap any parameter …
  std::uint64_t known_places = 0;            ///< … when Impl::places had this value
  std::array<void*, kMaxColumns> columns{};  ///< null where the options do not use the column
  void* average = nullptr;                   ///< null before the first average
  std::array<double, kMaxScalars> scalars{};
};

/// What it does not touch.
struct ParameterRecord {
  std::string name;
  std::array<Buffer, kMaxColumns> storage;
  Buffer average;
};

struct GroupRecord {
  std::string name;
  Options options;
  std::uint64_t version;                             ///< changes with the options
  double lr_scale = 1;                               ///< of set("lr", …)
  std::vector<ColumnInfo> columns;                   ///< under these options
  std::array<double, kMaxScalars> shared_scalars{};  ///< with StepCount::shared, instead of each parameter's own
};

/// Bit k: these columns hold one that the options need at k.
inline std::uint32_t needed_bits(const std::vector<ColumnInfo>& columns) {
  std::uint32_t bits = 0;
  for (std::size_t k = 0; k < columns.size(); ++k) bits |= columns[k].needed ? std::uint32_t{1} << k : 0;
  return bits;
}

/// Throws Error, which begins with `what`, if the scale is outside [0, ∞).
void check_lr_scale(double scale, const std::string& what);

/// Coefficients of one group at one step number.
struct StepCoefficients {
  std::uint32_t group;
  std::int64_t step;
  std::uint32_t columns_begun, columns_begun_after;  // as Parameter::begun
  std::array<double, kMaxScalars> scalars_before, scalars;
  Around around;
  alignas(double) std::array<std::byte, kMaxCoefficientBytes> bytes;
};

/// What the step in progress does with one parameter.
struct Task {
  std::uint32_t parameter;
  std::uint32_t coefficients = 0;
  bool steps = false;              ///< false: it has no gradient, and only its average is taken
  const void* gradient = nullptr;  ///< null too where the parameter has no elements
  std::size_t first_block = 0;     ///< of its sums of squares in Impl::block_sums
  double scale = 1;                ///< of the gradient
  bool averages = false;           ///< is its average taken?
  double average_share = 0;        ///< w of the parameter in it, which may be 0
};

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};

struct Optimizer::Impl {
  Impl(Options options, Settings settings);

  // groups (optimizer.cc)
  GroupRecord& group_record(Group group);
  void change_options(GroupRecord& record, Options options);
  std::array<double, kMaxScalars> first_scalars() const;
  bool shares_steps() const { return settings.step_count == StepCount::shared; }

  // parameters (parameters.cc)
  Handle add(std::string_view name, void* data, std::size_t size, Precision precision, Group group);
  void rebind(Handle handle, void* data, std::size_t size, Precision precision);
  std::uint32_t index_of(Handle handle) const;
  std::uint32_t index_of(std::string_view name) const;
  /// The parameter other than `except` that shares memory with these bytes, or UINT32_MAX.
  std::uint32_t find_overlap(const void* data, std::size_t bytes, std::uint32_t except) const;
  Error overlap_error(const std::string& what, std::uint32_t other) const;
  void place(std::uint32_t index, void* data, std::size_t size);
  void displace(std::uint32_t index);
  /// Makes the columns that the group's options need and the parameter does not have yet.
  void complete_columns(std::uint32_t index);
  /// Of the rule's columns. Throws Error that suggests the nearest names.
  std::size_t column_index(std::string_view column) const;
  template <class T>
  void check_type(std::uint32_t index, std::string_view what) const;

  // step (step.cc)
  void step(std::span<const Gradient> gradients);
  const void* gradient_values(const Gradient& gradient, std::uint32_t index);
  template <class T>
  const void* scatter(const Rows<T>& rows, std::uint32_t index);
  std::uint32_t coefficients_for(std::uint32_t index);
  void run();
  void commit();

  // norms of the step in progress (step/clip.cc)
  bool clips_by_norm() const { return settings.clip.by == ClipBy::norm || settings.clip.by == ClipBy::global_norm; }
  void sum_squares();
  void check_finite() const;
  std::optional<double> squares_of(const Task& task) const;
  double gradient_norm_of(const Task& task) const;
  double gradient_norm_of_all();
  void scale_gradients();

  // averages (step/average.cc)
  bool averages_now() const;
  void plan_averages();
  void check_not_swapped(std::string_view what) const;
  void swap_averages();

  /// The parameter's step number, or that of all.
  std::int64_t step_number(const Parameter& parameter) const { return shares_steps() ? steps : parameter.step; }

  // state (checkpoint/state.cc, checkpoint/state_load.cc)
  class StateReader;
  State state() const;
  LoadReport load(const State& state, const LoadOptions& load_options);

  const Rule* rule;
  Settings settings;
  Backend backend;
  int threads;

  std::vector<GroupRecord> groups;
  std::function<void()> options_changed = [] {};
  std::vector<Parameter> parameters;  // by handle; removed ones stay, not alive
  std::vector<ParameterRecord> records;
  std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>> by_name;
  std::map<std::uintptr_t, std::uint32_t> by_address;  // first byte of every parameter that has any
  std::size_t alive = 0;
  std::int64_t steps = 0;  // taken by step(); the step number of all, if they share it
  bool averages_are_swapped = false;
  std::optional<double> last_norm;  // of the gradients of the last step
  std::uint64_t versions = 0;
  std::uint64_t places = 1;  // changes whenever a parameter's memory does

  // of the step in progress; kept for their memory
  std::uint64_t serial = 0;
  std::vector<Task> tasks;
  std::vector<std::size_t> sizes;
  std::vector<StepCoefficients> coefficients;
  std::vector<Buffer> scattered;
  std::vector<double> block_sums;         // of squares
  std::vector<const Task*> by_parameter;  // those that step, in the order of the parameters
  Plan plan;
};

}  // namespace thalweg
