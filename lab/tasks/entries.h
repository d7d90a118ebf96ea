// The tasks' own entries, one a file; tasks() lists them.
#pragma once

#include "tasks/task.h"

namespace thalweg::lab {

Task classification_task();
/// What a command of one's own is judged by (study/program.h): the less, the better, or the more. No training has them.
Task program_task();
Task scored_program_task();
Task regression_task();
Task characters_task();
Task rating_task();
Task ranking_task();

}  // namespace thalweg::lab
