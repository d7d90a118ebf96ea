// Parameters of an optimizer: where they lie in memory, their names and columns.
#include <thalweg/suggest.h>

#include "checkpoint/utf8.h"
#include "optimizer_impl.h"
#include "text.h"

#include <algorithm>

namespace thalweg {
namespace {

void fill(Precision precision, std::byte* to, std::size_t count, double value) {
  if (precision == Precision::f32) {
    std::fill_n(reinterpret_cast<float*>(to), count, static_cast<float>(value));
  } else {
    std::fill_n(reinterpret_cast<double*>(to), count, value);
  }
}

}  // namespace

std::size_t Optimizer::Impl::column_index(std::string_view column) const {
  std::vector<std::string> known;
  for (std::size_t k = 0; k < rule->columns.size(); ++k) {
    if (column == rule->columns[k].name) return k;
    known.emplace_back(rule->columns[k].name);
  }
  throw Error(std::string(rule->name) + " has no column " + in_quotes(column) + suggest(column, known));
}

template <class T>
void Optimizer::Impl::check_type(std::uint32_t index, std::string_view what) const {
  if (parameters[index].precision == kPrecisionOf<T>) return;
  throw Error(std::string(what) + ": " + in_quotes(records[index].name) + " is " +
              name_of(parameters[index].precision) + ", not " + name_of(kPrecisionOf<T>));
}

template void Optimizer::Impl::check_type<float>(std::uint32_t, std::string_view) const;
template void Optimizer::Impl::check_type<double>(std::uint32_t, std::string_view) const;

Handle Optimizer::Impl::add(std::string_view name, void* data, std::size_t size, Precision precision, Group group) {
  group_record(group);
  if (name.empty()) throw Error("add: a parameter's name must not be empty");
  if (find_invalid_utf8(name) != std::string_view::npos) {
    throw Error("add: the name " + in_quotes(name) + " is not UTF-8, as states need it");
  }
  if (by_name.contains(name)) throw Error("add: the name " + in_quotes(name) + " is taken");
  if (data == nullptr && size > 0) throw Error("add: " + in_quotes(name) + " has no memory");
  if (const std::uint32_t other = find_overlap(data, size * bytes_of(precision), UINT32_MAX); other != UINT32_MAX) {
    throw overlap_error("add: " + in_quotes(name), other);
  }

  const auto index = static_cast<std::uint32_t>(parameters.size());
  records.reserve(records.size() + 1);
  parameters.push_back({.group = group.index, .precision = precision, .scalars = first_scalars()});
  records.push_back({.name = std::string(name), .storage = {}, .average = {}});
  by_name.emplace(name, index);
  place(index, data, size);
  ++alive;
  return {index};
}

void Optimizer::Impl::rebind(Handle handle, void* data, std::size_t size, Precision precision) {
  const std::uint32_t index = index_of(handle);
  Parameter& parameter = parameters[index];
  const std::string what = "rebind: " + in_quotes(records[index].name);
  if (precision != parameter.precision) {
    throw Error(what + " is " + name_of(parameter.precision) + ", the new memory " + name_of(precision));
  }
  if (size != parameter.size) {
    throw Error(what + " has " + std::to_string(parameter.size) + " elements, the new memory " + std::to_string(size));
  }
  if (data == nullptr && size > 0) throw Error(what + " has no memory");
  if (const std::uint32_t other = find_overlap(data, size * bytes_of(precision), index); other != UINT32_MAX) {
    throw overlap_error(what, other);
  }
  displace(index);
  place(index, data, size);
}

std::uint32_t Optimizer::Impl::find_overlap(const void* data, std::size_t bytes, std::uint32_t except) const {
  if (bytes == 0) return UINT32_MAX;
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  // Parameters do not overlap each other, so of those that begin below our end only the last can reach into us, or, if
  // that one is excepted, its neighbour.
  auto it = by_address.lower_bound(begin + bytes);
  while (it != by_address.begin()) {
    --it;
    if (it->second == except) continue;
    const Parameter& other = parameters[it->second];
    return it->first + other.size * bytes_of(other.precision) > begin ? it->second : UINT32_MAX;
  }
  return UINT32_MAX;
}

Error Optimizer::Impl::overlap_error(const std::string& what, std::uint32_t other) const {
  return Error(what + " overlaps parameter " + in_quotes(records[other].name) + " in memory");
}

void Optimizer::Impl::place(std::uint32_t index, void* data, std::size_t size) {
  parameters[index].data = data;
  parameters[index].size = size;
  if (size > 0) by_address.emplace(reinterpret_cast<std::uintptr_t>(data), index);
  ++places;
}

void Optimizer::Impl::displace(std::uint32_t index) {
  Parameter& parameter = parameters[index];
  if (parameter.size > 0 && parameter.data != nullptr) {
    by_address.erase(reinterpret_cast<std::uintptr_t>(parameter.data));
  }
  parameter.data = nullptr;
  ++places;
}

std::uint32_t Optimizer::Impl::index_of(Handle handle) const {
  if (handle.index < parameters.size() && parameters[handle.index].alive) return handle.index;
  throw Error("handle " + std::to_string(handle.index) + " is not a parameter of this optimizer" +
              (handle.index < parameters.size() ? ": " + in_quotes(records[handle.index].name) + " was removed" : ""));
}

std::uint32_t Optimizer::Impl::index_of(std::string_view name) const {
  if (const auto it = by_name.find(name); it != by_name.end()) return it->second;
  std::vector<std::string> known;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].alive) known.push_back(records[i].name);
  }
  throw Error("unknown parameter " + in_quotes(name) + suggest(name, known));
}

void Optimizer::Impl::complete_columns(std::uint32_t index) {
  Parameter& parameter = parameters[index];
  const GroupRecord& group = groups[parameter.group];
  if (parameter.columns_made_for == group.version) return;
  for (std::size_t k = 0; k < group.columns.size(); ++k) {
    const ColumnInfo& column = group.columns[k];
    Buffer& storage = records[index].storage[k];
    if (column.needed && storage == nullptr) {
      Buffer fresh = make_buffer(std::max<std::size_t>(1, parameter.size) * bytes_of(parameter.precision));
      const auto other = settings.first_values.find(column.name);
      fill(parameter.precision, fresh.get(), parameter.size,
           other != settings.first_values.end() ? other->second : column.first_value);
      storage = std::move(fresh);
    }
    parameter.columns[k] = column.needed ? storage.get() : nullptr;
  }
  parameter.columns_made_for = group.version;
}

}  // namespace thalweg
