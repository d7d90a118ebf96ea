// Clips of speech as examples: one rate, one length, kept as 16-bit numbers.
#pragma once

#include "data/dataset.h"
#include "data/wav_folder.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

constexpr std::int64_t kClipRate = 16'000;  ///< samples a second, to which all files are brought

inline constexpr const char* kUnknownWord = "unknown";  ///< class of words that were not asked for
inline constexpr const char* kSilence = "silence";      ///< class of windows of background noise

/// What is made of a folder's clips.
struct ClipChoice {
  std::vector<std::string> words{};    ///< that are told apart, all others being kUnknownWord; empty: all words
  std::vector<std::string> classes{};  ///< of a trained model, whose labels they are then; nothing is drawn or left out
  std::int64_t length = kClipRate;     ///< samples of one clip: longer ones are cut off, shorter ones followed by 0
  std::uint64_t seed = 0;              ///< chooses clips of kUnknownWord and windows of noise
};

/// Reads the clips, several at a time, and gives all of a Dataset but parts that are drawn: inputs, target, examples,
/// notes, noise and parts. Examples are the clips in the folder's order, then windows of noise.
///
/// With `words` and without `classes`, of all other words together as many clips are kept in each part as the words
/// have on average; and where there is a folder of noise, as many windows of it are kSilence: cut at random, of the
/// first 8/10 of each file for training, then 1/10 each for validation and test (of the whole file for all where no
/// rule divides the clips), and made quieter by 0 to 40 dB. 16-bit numbers hold what 8 and 16 bits had exactly; of 24
/// bits the rest is rounded away.
///
/// Throws thalweg::Error as read_wav, for a word that is not there, for a word that a model's classes do not have, and
/// for more samples than kMostClipBytes hold, before any file is read.
Dataset clip_dataset(const std::filesystem::path& folder, const WavFolder& found, const ClipChoice& choice);

constexpr std::uint64_t kMostClipBytes = std::uint64_t{1} << 36;  ///< of all clips together: 64 GiB

}  // namespace thalweg::lab
