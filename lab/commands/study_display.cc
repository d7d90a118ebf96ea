// StudyDisplay: one line on a terminal, plain lines elsewhere.
#include "commands/study_display.h"

#include "duration.h"
#include "output/output.h"

#include <fmt/format.h>

namespace thalweg::lab {
namespace {

std::string head_of(const StudyProgress& progress) {
  return fmt::format("{} {}/{} trials", progress.phase, progress.done, progress.total);
}

std::string tail_of(const StudyProgress& progress) {
  const std::string left =
      progress.seconds_left < 0 ? "" : fmt::format(", {} left", whole_duration(progress.seconds_left));
  return fmt::format("{:.0f} %, {} running{}", 100 * progress.fraction, progress.running, left);
}

}  // namespace

void StudyDisplay::update(const StudyProgress& progress) {
  if (bar_.live()) {
    if (bar_.due()) bar_.draw(head_of(progress), progress.fraction, tail_of(progress));
    return;
  }
  const int tenths = static_cast<int>(progress.fraction * 10);
  if (tenths <= tenths_) return;
  tenths_ = tenths;
  print_message("{}: {}\n", head_of(progress), tail_of(progress));
}

void StudyDisplay::say(const std::string& text) {
  bar_.clear();
  print_message("{}\n", text);
}

}  // namespace thalweg::lab
