// An example's inputs for people: an image's picture, a table's values in words.
#pragma once

#include "data/dataset.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// The image as a PNG file; empty where the data set's input is none, or is larger than `most_side` pixels.
std::vector<std::uint8_t> picture_of(const Dataset& dataset, const Scaling& scaling, std::int64_t example,
                                     std::int64_t most_side = 256);

/// A row's values with their columns' names, as a model sees them: `city Rome, age 35, income missing`. At most
/// `most_columns`, then `…`. Empty of what is no row of a table, and of columns without names.
std::string row_text(const Dataset& dataset, const Scaling& scaling, std::int64_t example,
                     std::size_t most_columns = 8);

}  // namespace thalweg::lab
