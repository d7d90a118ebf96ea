// The floating-point environment of a step.
#include "threads/environment.h"

namespace thalweg::inline v0_1 {

// Out of line, so that no arithmetic can be moved across.
DefaultEnvironment::DefaultEnvironment() {
  std::fegetenv(&caller_);
  std::fesetenv(FE_DFL_ENV);
}

DefaultEnvironment::~DefaultEnvironment() { std::fesetenv(&caller_); }

}  // namespace thalweg::inline v0_1
