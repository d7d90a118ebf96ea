// Names of the models.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// Names that make_model knows, each with one line about it.
std::vector<std::pair<std::string, std::string>> model_names();

}  // namespace thalweg::lab
