// The format text: characters of a text, each predicted by those before it.
#include "data/character_dataset.h"
#include "data/formats.h"
#include "data/text.h"

#include <filesystem>

namespace thalweg::lab {
namespace {

Dataset open_text(const std::string& file, const DataOptions& options) {
  Dataset dataset = character_dataset(read_text(file), file, options);
  dataset.origin = std::filesystem::absolute(file).lexically_normal().string();
  dataset.files = {dataset.origin};
  return dataset;
}

}  // namespace

Format text_format() {
  return {.name = "text",
          .argument = "FILE",
          .meaning = "characters of a text in UTF-8, each predicted by those before it; its last tenth tests",
          .options = {"window", "test_fraction"},
          .open = open_text};
}

}  // namespace thalweg::lab
