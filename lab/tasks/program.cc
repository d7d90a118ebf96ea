// The tasks of programs that are no trainings of the lab: a number a run, which is all that is known of it.
#include "tasks/entries.h"
#include "tasks/task.h"

namespace thalweg::lab {
namespace {

Task task(const char* name, const char* metric) {
  return {.name = name, .loss = "none", .metrics = {metric}, .example = "example", .target = {}, .objective = nullptr};
}

}  // namespace

Task program_task() { return task("program", "cost"); }
Task scored_program_task() { return task("scored_program", "score"); }

}  // namespace thalweg::lab
