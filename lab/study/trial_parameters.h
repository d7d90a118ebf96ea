// Trial parameters: what a search's parameters change of a training.
#pragma once

#include "search/space.h"
#include "training/config.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace thalweg::lab {

/// The training with these parameters (SearchSpace::parameters): `optimizer` first, then by name an option of its rule,
/// else a setting. Throws thalweg::Error that names a parameter that is neither, or whose value is not allowed.
TrainingConfig with_parameters(TrainingConfig training, const nlohmann::json& parameters);

/// Names of the settings that may be searched: those that change a training and not what it is measured by.
std::vector<std::string> searched_settings();

/// Throws thalweg::Error, which begins with `range 'TEXT'`, if a dimension names what the training has not (with what
/// it has, and the nearest), is an option of some of the rules alone with which it counts, or if one of its ends or
/// choices is not allowed there.
void check_space(const SearchSpace& space, const TrainingConfig& training);

}  // namespace thalweg::lab
