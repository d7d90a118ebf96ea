// The format wav: words that are spoken, a folder for each.
#include "data/clip_dataset.h"
#include "data/formats.h"
#include "data/image_dataset.h"
#include "data/parts.h"
#include "data/wav_folder.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

/// `yes,no` in two.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin) throw Error(fmt::format("--words {}: expected words with a comma between", text));
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

Dataset open_wavs(const std::string& argument, const DataOptions& options) {
  const std::filesystem::path path = argument;
  ClipChoice choice{.words = words_of(options.words), .seed = options.split_seed};
  choice.length = static_cast<std::int64_t>(std::llround(options.clip_seconds * kClipRate));
  const bool is_again = options.schema.is_object();
  if (is_again) {
    options.schema.at("classes").get_to(choice.classes);
    options.schema.at("samples").get_to(choice.length);
  }
  const bool without_words = is_again && !options.needs_target;
  const WavFolder found = without_words ? find_wavs_without_words(path) : find_wavs(path);
  const bool is_folder = std::filesystem::is_directory(path);
  Dataset dataset = clip_dataset(is_folder ? path : path.parent_path(), found, choice);
  dataset.schema = {{"classes", dataset.target.class_names}, {"samples", choice.length}};
  dataset.origin = std::filesystem::absolute(path).lexically_normal().string();
  if (is_folder) {
    note_files_below(dataset, dataset.origin);
  } else {
    dataset.files = {dataset.origin};
  }
  if (is_again) return dataset;
  if (found.rule == ClipRule::none) {
    divide(dataset, std::move(dataset.train), options, argument);
    return dataset;
  }
  check_no_share(options, argument);
  const bool trains = dataset.train.size() > dataset.validation.size();
  if (!trains || dataset.test.empty()) {
    std::string error =
        fmt::format("{}: no clip is left to {} {}", argument, trains ? "test on" : "train on", rule_text(found.rule));
    if (found.rule == ClipRule::by_hash) {
      error +=
          ", of whom there are too few; the files validation_list.txt and testing_list.txt (WORD/FILE.wav a line) say "
          "it otherwise";
    }
    if (found.listed_but_missing > 0) error += "; " + missing_text(found);
    throw Error(error);
  }
  return dataset;
}

}  // namespace

Format wav_format() {
  return {.name = "wav",
          .argument = "FOLDER",
          .meaning = "Spoken words as WAV files: a folder for each word, as Speech Commands; or Free Spoken Digits",
          .options = {"words", "clip_seconds", "test_fraction"},
          .open = open_wavs};
}

}  // namespace thalweg::lab
