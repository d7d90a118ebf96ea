// TrainingDisplay: shows how a training goes, as a bar on a terminal and a line an epoch.
#include "commands/training_display.h"

#include "duration.h"
#include "output/output.h"
#include "tasks/task.h"

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {

std::string values_text(const MetricValues& values) {
  std::string text = fmt::format("loss {}", loss_text(value_of(values, "loss").value_or(0)));
  for (const auto& [name, value] : values) {
    if (name == "loss") continue;
    const Metric& metric = find_metric(name);
    text += fmt::format("  {} {}", metric.title, value_text(metric, value));
  }
  return text;
}

void TrainingDisplay::show(const Progress& progress) {
  if (!bar_.due()) return;
  const auto batches = static_cast<double>(progress.batches);
  const double done = static_cast<double>(progress.batch) / batches;
  const double epochs_left = static_cast<double>(progress.epochs - progress.epoch) + 1 - done;
  // By this epoch's own pace: how long its examples so far have taken.
  const double seconds_left =
      progress.examples_per_second > 0 && progress.examples > 0
          ? epochs_left / done * static_cast<double>(progress.examples) / progress.examples_per_second
          : -1;
  std::string state = fmt::format("loss {}", loss_text(progress.loss));
  if (!progress.metric.empty()) {
    const Metric& metric = find_metric(progress.metric);
    state += fmt::format("  {} {}", metric.title, value_text(metric, progress.value));
  }
  bar_.draw(fmt::format("epoch {}/{}", progress.epoch, progress.epochs), done,
            fmt::format("{}  {:.0f} {}s/s  {} left", state, progress.examples_per_second, task_.example,
                        whole_duration(seconds_left)));
}

void TrainingDisplay::add(const EpochRecord& record) {
  bar_.clear();
  std::string line = fmt::format("epoch {:>{}}/{}  {}", record.epoch, fmt::formatted_size("{}", epochs_), epochs_,
                                 values_text(record.train));
  if (record.validation) line += fmt::format("  validation {}", values_text(*record.validation));
  line += fmt::format("  {:.0f} {}s/s\n", record.examples_per_second, task_.example);
  lines_ == Lines::output ? print_lines(line) : print_message_lines(line);
}

}  // namespace thalweg::lab
