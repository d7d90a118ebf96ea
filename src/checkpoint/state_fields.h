// What stands in the head of a state, read and checked. Each throws Error that begins with `what`.
#pragma once

#include "checkpoint/json.h"
#include "groups.h"

#include <thalweg/optimizer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1 {

/// Takes the scalars of this owner over.
void read_scalars(const Rule& rule, const json::Value& json, const std::string& what, ScalarOwner owner,
                  Scalars& scalars);

/// How often something has been done.
std::int64_t count_from_json(const json::Value& json, const std::string& what);

/// The same where it need not be said: then 0.
std::int64_t optional_count(const json::Value& json, std::string_view key, const std::string& what);

std::vector<std::int64_t> integers(const json::Value& json, const std::string& what);

/// The shape of a saved parameter. Files of the first version say how many elements there are; those lie in row-major
/// order.
Shape shape_from_json(const json::Value& entry, const Shape& own, const std::string& what);

/// Throws Error unless the state of a parameter of the shape `saved` is that of one of the shape `own`. A vector stands
/// for any shape of as many elements in row-major order: it is what a parameter is of which nobody said more.
void check_shapes(const Shape& saved, const Shape& own, bool by_layout, const std::string& what);

/// Throws Error for the first tensor that is no column of a saved parameter.
void check_for_strays(const json::Object& saved, const State& state);

}  // namespace thalweg::inline v0_1
