// Shows examples to people.
#include "data/example_view.h"

#include "data/image.h"
#include "data/ratings_dataset.h"
#include "data/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace thalweg::lab {
namespace {

/// What is loaded of one example: by input, one of the two.
struct Loaded {
  std::vector<std::vector<float>> reals;
  std::vector<std::vector<std::int64_t>> codes;
};

Loaded load_one(const Dataset& dataset, const Scaling& scaling, std::int64_t example) {
  Loaded loaded{.reals = std::vector<std::vector<float>>(dataset.inputs.size()),
                .codes = std::vector<std::vector<std::int64_t>>(dataset.inputs.size())};
  BatchMemory memory;
  for (std::size_t i = 0; i < dataset.inputs.size(); ++i) {
    const auto size = static_cast<std::size_t>(dataset.inputs[i].size());
    if (dataset.inputs[i].is_real()) {
      loaded.reals[i].resize(size);
      memory.inputs.emplace_back(std::span(loaded.reals[i]));
    } else {
      loaded.codes[i].resize(size);
      memory.inputs.emplace_back(std::span(loaded.codes[i]));
    }
  }
  std::vector<float> number(1);
  std::vector<std::int64_t> codes(static_cast<std::size_t>(dataset.target.length));
  if (dataset.target.kind == TargetKind::number) {
    memory.target = std::span(number);
  } else {
    memory.target = std::span(codes);
  }
  dataset.examples->load(std::span(&example, 1), scaling, memory);
  return loaded;
}

/// Of a column of categories: 0 is what the training part does not have, and behind the values may stand "missing".
std::string category_text(const TablePlan& plan, std::size_t column, std::int64_t code) {
  const std::vector<std::string>& values = plan.values[column];
  if (code == 0) return "of another category";
  const auto index = static_cast<std::size_t>(code - 1);
  return index < values.size() ? values[index] : "missing";
}

}  // namespace

std::vector<std::uint8_t> picture_of(const Dataset& dataset, const Scaling& scaling, std::int64_t example,
                                     std::int64_t most_side) {
  const Input& input = dataset.inputs.front();
  if (input.kind != InputKind::image) return {};
  const ImageSize size{.channels = input.shape[0], .height = input.shape[1], .width = input.shape[2]};
  if ((size.channels != 1 && size.channels != 3) || std::max(size.height, size.width) > most_side) return {};
  const Loaded loaded = load_one(dataset, scaling, example);
  std::vector<std::uint8_t> pixels;
  for (const float value : loaded.reals.front()) {
    const double pixel = (static_cast<double>(value) * scaling.deviation.front() + scaling.mean.front()) * 255;
    pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(pixel, 0.0, 255.0))));
  }
  return encode_png(size, pixels);
}

std::string row_text(const Dataset& dataset, const Scaling& scaling, std::int64_t example, std::size_t most_columns) {
  if (has_ratings(dataset)) {
    const std::vector<std::int64_t> codes = load_one(dataset, scaling, example).codes.front();
    const auto id = [&](const char* list, std::int64_t code) {
      return code == 0 ? "of no training rating"
                       : dataset.schema.at(list).at(static_cast<std::size_t>(code - 1)).get<std::string>();
    };
    return fmt::format("user {}, item {}", id("users", codes[0]), id("items", codes[1]));
  }
  if (!dataset.schema.is_object() || !dataset.schema.contains("numeric") || dataset.in_order) return {};
  const TablePlan plan = table_plan_of(dataset.schema);
  const Loaded loaded = load_one(dataset, scaling, example);
  std::vector<std::string> numbers, texts;  // categories stand first: of long rows the end is cut off
  for (std::size_t i = 0; i < dataset.inputs.size(); ++i) {
    if (dataset.inputs[i].kind == InputKind::categories) {
      for (std::size_t column = 0; column < plan.categories.size(); ++column)
        texts.push_back(plan.categories[column] + " " + category_text(plan, column, loaded.codes[i][column]));
      continue;
    }
    const std::vector<float>& values = loaded.reals[i];
    const auto value = [&](std::size_t column) {
      return static_cast<double>(values[column]) * scaling.deviation[column] + scaling.mean[column];
    };
    for (std::size_t column = 0; column < plan.numeric.size(); ++column) {
      const auto gap = std::ranges::find(plan.with_gaps, plan.numeric[column]);
      const bool is_missing = gap != plan.with_gaps.end() &&
                              value(plan.numeric.size() + static_cast<std::size_t>(gap - plan.with_gaps.begin())) > 0.5;
      numbers.push_back(plan.numeric[column] + " " + (is_missing ? "missing" : fmt::format("{:.5g}", value(column))));
    }
  }
  texts.insert(texts.end(), numbers.begin(), numbers.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(texts.size(), most_columns); ++i) text += (i == 0 ? "" : ", ") + texts[i];
  return texts.size() > most_columns ? text + ", …" : text;
}

}  // namespace thalweg::lab
