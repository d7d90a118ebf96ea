// Folders of WAV files: which there are, what word each says, and which part it belongs to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

inline constexpr const char* kNoiseFolder = "_background_noise_";

enum class ClipPart { training, validation, test };

/// What divides a folder's clips.
enum class ClipRule {
  lists,     ///< `validation_list.txt` and `testing_list.txt`; what neither names trains
  by_hash,   ///< Speech Commands' rule on the names before `_nohash_`
  by_takes,  ///< Free Spoken Digits': of `DIGIT_SPEAKER_N.wav` those with N < 5 test
  none,      ///< speakers are not known
};

/// One file.
struct ClipFile {
  std::string name;     ///< relative to the folder
  std::string word;     ///< that it says; empty where that was not asked for
  std::string speaker;  ///< the name before `_nohash_`, or Free Spoken Digits' second; empty: not known
  ClipPart part = ClipPart::training;
};

struct WavFolder {
  std::vector<std::string> words;  ///< as bytes are ordered
  std::vector<ClipFile> clips;     ///< by word, then by name
  std::vector<std::string> noise;  ///< files of kNoiseFolder, relative to the folder
  ClipRule rule = ClipRule::none;
  std::int64_t listed_but_missing = 0;  ///< names in the lists without a file: of a set that was made smaller
};

/// `by Speech Commands' hash of the speaker`.
const char* rule_text(ClipRule rule);
/// `2 listed files are not there`.
std::string missing_text(const WavFolder& found);

/// Finds `FOLDER/WORD/FILE.wav`, or Free Spoken Digits' files in FOLDER itself; hidden files and those with other
/// endings are left alone. Throws thalweg::Error for a folder without words, a word without files or with a name that
/// is not printable, and a line of a list that is no `WORD/FILE.wav` or stands in both lists.
WavFolder find_wavs(const std::filesystem::path& folder);

/// Clips without words: one file, or all of a folder and of those in it but kNoiseFolder, as bytes are ordered. Throws
/// where there is none.
WavFolder find_wavs_without_words(const std::filesystem::path& path);

/// Speech Commands' rule (Warden 2018, arXiv 1804.03209, section 5.11; input_data.py's which_set): SHA-1 of the file's
/// name up to `_nohash_`, its last 27 bits h, 100 h / (2²⁷ − 1). Below 10 validates, below 20 tests.
double hash_percent(std::string_view file_name);

}  // namespace thalweg::lab
