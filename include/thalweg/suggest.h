// Nearest names for error messages: "unknown rule 'rmsprob'; did you mean rmsprop?".
#pragma once

#include <thalweg/api.h>

#include <span>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// `; did you mean rmsprop or rprop?` with the nearest of `known`, or `; known: a, b, c` if none is near.
THALWEG_API std::string suggest(std::string_view unknown, std::span<const std::string> known);

}  // namespace thalweg::inline v0_1
