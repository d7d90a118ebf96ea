// Nearest names for error messages: "unknown rule 'rmsprob'; did you mean rmsprop?".
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace thalweg {

/// `; did you mean rmsprop or rprop?` with the nearest of `known`, or `; known: a, b, c` if none is near.
std::string suggest(std::string_view unknown, std::span<const std::string> known);

}  // namespace thalweg
