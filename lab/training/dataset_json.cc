// What a model was trained on, as JSON.
#include "training/dataset_json.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::array kInputKinds{InputKind::image, InputKind::numbers, InputKind::categories, InputKind::series,
                                 InputKind::characters};
using TargetName = std::pair<TargetKind, std::string_view>;
constexpr std::array kTargetKinds{TargetName{TargetKind::label, "label"}, TargetName{TargetKind::number, "number"},
                                  TargetName{TargetKind::characters, "characters"}};

nlohmann::json to_json(const Input& input) {
  return {{"kind", to_string(input.kind)}, {"shape", input.shape}, {"sizes", input.sizes}, {"columns", input.columns}};
}

Input input_of(const nlohmann::json& json) {
  Input input;
  const std::string kind = json.at("kind").get<std::string>();
  const auto known = std::ranges::find(kInputKinds, kind, [](InputKind each) { return to_string(each); });
  if (known == kInputKinds.end()) throw Error(fmt::format("unknown kind of input '{}'", kind));
  input.kind = *known;
  json.at("shape").get_to(input.shape);
  json.at("sizes").get_to(input.sizes);
  json.at("columns").get_to(input.columns);
  return input;
}

nlohmann::json to_json(const Target& target) {
  return {{"kind", std::ranges::find(kTargetKinds, target.kind, &TargetName::first)->second},
          {"name", target.name},
          {"classes", target.classes},
          {"class_names", target.class_names},
          {"length", target.length}};
}

Target target_of(const nlohmann::json& json) {
  Target target;
  const std::string kind = json.at("kind").get<std::string>();
  const auto known = std::ranges::find(kTargetKinds, kind, &TargetName::second);
  if (known == kTargetKinds.end()) throw Error(fmt::format("unknown kind of target '{}'", kind));
  target.kind = known->first;
  json.at("name").get_to(target.name);
  json.at("classes").get_to(target.classes);
  json.at("class_names").get_to(target.class_names);
  json.at("length").get_to(target.length);
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
