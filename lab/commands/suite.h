// thalweg compare --suite: several comparisons that belong together.
#pragma once

#include "commands/study_flags.h"
#include "suites/suite.h"

#include <string>

namespace thalweg::lab {

/// Trains the suite's comparisons, one after the other, in folders of their own below `output.out`; those that are
/// there go on. `command` is what goes on with it. Ends with the report of all of them together.
void run_suite(const Suite& suite, const StudyOutput& output, const JobFlags& workers, const std::string& command);

}  // namespace thalweg::lab
