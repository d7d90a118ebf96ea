// What is known of EMNIST's splits: their files' names and their classes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// `letters` of `emnist-letters`; nothing for what does not begin so.
std::optional<std::string> emnist_split(std::string_view prefix);

/// The classes of a split.
struct EmnistClasses {
  std::int64_t first_label = 0;    ///< 1 in `letters`: what the first class is stored as
  std::vector<std::string> names;  ///< one for each class, if the split or its file is known
};

/// Of the file `emnist-SPLIT-mapping.txt` in the folder if it is there, else of what is known of the splits `byclass`,
/// `bymerge`, `balanced`, `letters`, `digits` and `mnist`. Lines of the file are a label, counting up from the first,
/// and one or more code points, of which the last is the name. Throws Error with file and line.
EmnistClasses emnist_classes(const std::filesystem::path& folder, const std::string& split);

}  // namespace thalweg::lab
