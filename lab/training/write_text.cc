// Draws characters one after another.
#include "training/write_text.h"

#include "data/utf8_reader.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr double kMostTemperature = 10;

void check(const WritingOptions& options) {
  if (options.characters < 1) throw Error(fmt::format("characters = {} must be at least 1", options.characters));
  if (!(options.temperature >= 0 && options.temperature <= kMostTemperature)) {
    throw Error(fmt::format("temperature = {} must be in [0, {}]", options.temperature, kMostTemperature));
  }
}

/// Classes of a text's characters; 0: unknown.
std::vector<std::int64_t> codes_of(std::string_view text, const Target& target) {
  std::map<std::string_view, std::int64_t> codes;
  for (std::size_t i = 1; i < target.class_names.size(); ++i)
    codes[target.class_names[i]] = static_cast<std::int64_t>(i);
  std::vector<std::int64_t> found;
  Utf8Reader reader;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!reader.take(static_cast<std::uint8_t>(text[i]))) {
      throw Error(fmt::format("the prompt is no UTF-8: byte {} (0x{:02x}) cannot stand there", i,
                              static_cast<std::uint8_t>(text[i])));
    }
    if (!reader.completed()) continue;
    const auto known = codes.find(text.substr(begin, i + 1 - begin));
    found.push_back(known == codes.end() ? 0 : known->second);
    begin = i + 1;
  }
  if (begin < text.size()) throw Error("the prompt is no UTF-8: its last character is cut");
  if (found.empty()) throw Error("the prompt is empty; it must have a character or more");
  return found;
}

/// A class by its share of e^(logit / temperature), 0 left out; `uniform` in [0, 1).
std::int64_t draw(const float* logits, std::int64_t classes, double temperature, double uniform) {
  const std::int64_t likeliest = std::max_element(logits + 1, logits + classes) - logits;
  if (temperature == 0) return likeliest;
  const auto weight = [&](std::int64_t i) { return std::exp((logits[i] - logits[likeliest]) / temperature); };
  double sum = 0;
  for (std::int64_t i = 1; i < classes; ++i) sum += weight(i);
  double left = uniform * sum;
  for (std::int64_t i = 1; i < classes; ++i) {
    left -= weight(i);
    if (left < 0) return i;
  }
  return likeliest;  // rounding has left a rest
}

}  // namespace

std::string write_text(Model& model, const Input& input, const Target& target, std::string_view prompt,
                       const WritingOptions& options) {
  check(options);
  const c10::InferenceMode without_autograd;
  const bool was_training = model.is_training();
  model.eval();
  const auto window = static_cast<std::size_t>(input.shape.front());
  std::vector<std::int64_t> codes = codes_of(prompt, target);
  if (model.inner() != nullptr && codes.size() < window) {
    throw Error(
        fmt::format("the prompt has {} characters; a TorchScript module is given whole windows of {}: "
                    "expected at least so many",
                    codes.size(), window));
  }
  const Random random(options.seed, RandomPurpose::generation);
  std::string text;
  for (std::int64_t i = 0; i < options.characters && target.classes > 1; ++i) {
    const std::size_t seen = std::min(codes.size(), window);
    const torch::Tensor last =
        torch::from_blob(codes.data() + (codes.size() - seen), {1, static_cast<std::int64_t>(seen)}, torch::kInt64)
            .clone();
    const torch::Tensor outputs = model.forward({last}).contiguous();
    const float* const logits = outputs.data_ptr<float>() + (outputs.numel() - outputs.size(-1));
    codes.push_back(draw(logits, target.classes, options.temperature, random.uniform(static_cast<std::uint64_t>(i))));
    text += target.class_names[static_cast<std::size_t>(codes.back())];
  }
  model.train(was_training);
  return text;
}

}  // namespace thalweg::lab
