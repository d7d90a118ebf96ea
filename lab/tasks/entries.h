// The tasks' own entries, one a file; tasks() lists them.
#pragma once

#include "tasks/task.h"

namespace thalweg::lab {

Task classification_task();
Task regression_task();
Task characters_task();

}  // namespace thalweg::lab
