// Which instruction sets this machine can run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1::cpu {

/// Names of the targets that are built and that this machine can run, the fastest first.
std::vector<std::string> supported_targets();

/// The bit of the supported target with this name (`auto`: the fastest). Throws Error that names the others.
std::int64_t find_target(std::string_view name);

}  // namespace thalweg::inline v0_1::cpu
