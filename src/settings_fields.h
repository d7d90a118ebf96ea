// The fields of what is around the rules, by which text and JSON read and write it.
#pragma once

#include "fields.h"

#include <thalweg/settings.h>

namespace thalweg::inline v0_1 {

Field by_field(Clip& clip);  ///< which kind
Field kind_field(Average& average);
Field check_field(Settings& settings);
Field step_count_field(Settings& settings);
Field loss_scale_field(Settings& settings);

/// The others.
Fields fields_of(Clip& clip);
Fields fields_of(Average& average);
Fields fields_of(Accumulation& accumulation);
Fields fields_of(DynamicLossScale& dynamic);

}  // namespace thalweg::inline v0_1
