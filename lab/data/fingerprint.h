// What a data set's contents are known by, wherever its files lie.
#pragma once

#include "data/dataset.h"

#include <string>

namespace thalweg::lab {

/// A short text, the same for the same images and labels in the same order, whatever folder, file names or compression
/// they come from: numbers of images, their shape, and CRC-32s of pixels and labels of both parts, as
/// `60000+10000x1x28x28-d3a3c1f2-…`. Made by open_dataset; 55 MB take about 10 ms.
std::string fingerprint_of(const Dataset& dataset);

}  // namespace thalweg::lab
