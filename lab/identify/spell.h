// Spell: candidates in the words of frameworks, each formula once.
#pragma once

#include "identify/identify.h"
#include "identify/view.h"

#include <vector>

namespace thalweg::lab::identify {

/// Joins candidates that are one formula, sorts them, the simplest first, and fills in their expressions.
/// `views` tell whether a framework's default fits where an option is open. `has_gaps`: some gradients are missing.
void spell(std::vector<Candidate>& candidates, const Views& views, const Recording& recording, bool has_gaps);

/// `RMSprop(learning_rate=0.001, rho=0.9, weight_decay=None)`: a line that Python takes.
std::string python_call(const Expression& expression);

}  // namespace thalweg::lab::identify
