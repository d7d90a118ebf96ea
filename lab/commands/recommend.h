// What a run's model recommends to a user.
#pragma once

#include "commands/trained_run.h"

#include <cstdint>
#include <string>

namespace thalweg::lab {

/// The items that the model puts first for a user, best first, without those that the data hold of them (all of the
/// run's own data, or those of --data), as CSV or JSON. `user` is an id of the file. Throws UsageError for a run that
/// is not of ratings, thalweg::Error for a user that the training part does not have.
std::string recommended_text(const TrainedModel& trained, const TrainedRunFlags& flags, const std::string& user,
                             std::int64_t top, bool json);

}  // namespace thalweg::lab
