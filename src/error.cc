// Throws Error where a header must not.
#include <thalweg/error.h>

namespace thalweg::inline v0_1 {

void throw_error(const char* message) { throw Error(message); }

}  // namespace thalweg::inline v0_1
