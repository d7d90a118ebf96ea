// ProgressBar: one line on stderr that shows how far a job is; nothing where stderr is no terminal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// Redraws one line of a terminal. Colours only without NO_COLOR; nothing at all if stderr is no terminal, so callers
/// print plain lines there.
class ProgressBar {
 public:
  ProgressBar();
  /// Removes the bar from the terminal.
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Is stderr a terminal?
  bool live() const { return live_; }
  /// Is it time to draw again (ten times a second)? Cheap: ask before putting the text together.
  bool due() const;
  /// `epoch 3/10 ━━━━━━──────  loss 0.412 …`: `head`, a bar filled to `done` in [0, 1], `tail`. A narrow terminal has
  /// a shorter bar or none, and the words for which there is room.
  void draw(std::string_view head, double done, std::string_view tail);
  /// Removes the bar; the next `draw` brings it back. To be called before anything else is printed.
  void clear();

 private:
  bool live_, colour_, shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace thalweg::lab
