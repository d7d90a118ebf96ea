// StudyDisplay: one line on a terminal, plain lines elsewhere.
#include "commands/study_display.h"

#include "report/text.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace thalweg::lab {
namespace {

constexpr std::chrono::milliseconds kBetweenDraws{200};
constexpr int kBarWidth = 24;

std::string line_for(const StudyProgress& progress, bool with_bar) {
  std::string bar;
  if (with_bar) {
    const int filled = static_cast<int>(std::lround(progress.fraction * kBarWidth));
    for (int i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
    bar += "  ";
  }
  const std::string left = progress.seconds_left < 0 ? "" : fmt::format(", {} left", duration(progress.seconds_left));
  return fmt::format("{}{:3.0f} %  {} of {} trials done, {} running ({}){}", bar, 100 * progress.fraction,
                     progress.done, progress.total, progress.running, progress.phase, left);
}

}  // namespace

StudyDisplay::StudyDisplay() : terminal_(isatty(STDERR_FILENO) == 1) {}

StudyDisplay::~StudyDisplay() { clear(); }

void StudyDisplay::clear() {
  if (!line_.empty()) fmt::print(stderr, "\r\x1b[K");
  line_.clear();
  std::fflush(stderr);
}

void StudyDisplay::update(const StudyProgress& progress) {
  if (!terminal_) {
    const int tenths = static_cast<int>(progress.fraction * 10);
    if (tenths <= tenths_) return;
    tenths_ = tenths;
    fmt::print(stderr, "{}\n", line_for(progress, false));
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < kBetweenDraws) return;
  drawn_ = now;
  line_ = line_for(progress, true);
  // No line break in the middle of a narrow terminal: it is switched off around the line.
  fmt::print(stderr, "\r\x1b[?7l{}\x1b[K\x1b[?7h", line_);
  std::fflush(stderr);
}

void StudyDisplay::say(const std::string& text) {
  const std::string line = line_;
  clear();
  fmt::print(stderr, "{}\n", text);
  line_ = line;
  if (!line_.empty()) fmt::print(stderr, "\x1b[?7l{}\x1b[?7h", line_);
  std::fflush(stderr);
}

}  // namespace thalweg::lab
