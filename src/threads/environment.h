// The floating-point environment of a step: rounding to nearest, subnormals kept; restored afterwards.
#pragma once

#include <cfenv>

namespace thalweg::inline v0_1 {

/// While it lives, the calling thread has the default environment. Flush-to-zero and the rounding mode belong to each
/// thread, so every thread that works on a step holds one.
class DefaultEnvironment {
 public:
  DefaultEnvironment();
  ~DefaultEnvironment();
  DefaultEnvironment(const DefaultEnvironment&) = delete;
  DefaultEnvironment& operator=(const DefaultEnvironment&) = delete;

 private:
  std::fenv_t caller_;
};

}  // namespace thalweg::inline v0_1
