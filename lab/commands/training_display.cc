// TrainingDisplay: shows how a training goes, as a bar on a terminal and a line an epoch.
#include "commands/training_display.h"

#include "output/output.h"

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {

void TrainingDisplay::show(const Progress& progress) {
  if (!bar_.due()) return;
  const auto batches = static_cast<double>(progress.batches);
  const double done = static_cast<double>(progress.batch) / batches;
  const double epochs_left = static_cast<double>(progress.epochs - progress.epoch) + 1 - done;
  // By this epoch's own pace: how long its images so far have taken.
  const double seconds_left =
      progress.images_per_second > 0 && progress.images > 0
          ? epochs_left / done * static_cast<double>(progress.images) / progress.images_per_second
          : -1;
  bar_.draw(fmt::format("epoch {}/{}", progress.epoch, progress.epochs), done,
            fmt::format("loss {}  accuracy {:.2f} %  {:.0f} images/s  {} left", loss_text(progress.loss),
                        100 * progress.accuracy, progress.images_per_second, duration_text(seconds_left)));
}

void TrainingDisplay::add(const EpochRecord& record) {
  bar_.clear();
  std::string line =
      fmt::format("epoch {:>{}}/{}  loss {}  accuracy {:.2f} %", record.epoch, fmt::formatted_size("{}", epochs_),
                  epochs_, loss_text(record.train_loss), 100 * record.train_accuracy);
  if (record.validation_loss && record.validation_accuracy) {
    line += fmt::format("  validation loss {}  accuracy {:.2f} %", loss_text(*record.validation_loss),
                        100 * *record.validation_accuracy);
  }
  line += fmt::format("  {:.0f} images/s\n", record.images_per_second);
  lines_ == Lines::output ? print_lines(line) : print_message_lines(line);
}

}  // namespace thalweg::lab
