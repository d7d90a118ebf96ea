// Folders of WAV files: which there are, what word each says, and which part it belongs to.
#include "data/wav_folder.h"

#include "data/content_reader.h"
#include "data/folder_listing.h"
#include "data/utf8_reader.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <boost/uuid/detail/sha1.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::string_view kNoHash = "_nohash_";
constexpr std::uint64_t kMostListBytes = std::uint64_t{1} << 28;
constexpr const char* kValidationList = "validation_list.txt";
constexpr const char* kTestList = "testing_list.txt";

bool is_wav(const std::string& name) {
  if (name.size() < 5 || name.front() == '.') return false;
  std::string end = name.substr(name.size() - 4);
  std::ranges::transform(end, end.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return end == ".wav";
}

FolderListing list(const std::filesystem::path& folder) {
  return list_folder(
      folder, [](const std::string& name, bool is_folder) { return is_folder ? name.front() != '.' : is_wav(name); });
}

/// `7_jackson_32.wav` in three.
struct Take {
  std::string digit, speaker;
  std::int64_t number = 0;
};
std::optional<Take> take_of(const std::string& name) {
  const std::size_t first = name.find('_'), last = name.rfind('_');
  if (first != 1 || last <= first + 1 || name[0] < '0' || name[0] > '9') return std::nullopt;
  Take take{.digit = name.substr(0, 1), .speaker = name.substr(2, last - 2)};
  const char* const end = name.data() + name.size() - 4;
  const auto [stop, error] = std::from_chars(name.data() + last + 1, end, take.number);
  if (error != std::errc() || stop != end || take.number < 0) return std::nullopt;
  return take;
}

void take_digits(const std::filesystem::path& folder, const FolderListing& listing, WavFolder& found) {
  for (const std::string& name : listing.files) {
    const std::optional<Take> take = take_of(name);
    if (!take) {
      throw Error(fmt::format(
          "{}: lies in no folder of a word; expected WORD/FILE.wav, or DIGIT_SPEAKER_NUMBER.wav as Free Spoken Digits "
          "has them",
          (folder / name).string()));
    }
    found.clips.push_back({.name = name,
                           .word = take->digit,
                           .speaker = take->speaker,
                           .part = take->number < 5 ? ClipPart::test : ClipPart::training});
    if (found.words.empty() || found.words.back() != take->digit) found.words.push_back(take->digit);
  }
  found.rule = ClipRule::by_takes;
}

/// Adds a list's names to those of the parts, each with the line that it stands in.
void read_list(const std::filesystem::path& file, ClipPart part, std::map<std::string, ClipPart>& parts) {
  const std::vector<std::uint8_t> bytes = read_contents(file, kMostListBytes);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  std::int64_t line_number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line(text.substr(begin, end - begin));
    begin = end + 1;
    ++line_number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const std::size_t slash = line.find('/');
    if (slash == 0 || slash == std::string::npos || line.find('/', slash + 1) != std::string::npos ||
        line.starts_with("..") || !is_wav(line.substr(slash + 1))) {
      throw Error(
          fmt::format("{}: line {}: '{}'; expected WORD/FILE.wav", file.string(), line_number, printable(line)));
    }
    const auto [place, is_new] = parts.try_emplace(std::move(line), part);
    if (!is_new && place->second != part) {
      throw Error(fmt::format("{}: line {}: {} stands in {} too; parts must not share a file", file.string(),
                              line_number, printable(place->first), kValidationList));
    }
  }
}

void divide_clips(const std::filesystem::path& folder, WavFolder& found) {
  std::error_code ignored;
  std::map<std::string, ClipPart> listed;
  bool has_lists = false;
  for (const auto& [name, part] :
       {std::pair{kValidationList, ClipPart::validation}, std::pair{kTestList, ClipPart::test}}) {
    if (!std::filesystem::exists(folder / name, ignored)) continue;
    read_list(folder / name, part, listed);
    has_lists = true;
  }
  if (has_lists) {
    found.rule = ClipRule::lists;
    std::size_t there = 0;
    for (ClipFile& clip : found.clips) {
      const auto place = listed.find(clip.name);
      if (place == listed.end()) continue;
      clip.part = place->second;
      ++there;
    }
    found.listed_but_missing = static_cast<std::int64_t>(listed.size() - there);
    return;
  }
  const auto has_speaker = [](const ClipFile& clip) { return !clip.speaker.empty(); };
  if (!std::ranges::any_of(found.clips, has_speaker)) return;
  found.rule = ClipRule::by_hash;
  for (ClipFile& clip : found.clips) {
    const double percent = hash_percent(std::filesystem::path(clip.name).filename().string());
    clip.part = percent < 10 ? ClipPart::validation : percent < 20 ? ClipPart::test : ClipPart::training;
  }
}

std::string speaker_of(const std::string& file_name) {
  const std::size_t end = file_name.find(kNoHash);
  return end == std::string::npos ? "" : file_name.substr(0, end);
}

}  // namespace

const char* rule_text(ClipRule rule) {
  switch (rule) {
    case ClipRule::lists:
      return "by validation_list.txt and testing_list.txt";
    case ClipRule::by_hash:
      return "by Speech Commands' hash of the speaker";
    case ClipRule::by_takes:
      return "by takes: 0 to 4 of each speaker and digit test, as Free Spoken Digits has it";
    case ClipRule::none:
      return "drawn, since the files do not say who speaks";
  }
  return "";
}

std::string missing_text(const WavFolder& found) {
  return fmt::format("{} listed file{} not there", found.listed_but_missing,
                     found.listed_but_missing == 1 ? " is" : "s are");
}

double hash_percent(std::string_view file_name) {
  const std::string_view name = file_name.substr(0, std::min(file_name.find(kNoHash), file_name.size()));
  boost::uuids::detail::sha1 sha;
  sha.process_bytes(name.data(), name.size());
  unsigned int digest[5];
  sha.get_digest(digest);
  constexpr std::uint32_t kMost = (std::uint32_t{1} << 27) - 1;
  return static_cast<double>(digest[4] & kMost) * (100.0 / kMost);
}

WavFolder find_wavs(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Error(fmt::format("{}: is not a folder; expected one that holds a folder of WAV files for each word",
                            folder.string()));
  }
  WavFolder found;
  FolderListing listing = list(folder);
  if (const auto noise = std::ranges::find(listing.folders, kNoiseFolder); noise != listing.folders.end()) {
    for (const std::string& name : list(folder / kNoiseFolder).files)
      found.noise.push_back((std::filesystem::path(kNoiseFolder) / name).string());
    listing.folders.erase(noise);
  }
  if (listing.folders.empty() && !listing.files.empty()) {
    take_digits(folder, listing, found);
    return found;
  }
  for (const std::string& word : listing.folders) {
    if (!is_printable(word)) {
      throw Error(
          fmt::format("{}: a folder's name is not printable UTF-8; it would be a word", (folder / word).string()));
    }
    const std::vector<std::string> names = list(folder / word).files;
    if (names.empty()) {
      throw Error(fmt::format("{}: holds no .wav file; add some or remove the folder", (folder / word).string()));
    }
    for (const std::string& name : names)
      found.clips.push_back({.name = word + "/" + name, .word = word, .speaker = speaker_of(name)});
    found.words.push_back(word);
  }
  if (found.words.empty()) {
    throw Error(
        fmt::format("{}: holds no folder of a word; expected WORD/FILE.wav, or DIGIT_SPEAKER_NUMBER.wav as "
                    "Free Spoken Digits has them",
                    folder.string()));
  }
  divide_clips(folder, found);
  return found;
}

WavFolder find_wavs_without_words(const std::filesystem::path& path) {
  std::error_code ignored;
  WavFolder found;
  if (!std::filesystem::is_directory(path, ignored)) {
    found.clips.push_back(
        {.name = path.filename().string(), .word = {}, .speaker = {}});  // reading it says what is wrong with it
    return found;
  }
  const FolderListing listing = list(path);
  for (const std::string& name : listing.files) found.clips.push_back({.name = name, .word = {}, .speaker = {}});
  for (const std::string& sub : listing.folders) {
    if (sub == kNoiseFolder) continue;
    for (const std::string& name : list(path / sub).files)
      found.clips.push_back({.name = sub + "/" + name, .word = {}, .speaker = {}});
  }
  if (found.clips.empty()) throw Error(fmt::format("{}: holds no .wav file", path.string()));
  return found;
}

}  // namespace thalweg::lab
