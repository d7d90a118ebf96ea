// Parameters: their names, where they lie in memory, their shapes, and the columns of their state.
#pragma once

#include <thalweg/optimizer.h>

#include "buffer.h"
#include "groups.h"
#include "move_rows.h"
#include "precision.h"

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace thalweg::inline v0_1 {

/// What a column is for.
enum class Role {
  rule,         ///< of the rule
  average,      ///< the parameter's average
  accumulated,  ///< the sum of its gradients until the next step
};

/// Places of a parameter's columns: first those of its rule, in the rule's order.
inline constexpr std::size_t kAverageSlot = kMaxColumns, kAccumulatedSlot = kMaxColumns + 1, kSlots = kMaxColumns + 2;

/// A column that a parameter may have.
struct ColumnSlot {
  std::size_t slot;
  Role role;
  std::string_view name;
  ColumnKind kind;
  ColumnShape shape;
};

/// All columns that parameters under this rule may have. Everything that treats a parameter's state as a whole goes
/// over this list: saving, loading, counting, rows that come and go.
std::vector<ColumnSlot> column_slots(const Rule& rule);

/// Is this the name of a column that is there whatever the rule is?
bool is_reserved_column(std::string_view name);

/// Index of the rule's column of this name. Throws Error that suggests the nearest names.
std::size_t find_column(const Rule& rule, std::string_view column);

/// Throws Error if the settings give a first value that is not finite, or to a column that the rule does not have.
void check_first_values(const Settings& settings, const Rule& rule);

/// Throws Error if the rule's parameters cannot count the steps of rows, and the settings ask for that.
void check_rows(const Settings& settings, const Rule& rule);

/// What a step touches of a parameter.
struct Parameter {
  void* data = nullptr;
  std::size_t size = 0;
  std::int64_t step = 0;
  std::int64_t averaged = 0;     ///< how often its average has been taken
  std::int64_t accumulated = 0;  ///< gradients in the sum that waits for the next step
  std::uint32_t begun = 0;       ///< bit k: a step has used column k
  std::uint32_t needed = 0;      ///< bit k: the options need column k
  std::uint32_t group = 0;
  Precision precision = Precision::f32;
  bool alive = true;
  std::uint64_t key = 0;                 ///< of the name: where random bits are counted from
  std::uint64_t first = 0;               ///< index of the first element in the whole parameter, not 0 for a shard
  std::uint64_t columns_made_for = 0;    ///< GroupRecord::version under which the columns were last completed
  std::uint64_t last_step = 0;           ///< serial number of the last step that named this parameter
  const void* known_gradient = nullptr;  ///< the last gradient that was found not to overlap any parameter …
  std::uint64_t known_places = 0;        ///< … when Parameters::places() had this value
  std::array<void*, kSlots> columns{};   ///< null where there is none, or the options do not use it
  Scalars scalars{};
};

/// What a parameter counts for each of its rows, with StepCount::per_row.
struct RowNumbers {
  std::vector<std::int64_t> steps;   ///< that the row has taken
  std::vector<std::uint32_t> begun;  ///< as Parameter::begun
  std::vector<Scalars> scalars;      ///< empty if the rule has none

  bool operator==(const RowNumbers&) const = default;
};

/// What it does not touch.
struct ParameterRecord {
  std::string name;
  Shape shape;
  Layout layout;
  std::array<Buffer, kSlots> storage;
  std::array<std::size_t, kSlots> capacity{};  ///< elements that the storage has room for
  RowNumbers rows;
};

class Parameters {
 public:
  Parameters(const Settings& settings, const Execution& execution, const Groups& groups)
      : settings_(settings), execution_(execution), groups_(groups) {}

  Handle add(std::string_view name, void* data, std::size_t size, Precision precision, const Shape& shape, Group group);
  void rebind(Handle handle, void* data, std::size_t size, Precision precision, const Shape* shape);
  void unbind(Handle handle) { displace(index_of(handle)); }
  void remove(Handle handle);
  void move(Handle handle, Group group);

  std::size_t alive() const { return alive_; }
  /// Throws Error if there is a shard, of which `what` needs the whole.
  void check_no_shards(const std::string& what) const;
  /// With the removed ones, which are not alive.
  std::size_t size() const { return all_.size(); }
  Parameter& operator[](std::size_t index) { return all_[index]; }
  const Parameter& operator[](std::size_t index) const { return all_[index]; }
  ParameterRecord& record(std::size_t index) { return records_[index]; }
  const ParameterRecord& record(std::size_t index) const { return records_[index]; }
  const std::string& name(std::size_t index) const { return records_[index].name; }
  const Rule& rule(std::size_t index) const { return *groups_.at(all_[index].group).rule; }

  std::uint32_t index_of(Handle handle) const {
    if (handle.index < all_.size() && all_[handle.index].alive) return handle.index;
    refuse(handle);
  }
  std::uint32_t index_of(std::string_view name) const;
  bool contains(std::string_view name) const { return by_name_.contains(name); }
  /// UINT32_MAX if there is none.
  std::uint32_t find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// Those that are alive, in the order in which they were added.
  std::vector<Handle> handles() const;

  /// The parameter other than `except` that shares memory with these bytes, or UINT32_MAX.
  std::uint32_t find_overlap(const void* data, std::size_t bytes, std::uint32_t except) const;
  Error overlap_error(const std::string& what, std::uint32_t other) const;
  /// Changes whenever a parameter's memory does.
  std::uint64_t places() const { return places_; }

  // Columns (columns.cc)

  /// Elements of a column of this shape.
  std::size_t column_size(std::size_t index, ColumnShape shape) const;
  /// Is there something in the column that belongs to the state?
  bool holds(std::size_t index, const ColumnSlot& slot) const;
  /// Makes the columns that the group's options need and the parameter does not have yet.
  void complete_columns(std::uint32_t index);
  /// Makes the column of this role, of zeros, unless it is there.
  void make_column(std::uint32_t index, std::size_t slot);
  /// The value at which a column begins.
  double first_value(const ColumnInfo& column) const;
  /// Columns that have been made since the last call of `keep_columns`: `drop_fresh_columns` takes them away again.
  void keep_columns() { fresh_.clear(); }
  void drop_fresh_columns();
  /// Takes the rule's columns away, which no step has used.
  void drop_rule_columns(std::uint32_t index);
  template <class T>
  void check_type(std::size_t index, std::string_view what) const;
  std::size_t state_bytes() const;

  // Rows (rows.cc)

  void keep_rows(Handle handle, std::span<const std::int64_t> rows, void* data, std::size_t size,
                 const Precision* precision);
  void append_rows(Handle handle, void* data, std::size_t size, Precision precision);
  void reset_rows(Handle handle, std::span<const std::int64_t> rows);
  /// Elements of one row of the parameter's first dimension.
  std::size_t row_width(std::size_t index) const;

 private:
  [[noreturn]] void refuse(Handle handle) const;
  void check_shape(const std::string& what, const Shape& shape, std::size_t size, const GroupRecord& group) const;
  void place(std::uint32_t index, void* data, std::size_t size);
  void displace(std::uint32_t index);

  // Rows (rows.cc)

  using Places = std::map<std::uintptr_t, std::uint32_t>;
  static Places::node_type make_place(std::uint32_t index, const void* data, std::size_t size);
  void check_bound(const std::string& what, std::uint32_t index) const;
  void check_memory(const std::string& what, std::uint32_t index, const void* data, std::size_t size,
                    Precision precision) const;
  std::vector<RowArray> row_arrays(std::uint32_t index);
  void make_room(std::uint32_t index, const Shape& shape, int threads);
  std::array<double, kSlots> first_values(std::uint32_t index) const;
  void resize_row_numbers(std::uint32_t index, std::size_t rows);
  void settle_rows(std::uint32_t index, Shape shape, void* data, Places::node_type place);

  struct FreshColumn {
    std::uint32_t parameter;
    std::size_t slot;
  };

  const Settings& settings_;
  const Execution& execution_;
  const Groups& groups_;
  std::vector<Parameter> all_;  // by handle
  std::vector<ParameterRecord> records_;
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>> by_name_;
  Places by_address_;  // first byte of every parameter that has any
  std::size_t alive_ = 0;
  std::size_t shards_ = 0;  // of them
  std::uint64_t places_ = 1;
  std::vector<FreshColumn> fresh_;
};

}  // namespace thalweg::inline v0_1
