// Rows of a parameter that come and go: its columns, averages and row numbers follow.
#include "move_rows.h"
#include "parameters.h"
#include "text.h"
#include "threads/cores.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cstring>

namespace thalweg::inline v0_1 {
namespace {

/// Elements of one row of a parameter of this shape.
std::size_t width_of(const Shape& shape) {
  std::size_t width = 1;
  for (std::size_t i = 1; i < shape.sizes.size(); ++i) width *= static_cast<std::size_t>(shape.sizes[i]);
  return width;
}

/// The shape with another number of rows.
Shape with_rows(Shape shape, std::size_t rows) {
  shape.sizes[0] = static_cast<std::int64_t>(rows);
  if (!shape.strides.empty()) shape.strides[0] = static_cast<std::int64_t>(width_of(shape));
  return shape;
}

/// Elements of a column of this shape that belong to one of the parameter's rows; 0 where it has as many whatever the
/// rows are, or no rows are there.
std::size_t elements_a_row(const ParameterRecord& record, ColumnShape column) {
  if (column == ColumnShape::parameter) return width_of(record.shape);
  const bool is_of_all = column == ColumnShape::columns && record.shape.sizes.size() == 2;
  if (column == ColumnShape::one || is_of_all || !record.layout.is_matrix()) return 0;
  return elements_of(column, record.layout) / static_cast<std::size_t>(record.shape.sizes[0]);
}

/// Throws Error unless the rows of this shape lie in one piece each.
void check_has_rows(const std::string& what, const Shape& shape) {
  if (shape.sizes.empty()) throw Error(what + " is a single number and has no rows");
  if (shape.is_shard()) throw Error(what + " has shape " + shape.text() + ", a shard, and no rows");
  if (shape.strides.empty() || shape.sizes[0] <= 1 || shape.elements() == 0) return;
  if (static_cast<std::uint64_t>(shape.strides[0]) * static_cast<std::uint64_t>(shape.sizes[0]) == shape.elements()) {
    return;
  }
  throw Error(what + " has strides " + Shape(shape.strides).text() + " for the shape " + shape.text() +
              ": its rows do not lie in one piece each; add it with its first dimension as the slowest in memory");
}

void check_rows_are_there(const std::string& what, std::span<const std::int64_t> rows, std::size_t count) {
  const auto is_outside = [&](std::int64_t row) { return row < 0 || static_cast<std::uint64_t>(row) >= count; };
  const auto outside = std::ranges::find_if(rows, is_outside);
  if (outside == rows.end()) return;
  throw Error(what + " has no row " + std::to_string(*outside) + ": " +
              (count == 0 ? "it has none" : "its rows are 0 to " + std::to_string(count - 1)));
}

}  // namespace

std::size_t Parameters::row_width(std::size_t index) const { return width_of(records_[index].shape); }

void Parameters::check_bound(const std::string& what, std::uint32_t index) const {
  if (all_[index].data == nullptr && all_[index].size > 0) throw Error(what + " is unbound; rebind it first");
}

/// Memory that is to be the parameter's, in place of what it has.
void Parameters::check_memory(const std::string& what, std::uint32_t index, const void* data, std::size_t size,
                              Precision precision) const {
  if (precision != all_[index].precision) {
    throw Error(what + " is " + name_of(all_[index].precision) + ", the new memory " + name_of(precision));
  }
  if (data == nullptr && size > 0) throw Error(what + " has no memory");
  const std::uint32_t other = find_overlap(data, size * bytes_of(precision), index);
  if (other != UINT32_MAX) throw overlap_error(what, other);
}

/// What moves with the parameter's rows: columns that hold something, and row numbers.
std::vector<RowArray> Parameters::row_arrays(std::uint32_t index) {
  ParameterRecord& record = records_[index];
  std::vector<RowArray> arrays;
  for (const ColumnSlot& slot : column_slots(rule(index))) {
    const std::size_t elements = elements_a_row(record, slot.shape);
    if (elements == 0 || !holds(index, slot)) continue;
    arrays.push_back({record.storage[slot.slot].get(), elements * bytes_of(all_[index].precision)});
  }
  const auto add = [&](auto& numbers) {
    if (!numbers.empty()) arrays.push_back({reinterpret_cast<std::byte*>(numbers.data()), sizeof(numbers[0])});
  };
  add(record.rows.steps);
  add(record.rows.begun);
  add(record.rows.scalars);
  return arrays;
}

/// Makes room in columns and row numbers for the rows of this shape. Where memory fails, some have more room than they
/// need, and all is as it was.
void Parameters::make_room(std::uint32_t index, const Shape& shape, int threads) {
  Parameter& parameter = all_[index];
  ParameterRecord& record = records_[index];
  if (settings_.step_count == StepCount::per_row) {
    const auto rows = static_cast<std::size_t>(shape.sizes[0]);
    record.rows.steps.reserve(rows);
    record.rows.begun.reserve(rows);
    if (!rule(index).scalars.empty()) record.rows.scalars.reserve(rows);
  }
  const std::size_t bytes = bytes_of(parameter.precision);
  for (const ColumnSlot& slot : column_slots(rule(index))) {
    Buffer& storage = record.storage[slot.slot];
    const std::size_t size =
        slot.shape == ColumnShape::parameter ? shape.elements() : elements_of(slot.shape, layout_of(shape));
    if (storage == nullptr || record.capacity[slot.slot] >= size) continue;
    Buffer larger = make_buffer(size * bytes);
    if (holds(index, slot)) {
      copy_bytes(storage.get(), larger.get(), std::min(size, column_size(index, slot.shape)) * bytes, threads);
    } else {
      std::fill_n(larger.get(), size * bytes, std::byte{0});
    }
    storage = std::move(larger);
    record.capacity[slot.slot] = size;
    if (parameter.columns[slot.slot] != nullptr) parameter.columns[slot.slot] = storage.get();
  }
}

/// Row numbers for so many rows, for which there is room; those of new rows are 0.
void Parameters::resize_row_numbers(std::uint32_t index, std::size_t rows) {
  if (settings_.step_count != StepCount::per_row) return;
  RowNumbers& numbers = records_[index].rows;
  numbers.steps.resize(rows, 0);
  numbers.begun.resize(rows, 0);
  if (!rule(index).scalars.empty()) numbers.scalars.resize(rows, first_scalars(rule(index)));
}

/// What new rows of the columns hold, by slot.
std::array<double, kSlots> Parameters::first_values(std::uint32_t index) const {
  const GroupRecord& group = groups_.at(all_[index].group);
  const std::vector<ColumnInfo> columns = group.rule->columns_under(group.options, records_[index].layout);
  std::array<double, kSlots> values{};
  for (std::size_t k = 0; k < columns.size(); ++k) values[k] = first_value(columns[k]);
  return values;
}

/// What says where a parameter is, made beforehand: telling it can then not fail.
Parameters::Places::node_type Parameters::make_place(std::uint32_t index, const void* data, std::size_t size) {
  if (size == 0) return {};
  Places places;
  places.emplace(reinterpret_cast<std::uintptr_t>(data), index);
  return places.extract(places.begin());
}

/// The parameter has this shape from now on, and lies at this place.
void Parameters::settle_rows(std::uint32_t index, Shape shape, void* data, Places::node_type place) {
  displace(index);
  all_[index].data = data;
  all_[index].size = shape.elements();
  if (!place.empty()) by_address_.insert(std::move(place));
  records_[index].layout = layout_of(shape);
  records_[index].shape = std::move(shape);
  all_[index].columns_made_for = 0;  // of rules with sums, what is needed depends on the shape
  resize_row_numbers(index, static_cast<std::size_t>(records_[index].shape.sizes[0]));
}

void Parameters::keep_rows(Handle handle, std::span<const std::int64_t> rows, void* data, std::size_t size,
                           const Precision* precision) {
  const std::uint32_t index = index_of(handle);
  const std::string what = "keep_rows: " + in_quotes(name(index));
  check_has_rows(what, records_[index].shape);
  const auto count = static_cast<std::size_t>(records_[index].shape.sizes[0]);
  check_rows_are_there(what, rows, count);
  const std::size_t width = row_width(index);
  const bool in_place = precision == nullptr;
  if (in_place) {
    check_bound(what, index);
    if (rows.size() > count) {
      throw Error(what + " has " + std::to_string(count) + " rows, and " + std::to_string(rows.size()) +
                  " are to be kept: in place there can be no more than before; hand over memory for them");
    }
    data = all_[index].data;
  } else {
    if (size != rows.size() * width) {
      throw Error(what + ": " + std::to_string(rows.size()) + " rows of " + std::to_string(width) +
                  " are kept, the new memory has " + std::to_string(size) + " elements");
    }
    check_memory(what, index, data, size, *precision);
  }

  Shape shape = with_rows(records_[index].shape, rows.size());
  Places::node_type place = make_place(index, data, shape.elements());
  const auto arrays = [&] {
    std::vector<RowArray> moved = row_arrays(index);
    if (in_place && width > 0) {
      moved.push_back({static_cast<std::byte*>(data), width * bytes_of(all_[index].precision)});
    }
    return moved;
  };
  const int threads = threads_for(execution_.threads);
  if (are_ascending(rows)) {
    compact_rows(arrays(), rows, threads);
  } else {
    make_room(index, shape, threads);
    const std::vector<RowArray> moved = arrays();
    std::size_t widest = 0;
    for (const RowArray& array : moved) widest = std::max(widest, array.row_bytes);
    const Buffer scratch = make_buffer(widest * rows.size());
    resize_row_numbers(index, std::max(count, rows.size()));
    reorder_rows(moved, rows, scratch.get(), threads);
  }
  settle_rows(index, std::move(shape), data, std::move(place));
}

void Parameters::append_rows(Handle handle, void* data, std::size_t size, Precision precision) {
  const std::uint32_t index = index_of(handle);
  Parameter& parameter = all_[index];
  ParameterRecord& record = records_[index];
  const std::string what = "append_rows: " + in_quotes(name(index));
  check_has_rows(what, record.shape);
  const std::size_t width = row_width(index), before = parameter.size;
  if (width == 0) throw Error(what + " has rows of no elements, of which memory cannot say how many there are");
  if (size % width != 0 || size < before) {
    throw Error(what + " has " + std::to_string(record.shape.sizes[0]) + " rows of " + std::to_string(width) +
                ", the new memory " + std::to_string(size) + " elements: at least as many rows, and whole ones");
  }
  check_memory(what, index, data, size, precision);
  Shape shape = with_rows(record.shape, size / width);
  check_shape(what, shape, size, groups_.at(parameter.group));

  Places::node_type place = make_place(index, data, size);
  const std::vector<ColumnSlot> slots = column_slots(rule(index));
  const std::array<double, kSlots> first = first_values(index);
  const int threads = threads_for(execution_.threads);
  make_room(index, shape, threads);
  std::array<std::size_t, kSlots> filled{};
  for (const ColumnSlot& slot : slots) filled[slot.slot] = column_size(index, slot.shape);
  settle_rows(index, std::move(shape), data, std::move(place));
  for (const ColumnSlot& slot : slots) {
    std::byte* const column = record.storage[slot.slot].get();
    const std::size_t from = filled[slot.slot], to = column_size(index, slot.shape);
    if (column == nullptr || to <= from) continue;
    const std::size_t bytes = bytes_of(precision);
    if (slot.role == Role::average && holds(index, slot)) {
      copy_bytes(offset(static_cast<const std::byte*>(data), from, precision), column + from * bytes,
                 (to - from) * bytes, threads);
      continue;
    }
    for_each_part(threads, to - from, bytes, [&](std::size_t begin, std::size_t end) {
      fill_elements(column + (from + begin) * bytes, end - begin, precision, first[slot.slot]);
    });
  }
}

void Parameters::reset_rows(Handle handle, std::span<const std::int64_t> rows) {
  const std::uint32_t index = index_of(handle);
  const Parameter& parameter = all_[index];
  ParameterRecord& record = records_[index];
  const std::string what = "reset_rows: " + in_quotes(name(index));
  check_has_rows(what, record.shape);
  check_rows_are_there(what, rows, static_cast<std::size_t>(record.shape.sizes[0]));
  check_bound(what, index);
  const Precision precision = parameter.precision;
  const std::size_t bytes = bytes_of(precision);
  const std::array<double, kSlots> first = first_values(index);
  for (const ColumnSlot& slot : column_slots(rule(index))) {
    const std::size_t width = elements_a_row(record, slot.shape);
    if (width == 0 || !holds(index, slot)) continue;
    for (const std::int64_t row : rows) {
      const std::size_t begin = static_cast<std::size_t>(row) * width;
      std::byte* const to = record.storage[slot.slot].get() + begin * bytes;
      if (slot.role == Role::average) {
        std::memcpy(to, offset(static_cast<const void*>(parameter.data), begin, precision), width * bytes);
      } else {
        fill_elements(to, width, precision, first[slot.slot]);
      }
    }
  }
  if (record.rows.steps.empty()) return;
  for (const std::int64_t each : rows) {
    const auto row = static_cast<std::size_t>(each);
    record.rows.steps[row] = 0;
    record.rows.begun[row] = 0;
    if (!record.rows.scalars.empty()) record.rows.scalars[row] = first_scalars(rule(index));
  }
}

}  // namespace thalweg::inline v0_1
