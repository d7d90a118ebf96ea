// Texts as data sets: windows of characters, each with the one that follows.
#pragma once

#include "data/dataset.h"

#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Windows of `options.window` characters (0: 64), one behind the other, of which each position's target is the next
/// character. The last tenth of the text (or options.test_fraction) is the test part. The alphabet is the training
/// part's, by frequency, then by code point, at most kMostClasses - 1; code 0 is any other character. `options.schema`:
/// the alphabet is that of the data set that has it, and all of the text is the test part. Throws thalweg::Error, which
/// names `name` and what is too short, if a part has no window.
Dataset character_dataset(std::span<const char32_t> text, const std::string& name, const DataOptions& options);

/// UTF-8 of one character.
std::string utf8_of(char32_t character);

}  // namespace thalweg::lab
