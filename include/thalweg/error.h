// The one exception type that thalweg throws.
#pragma once

#include <thalweg/api.h>

#include <stdexcept>
#include <string>

namespace thalweg::inline v0_1 {

/// What the engine throws for every misuse and every failure. The message names the thing, the value and what is
/// allowed, for example `rmsprop: alpha = 1.2 is outside [0, 1)`. The engine never prints, exits or aborts.
class THALWEG_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Error, from headers too that are compiled with -fno-exceptions.
[[noreturn]] THALWEG_API void throw_error(const char* message);

}  // namespace thalweg::inline v0_1
