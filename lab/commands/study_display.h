// StudyDisplay: shows how far a study is, on stderr.
#pragma once

#include "progress.h"
#include "study/study_progress.h"

#include <string>

namespace thalweg::lab {

/// On a terminal one line that is kept up to date; elsewhere a plain line for every tenth of the study.
class StudyDisplay {
 public:
  void update(const StudyProgress& progress);
  /// A line that stays.
  void say(const std::string& text);
  /// Removes the bar from the terminal.
  void clear() { bar_.clear(); }

 private:
  ProgressBar bar_;
  int tenths_ = 0;  // told so far
};

}  // namespace thalweg::lab
