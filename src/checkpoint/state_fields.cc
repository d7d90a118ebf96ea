// What stands in the head of a state, read and checked.
#include "checkpoint/state_fields.h"

#include "checkpoint/state_head.h"
#include "shape_check.h"
#include "text.h"

#include <algorithm>

namespace thalweg::inline v0_1 {

void read_scalars(const Rule& rule, const json::Value& json, const std::string& what, ScalarOwner owner,
                  Scalars& scalars) {
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) {
    const ScalarInfo& scalar = rule.scalars[i];
    if (scalar.owner != owner) continue;
    scalars[i] = json.at(scalar.name, what).number(what + ": " + std::string(scalar.name));
    if (scalar.range.contains(scalars[i])) continue;
    throw Error(what + ": " + std::string(scalar.name) + " = " + to_text(scalars[i]) + " is outside " +
                scalar.range.text());
  }
}

std::int64_t count_from_json(const json::Value& json, const std::string& what) {
  const std::int64_t count = json.integer(what);
  if (count >= 0 && count <= kMostSteps) return count;
  throw Error(what + " = " + std::to_string(count) + " is outside [0, " + std::to_string(kMostSteps) + "]");
}

std::int64_t optional_count(const json::Value& json, std::string_view key, const std::string& what) {
  const json::Value* found = json.find(key, what);
  return found == nullptr ? 0 : count_from_json(*found, what + ": " + std::string(key));
}

std::vector<std::int64_t> integers(const json::Value& json, const std::string& what) {
  std::vector<std::int64_t> result;
  for (const json::Value& number : json.array(what)) result.push_back(number.integer(what));
  return result;
}

Shape shape_from_json(const json::Value& entry, const Shape& own, const std::string& what) {
  const json::Value* sizes = entry.find("shape", what);
  if (sizes == nullptr) {
    const std::uint64_t size = entry.at("size", what).unsigned_integer(what + ": size");
    if (size == own.elements()) return Shape(own.sizes);
    throw Error(what + " has " + std::to_string(size) + " elements, the optimizer's " + std::to_string(own.elements()));
  }
  Shape shape(integers(*sizes, what + ": shape"));
  if (const json::Value* strides = entry.find("strides", what)) shape.strides = integers(*strides, what + ": strides");
  if (const json::Value* whole = entry.find("whole", what)) {
    shape.whole = integers(*whole, what + ": whole");
    shape.first = entry.at("first", what).unsigned_integer(what + ": first");
  }
  return shape;
}

void check_shapes(const Shape& saved, const Shape& own, bool by_layout, const std::string& what) {
  check_sizes(saved, what);
  const bool is_flat =
      (saved.sizes.size() == 1 && own.is_row_major()) || (own.sizes.size() == 1 && saved.is_row_major());
  const bool is_same_part = saved.whole == own.whole && saved.first == own.first;
  const bool fits = is_same_part && (saved.sizes == own.sizes || (is_flat && !by_layout));
  if (!fits || saved.elements() != own.elements()) {
    throw Error(what + " has shape " + saved.text() + ", the optimizer's " + own.text());
  }
  check_strides(saved, what);
}

void check_for_strays(const json::Object& saved, const State& state) {
  for (const auto& tensor : state.tensors) {
    const std::string& name = tensor.first;
    const std::size_t slash = std::min(name.rfind('/'), name.size());
    const auto parameter = saved.find(name.substr(0, slash));
    bool known = false;
    if (parameter != saved.end() && slash < name.size()) {
      const std::string column = name.substr(slash + 1);
      const json::Value& entry = parameter->second;
      // Files of the first version do not name the average among the columns.
      known = column == kAverage       ? entry.at("averaged", "state").integer("state: averaged") > 0
              : column == kAccumulated ? optional_count(entry, "accumulated", "state") > 0
                                       : names_column(entry.at("columns", "state").array("state: columns"), column);
    }
    if (!known) throw Error("state: tensor " + in_quotes(name) + " belongs to no parameter and column");
  }
}

}  // namespace thalweg::inline v0_1
