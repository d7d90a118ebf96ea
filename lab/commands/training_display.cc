// TrainingDisplay: shows how a training goes, as a bar on a terminal and a line an epoch.
#include "commands/training_display.h"

#include <fmt/format.h>

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
            fmt::format("loss {:.4f}  accuracy {:.2f} %  {:.0f} images/s  {} left", progress.loss,
                        100 * progress.accuracy, progress.images_per_second, duration_text(seconds_left)));
}

void TrainingDisplay::add(const EpochRecord& record) {
  bar_.clear();
  fmt::print(lines_, "epoch {:>{}}/{}  loss {:.4f}  accuracy {:.2f} %", record.epoch,
             fmt::formatted_size("{}", epochs_), epochs_, record.train_loss, 100 * record.train_accuracy);
  if (record.validation_loss && record.validation_accuracy) {
    fmt::print(lines_, "  validation loss {:.4f}  accuracy {:.2f} %", *record.validation_loss,
               100 * *record.validation_accuracy);
  }
  fmt::print(lines_, "  {:.0f} images/s\n", record.images_per_second);
  std::fflush(lines_);
}

}  // namespace thalweg::lab
