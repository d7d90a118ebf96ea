// Task: the registry.
#include "tasks/task.h"

#include "find_named.h"
#include "tasks/entries.h"

#include <algorithm>

namespace thalweg::lab {

const std::vector<Task>& tasks() {
  static const std::vector<Task> all{
      classification_task(), regression_task(), characters_task(), program_task(),
      scored_program_task(), rating_task(),     ranking_task(),
  };
  return all;
}

const Task& find_task(std::string_view name) { return find_named(tasks(), name, "task"); }

const Task& task_of(const Target& target) {
  if (!target.task.empty()) return find_task(target.task);
  return *std::ranges::find(tasks(), target.kind, &Task::target);
}

}  // namespace thalweg::lab
