// libFuzzer target: any text as what a checkpoint says beside its tensors. It is refused by an exception with a
// message, or is written as a text that is read as the same again, and is a run that can go on as it was.
#include "memory_file.h"
#include "training/checkpoint.h"

#include <thalweg/error.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace {

using thalweg::lab::Checkpoint;
using thalweg::lab::test::require;

std::optional<Checkpoint> read(const std::string& text) {
  Checkpoint checkpoint;
  try {
    thalweg::lab::read_training(text, checkpoint);
    return checkpoint;
  } catch (const std::exception& error) {
    require(*error.what() != '\0', "an error without a message");
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::optional<Checkpoint> checkpoint = read(std::string(reinterpret_cast<const char*>(data), size));
  // Earlier versions' know no data set, and get theirs before they are written anew.
  if (!checkpoint || checkpoint->dataset.inputs.empty()) return 0;
  const std::string text = thalweg::lab::training_text(*checkpoint);
  const std::optional<Checkpoint> again = read(text);
  require(again.has_value(), "what was written is refused");
  require(thalweg::lab::training_text(*again) == text, "what was written is read as something else");
  require(thalweg::lab::exported_text(*again) == thalweg::lab::exported_text(*checkpoint), "another export");
  require(thalweg::lab::has_same_data(*checkpoint, checkpoint->dataset) == checkpoint->data.empty(), "other data");
  thalweg::lab::check_resumable(checkpoint->config, checkpoint->threads, checkpoint->config);
  return 0;
}
