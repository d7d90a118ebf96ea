// What a model was trained on, as JSON.
#include "training/dataset_json.h"

#include "training/json_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::array kInputKinds{InputKind::image,  InputKind::numbers,    InputKind::categories,
                                 InputKind::series, InputKind::characters, InputKind::waveform};
using TargetName = std::pair<TargetKind, std::string_view>;
constexpr std::array kTargetKinds{TargetName{TargetKind::label, "label"}, TargetName{TargetKind::number, "number"},
                                  TargetName{TargetKind::characters, "characters"}};

nlohmann::json to_json(const Input& input) {
  return {{"kind", to_string(input.kind)}, {"shape", input.shape}, {"sizes", input.sizes}, {"columns", input.columns}};
}

// Far above all data's, and small enough that products with a batch are not out of range.
constexpr std::int64_t kMostCount = std::int64_t{1} << 31, kMostNumbers = std::int64_t{1} << 40;

/// The numbers of one example that each kind of input has: `series` are steps × features.
std::size_t dimensions_of(InputKind kind) { return kind == InputKind::image ? 3 : kind == InputKind::series ? 2 : 1; }

void check_sizes(const Input& input) {
  const auto refuse = [&](const char* what, const std::vector<std::int64_t>& values) {
    throw Error(fmt::format("input {}: {} is [{}]", to_string(input.kind), what, fmt::join(values, ", ")));
  };
  const auto in_range = [](std::int64_t value) { return value >= 1 && value <= kMostCount; };
  if (input.shape.size() != dimensions_of(input.kind) || !std::ranges::all_of(input.shape, in_range)) {
    refuse("shape", input.shape);
  }
  std::int64_t numbers = 1;
  for (const std::int64_t count : input.shape) {
    if (count > kMostNumbers / numbers) refuse("shape", input.shape);
    numbers *= count;
  }
  const std::int64_t sizes = input.kind == InputKind::categories   ? input.shape.front()
                             : input.kind == InputKind::characters ? 1
                                                                   : 0;
  if (std::ssize(input.sizes) != sizes || !std::ranges::all_of(input.sizes, in_range)) refuse("sizes", input.sizes);
}

Input input_of(const nlohmann::json& json) {
  Input input;
  JsonReader reader(json, "input");
  std::string kind;
  reader.read("kind", kind);
  const auto known = std::ranges::find(kInputKinds, kind, [](InputKind each) { return to_string(each); });
  if (known == kInputKinds.end()) throw Error(fmt::format("unknown kind of input '{}'", kind));
  input.kind = *known;
  reader.read("shape", input.shape);
  reader.read("sizes", input.sizes);
  reader.read("columns", input.columns);
  check_sizes(input);
  return input;
}

nlohmann::json to_json(const Target& target) {
  nlohmann::json json{{"kind", std::ranges::find(kTargetKinds, target.kind, &TargetName::first)->second},
                      {"name", target.name},
                      {"classes", target.classes},
                      {"class_names", target.class_names},
                      {"length", target.length}};
  if (!target.task.empty()) json["task"] = target.task;
  if (!target.loss.empty()) json["loss"] = target.loss;
  return json;
}

Target target_of(const nlohmann::json& json) {
  Target target;
  JsonReader reader(json, "target");
  std::string kind;
  reader.read("kind", kind);
  const auto known = std::ranges::find(kTargetKinds, kind, &TargetName::second);
  if (known == kTargetKinds.end()) throw Error(fmt::format("unknown kind of target '{}'", kind));
  target.kind = known->first;
  reader.read("name", target.name);
  const bool has_classes = target.kind != TargetKind::number;
  reader.need("classes", target.classes, std::int64_t{has_classes ? 1 : 0}, has_classes ? kMostCount : 0);
  reader.read("class_names", target.class_names);
  if (!target.class_names.empty() && std::ssize(target.class_names) != target.classes) {
    throw Error(fmt::format("target: {} names of {} classes", target.class_names.size(), target.classes));
  }
  reader.need("length", target.length, std::int64_t{1}, kMostCount);
  reader.read("task", target.task);
  reader.read("loss", target.loss);
  const bool is_ranking = target.task == "ranking";
  if ((!target.task.empty() && (target.kind != TargetKind::number || (!is_ranking && target.task != "rating"))) ||
      is_ranking != (target.loss == "bpr" || target.loss == "softmax")) {
    throw Error(fmt::format("target: no task '{}' with the loss '{}'", target.task, target.loss));
  }
  return target;
}

}  // namespace

nlohmann::json description_json(const Dataset& dataset) {
  nlohmann::json inputs = nlohmann::json::array();
  for (const Input& input : dataset.inputs) inputs.push_back(to_json(input));
  return {{"inputs", inputs},
          {"target", to_json(dataset.target)},
          {"schema", dataset.schema},
          {"drawn", dataset.are_parts_drawn}};
}

Dataset described_dataset(const nlohmann::json& json) {
  Dataset dataset;
  for (const nlohmann::json& input : json.at("inputs")) dataset.inputs.push_back(input_of(input));
  if (dataset.inputs.empty()) throw Error("a data set without inputs");
  dataset.target = target_of(json.at("target"));
  dataset.schema = json.at("schema");
  json.at("drawn").get_to(dataset.are_parts_drawn);
  return dataset;
}

}  // namespace thalweg::lab
