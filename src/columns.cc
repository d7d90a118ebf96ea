// Columns of the parameters' state: which there are, and their memory.
#include "checkpoint/state_head.h"
#include "parameters.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cmath>

namespace thalweg::inline v0_1 {
std::vector<ColumnSlot> column_slots(const Rule& rule) {
  std::vector<ColumnSlot> slots;
  for (std::size_t k = 0; k < rule.columns.size(); ++k) {
    slots.push_back({k, Role::rule, rule.columns[k].name, rule.columns[k].kind, rule.columns[k].shape});
  }
  slots.push_back({kAverageSlot, Role::average, kAverage, ColumnKind::parameter_like, ColumnShape::parameter});
  slots.push_back(
      {kAccumulatedSlot, Role::accumulated, kAccumulated, ColumnKind::parameter_like, ColumnShape::parameter});
  return slots;
}

bool is_reserved_column(std::string_view name) { return name == kAverage || name == kAccumulated; }

std::uint64_t elements_of(ColumnShape shape, const Layout& layout) {
  switch (shape) {
    case ColumnShape::rows:
      return layout.matrices * layout.rows;
    case ColumnShape::columns:
      return layout.matrices * layout.columns;
    case ColumnShape::one:
      return 1;
    case ColumnShape::parameter:
      break;
  }
  return layout.elements;
}

std::size_t Parameters::column_size(std::size_t index, ColumnShape shape) const {
  return shape == ColumnShape::parameter ? all_[index].size : elements_of(shape, records_[index].layout);
}

bool Parameters::holds(std::size_t index, const ColumnSlot& slot) const {
  switch (slot.role) {
    case Role::rule:
      return records_[index].storage[slot.slot] != nullptr;
    case Role::average:
      return all_[index].averaged > 0;
    case Role::accumulated:
      return all_[index].accumulated > 0;
  }
  return false;
}

double Parameters::first_value(const ColumnInfo& column) const {
  const auto other = settings_.first_values.find(column.name);
  return other != settings_.first_values.end() ? other->second : column.first_value;
}

void Parameters::complete_columns(std::uint32_t index) {
  Parameter& parameter = all_[index];
  const GroupRecord& group = groups_.at(parameter.group);
  if (parameter.columns_made_for == group.version) return;
  ParameterRecord& record = records_[index];
  const std::vector<ColumnInfo> columns = group.rule->columns_under(group.options, record.layout);
  std::uint32_t needed = 0;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const ColumnInfo& column = columns[k];
    if (column.needed && record.storage[k] == nullptr) {
      const std::size_t size = std::max<std::size_t>(1, column_size(index, column.shape));
      Buffer fresh = make_buffer(size * bytes_of(parameter.precision));
      fill_elements(fresh.get(), size, parameter.precision, first_value(column));
      record.storage[k] = std::move(fresh);
      record.capacity[k] = size;
      fresh_.push_back({index, k});
    }
    parameter.columns[k] = column.needed ? record.storage[k].get() : nullptr;
    needed |= column.needed ? std::uint32_t{1} << k : 0;
  }
  parameter.needed = needed;
  parameter.columns_made_for = group.version;
}

void Parameters::make_column(std::uint32_t index, std::size_t slot) {
  Parameter& parameter = all_[index];
  if (parameter.columns[slot] != nullptr) return;
  const std::size_t size = std::max<std::size_t>(1, parameter.size), bytes = size * bytes_of(parameter.precision);
  Buffer fresh = make_buffer(bytes);
  std::fill_n(fresh.get(), bytes, std::byte{0});
  records_[index].storage[slot] = std::move(fresh);
  records_[index].capacity[slot] = size;
  fresh_.push_back({index, slot});
  parameter.columns[slot] = records_[index].storage[slot].get();
}

void Parameters::drop_fresh_columns() {
  for (const FreshColumn& fresh : fresh_) {
    records_[fresh.parameter].storage[fresh.slot].reset();
    records_[fresh.parameter].capacity[fresh.slot] = 0;
    all_[fresh.parameter].columns[fresh.slot] = nullptr;
    all_[fresh.parameter].columns_made_for = 0;
  }
  fresh_.clear();
}

void Parameters::drop_rule_columns(std::uint32_t index) {
  for (std::size_t k = 0; k < kMaxColumns; ++k) {
    records_[index].storage[k].reset();
    records_[index].capacity[k] = 0;
    all_[index].columns[k] = nullptr;
  }
}

std::size_t find_column(const Rule& rule, std::string_view column) {
  std::vector<std::string> known;
  for (std::size_t k = 0; k < rule.columns.size(); ++k) {
    if (column == rule.columns[k].name) return k;
    known.emplace_back(rule.columns[k].name);
  }
  throw Error(std::string(rule.name) + " has no column " + in_quotes(column) + suggest(column, known));
}

void check_first_values(const Settings& settings, const Rule& rule) {
  for (const auto& [column, value] : settings.first_values) {
    find_column(rule, column);
    if (std::isfinite(value)) continue;
    throw Error("first_values: " + column + " = " + to_text(value) + " is outside (−∞, ∞)");
  }
}

void check_rows(const Settings& settings, const Rule& rule) {
  if (settings.step_count != StepCount::per_row || rule.sums.empty()) return;
  throw Error("settings: StepCount::per_row does not go with " + std::string(rule.name) +
              ", whose sums are over whole parameters; use StepCount::per_parameter");
}

template <class T>
void Parameters::check_type(std::size_t index, std::string_view what) const {
  if (all_[index].precision == kPrecisionOf<T>) return;
  throw Error(std::string(what) + ": " + in_quotes(records_[index].name) + " is " + name_of(all_[index].precision) +
              ", not " + name_of(kPrecisionOf<T>));
}

template void Parameters::check_type<float>(std::size_t, std::string_view) const;
template void Parameters::check_type<double>(std::size_t, std::string_view) const;

std::size_t Parameters::state_bytes() const {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      if (records_[i].storage[slot] == nullptr) continue;
      bytes += (all_[i].size == 0 ? 0 : records_[i].capacity[slot]) * bytes_of(all_[i].precision);
    }
  }
  return bytes;
}

}  // namespace thalweg::inline v0_1
