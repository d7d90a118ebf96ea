// StudyDisplay: shows how far a study is, on stderr.
#pragma once

#include "study/run_compare.h"

#include <chrono>
#include <string>

namespace thalweg::lab {

/// On a terminal one line that is kept up to date; elsewhere a plain line for every tenth of the study.
class StudyDisplay {
 public:
  StudyDisplay();
  ~StudyDisplay();
  StudyDisplay(const StudyDisplay&) = delete;
  StudyDisplay& operator=(const StudyDisplay&) = delete;

  void update(const StudyProgress& progress);
  /// A line that stays.
  void say(const std::string& text);

 private:
  void clear();

  bool terminal_;
  std::string line_;  // on the terminal now
  int tenths_ = 0;    // told so far
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace thalweg::lab
