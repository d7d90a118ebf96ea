// Task: the registry.
#include "tasks/task.h"

#include "tasks/entries.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::lab {

const std::vector<Task>& tasks() {
  static const std::vector<Task> all{
      classification_task(),
      regression_task(),
      characters_task(),
  };
  return all;
}

const Task& find_task(std::string_view name) {
  const auto found = std::ranges::find(tasks(), name, &Task::name);
  if (found != tasks().end()) return *found;
  std::vector<std::string> names;
  for (const Task& task : tasks()) names.push_back(task.name);
  throw Error(fmt::format("unknown task '{}'{}", name, suggest(name, names)));
}

const Task& task_of(const Target& target) { return *std::ranges::find(tasks(), target.kind, &Task::target); }

}  // namespace thalweg::lab
