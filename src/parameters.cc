// Parameters of an optimizer: their names, and where they lie in memory.
#include "parameters.h"

#include "checkpoint/utf8.h"
#include "checkpoint/xxh64.h"
#include "shape_check.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>

namespace thalweg::inline v0_1 {

void Parameters::check_shape(const std::string& what, const Shape& shape, std::size_t size,
                             const GroupRecord& group) const {
  check_sizes(shape, what);
  if (shape.elements() != size) {
    throw Error(what + " has shape " + shape.text() + ", which is of " + std::to_string(shape.elements()) +
                " elements, and memory of " + std::to_string(size));
  }
  check_strides(shape, what);
  if (settings_.step_count == StepCount::per_row && shape.sizes.empty()) {
    throw Error(what + " is a single number and has no rows, which StepCount::per_row counts steps of");
  }
  if (shape.is_shard() && !group.rule->sums.empty()) {
    throw Error(what + " has shape " + shape.text() + ", but " + std::string(group.rule->name) +
                " sums over whole parameters: put it into a group of another rule, or add it whole");
  }
  if (shape.is_shard() && settings_.step_count == StepCount::per_row) {
    throw Error(what + " has shape " + shape.text() +
                ", a shard, and no rows, which StepCount::per_row counts steps of");
  }
  if (group.rule->needs_matrix && !layout_of(shape).is_matrix() && size > 0) {
    throw Error(what + " has shape " + shape.text() + (shape.is_row_major() ? "" : ", not in row-major order") +
                ", but " + std::string(group.rule->name) +
                " steps matrices alone: put it into a group of another rule, or add it with a shape of two dimensions");
  }
}

void Parameters::check_no_shards(const std::string& what) const {
  if (shards_ == 0) return;
  const auto is_shard = [](const ParameterRecord& record) { return record.shape.is_shard(); };
  const auto shard = std::ranges::find_if(records_, is_shard);
  throw Error(what + " needs whole parameters: " + in_quotes(shard->name) + " has shape " + shard->shape.text());
}

Handle Parameters::add(std::string_view name, void* data, std::size_t size, Precision precision, const Shape& shape,
                       Group group) {
  const GroupRecord& its_group = groups_[group];
  if (name.empty()) throw Error("add: a parameter's name must not be empty");
  if (find_invalid_utf8(name) != std::string_view::npos) {
    throw Error("add: the name " + in_quotes(name) + " is not UTF-8, as states need it");
  }
  const std::string what = "add: " + in_quotes(name);
  if (by_name_.contains(name)) throw Error("add: the name " + in_quotes(name) + " is taken");
  if (data == nullptr && size > 0) throw Error(what + " has no memory");
  check_shape(what, shape, size, its_group);
  if (const std::uint32_t other = find_overlap(data, size * bytes_of(precision), UINT32_MAX); other != UINT32_MAX) {
    throw overlap_error(what, other);
  }

  const auto index = static_cast<std::uint32_t>(all_.size());
  records_.reserve(records_.size() + 1);
  all_.push_back({.group = group.index,
                  .precision = precision,
                  .key = xxh64(std::as_bytes(std::span(name)), 0),
                  .first = shape.first,
                  .scalars = first_scalars(*its_group.rule)});
  ParameterRecord& record = records_.emplace_back();
  record.name = name;
  record.shape = shape;
  record.layout = layout_of(shape);
  if (settings_.step_count == StepCount::per_row) {
    const auto rows = static_cast<std::size_t>(shape.sizes[0]);
    record.rows.steps.assign(rows, 0);
    record.rows.begun.assign(rows, 0);
    if (!its_group.rule->scalars.empty()) record.rows.scalars.assign(rows, first_scalars(*its_group.rule));
  }
  by_name_.emplace(name, index);
  place(index, data, size);
  ++alive_;
  shards_ += shape.is_shard() ? 1 : 0;
  return {index};
}

void Parameters::rebind(Handle handle, void* data, std::size_t size, Precision precision, const Shape* shape) {
  const std::uint32_t index = index_of(handle);
  Parameter& parameter = all_[index];
  const std::string what = "rebind: " + in_quotes(records_[index].name);
  if (precision != parameter.precision) {
    throw Error(what + " is " + name_of(parameter.precision) + ", the new memory " + name_of(precision));
  }
  if (size != parameter.size) {
    throw Error(what + " has " + std::to_string(parameter.size) + " elements, the new memory " + std::to_string(size));
  }
  if (data == nullptr && size > 0) throw Error(what + " has no memory");
  if (shape != nullptr) {
    check_shape(what, *shape, size, groups_.at(parameter.group));
    const Shape& before = records_[index].shape;
    if (shape->whole != before.whole || shape->first != before.first) {
      throw Error(what + " had shape " + before.text() + " and has " + shape->text() +
                  ": the state is of that part of the parameter; remove and add it");
    }
    const RowNumbers& rows = records_[index].rows;
    if (settings_.step_count == StepCount::per_row && rows.steps.size() != static_cast<std::size_t>(shape->sizes[0])) {
      throw Error(what + " has " + std::to_string(rows.steps.size()) + " rows, the new shape " +
                  std::to_string(shape->sizes[0]) + ": keep_rows or append_rows says which");
    }
    const Layout layout = layout_of(*shape);
    if (!(layout == records_[index].layout) && rule(index).by_layout && (parameter.step > 0 || parameter.begun != 0)) {
      throw Error(what + " had shape " + records_[index].shape.text() + " and has " + shape->text() +
                  ": the state of " + std::string(rule(index).name) + " is of the shape; remove and add the parameter");
    }
  }
  if (const std::uint32_t other = find_overlap(data, size * bytes_of(precision), index); other != UINT32_MAX) {
    throw overlap_error(what, other);
  }
  displace(index);
  place(index, data, size);
  if (shape != nullptr) {
    const Layout before = std::exchange(records_[index].layout, layout_of(*shape));
    records_[index].shape = *shape;
    if (rule(index).by_layout && !(before == records_[index].layout)) drop_rule_columns(index);
    parameter.columns_made_for = 0;
  }
}

void Parameters::remove(Handle handle) {
  const std::uint32_t index = index_of(handle);
  displace(index);
  by_name_.erase(records_[index].name);
  records_[index].storage = {};
  records_[index].capacity = {};
  records_[index].rows = {};
  shards_ -= std::exchange(records_[index].shape, {}).is_shard() ? 1 : 0;
  all_[index] = {.alive = false};
  --alive_;
}

void Parameters::move(Handle handle, Group group) {
  const std::uint32_t index = index_of(handle);
  const GroupRecord& to = groups_[group];
  Parameter& parameter = all_[index];
  const Rule& from = rule(index);
  check_shape("move: " + in_quotes(records_[index].name), records_[index].shape, parameter.size, to);
  if (from.family != to.rule->family) {
    const auto is_held = [&](const ColumnSlot& slot) { return slot.role == Role::rule && holds(index, slot); };
    if (std::ranges::any_of(column_slots(from), is_held)) {
      throw Error("move: " + in_quotes(records_[index].name) + " has state of " + std::string(from.name) +
                  ", which means nothing to " + std::string(to.rule->name) + "; remove and add the parameter");
    }
    // Step numbers are of the rule: bias correction begins anew.
    parameter.step = 0;
    parameter.begun = 0;
    parameter.scalars = first_scalars(*to.rule);
    RowNumbers& rows = records_[index].rows;
    std::ranges::fill(rows.steps, 0);
    rows.scalars.assign(to.rule->scalars.empty() ? 0 : rows.steps.size(), parameter.scalars);
  }
  parameter.group = group.index;
  parameter.columns_made_for = 0;
}

std::uint32_t Parameters::find_overlap(const void* data, std::size_t bytes, std::uint32_t except) const {
  if (bytes == 0) return UINT32_MAX;
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  // Parameters do not overlap each other, so of those that begin below our end only the last can reach into us, or, if
  // that one is excepted, its neighbour.
  auto it = by_address_.lower_bound(begin + bytes);
  while (it != by_address_.begin()) {
    --it;
    if (it->second == except) continue;
    const Parameter& other = all_[it->second];
    return it->first + other.size * bytes_of(other.precision) > begin ? it->second : UINT32_MAX;
  }
  return UINT32_MAX;
}

Error Parameters::overlap_error(const std::string& what, std::uint32_t other) const {
  return Error(what + " overlaps parameter " + in_quotes(records_[other].name) + " in memory");
}

void Parameters::place(std::uint32_t index, void* data, std::size_t size) {
  all_[index].data = data;
  all_[index].size = size;
  if (size > 0) by_address_.emplace(reinterpret_cast<std::uintptr_t>(data), index);
  ++places_;
}

void Parameters::displace(std::uint32_t index) {
  Parameter& parameter = all_[index];
  if (parameter.size > 0 && parameter.data != nullptr) {
    by_address_.erase(reinterpret_cast<std::uintptr_t>(parameter.data));
  }
  parameter.data = nullptr;
  ++places_;
}

void Parameters::refuse(Handle handle) const {
  throw Error("handle " + std::to_string(handle.index) + " is not a parameter of this optimizer" +
              (handle.index < all_.size() ? ": " + in_quotes(records_[handle.index].name) + " was removed" : ""));
}

std::uint32_t Parameters::index_of(std::string_view name) const {
  if (const std::uint32_t index = find(name); index != UINT32_MAX) return index;
  throw Error("unknown parameter " + in_quotes(name) + suggest(name, names()));
}

std::uint32_t Parameters::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it != by_name_.end() ? it->second : UINT32_MAX;
}

std::vector<Handle> Parameters::handles() const {
  std::vector<Handle> result;
  for (std::uint32_t i = 0; i < all_.size(); ++i) {
    if (all_[i].alive) result.push_back({i});
  }
  return result;
}

std::vector<std::string> Parameters::names() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].alive) names.push_back(records_[i].name);
  }
  return names;
}

}  // namespace thalweg::inline v0_1
