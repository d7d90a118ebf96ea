// The models: the list, and whether one fits the data.
#include "models/model_list.h"

#include "find_named.h"
#include "models/entries.h"
#include "models/script_model.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}

/// Does it score several items for a user at once, as the task ranking needs? Those with factors do.
bool ranks(const ModelEntry& model) { return contains(model.options, std::string("factors")); }

bool fits(const ModelEntry& model, const Dataset& dataset) {
  return contains(model.targets, dataset.target.kind) && (dataset.target.loss.empty() || ranks(model)) &&
         (model.several || dataset.inputs.size() == 1) &&
         std::ranges::all_of(dataset.inputs, [&](const Input& input) { return contains(model.inputs, input.kind); });
}

const char* to_string(TargetKind kind) {
  switch (kind) {
    case TargetKind::label:
      return "a class";
    case TargetKind::number:
      return "a number";
    case TargetKind::characters:
      return "the next character";
  }
  return "";
}

}  // namespace

const std::vector<ModelEntry>& models() {
  static const std::vector<ModelEntry> all{
      softmax_model(), linear_model(),  mlp_model(),           cnn_model(),      lstm_model(),
      gru_model(),     tabular_model(), factorization_model(), keywords_model(),
  };
  return all;
}

const ModelEntry& find_model(const std::string& name) {
  return is_script_file(name) ? script_entry() : find_named(models(), name, "model");
}

void check_fits(const ModelEntry& model, const Dataset& dataset) {
  if (fits(model, dataset)) return;
  std::vector<std::string> takes, predicts, has, others;
  for (const InputKind kind : model.inputs) takes.push_back(lab::to_string(kind));
  for (const TargetKind kind : model.targets) predicts.emplace_back(to_string(kind));
  for (const Input& input : dataset.inputs) has.push_back(lab::to_string(input.kind));
  for (const ModelEntry& other : models())
    if (fits(other, dataset)) others.push_back(other.name);
  throw Error(fmt::format(
      "--model {}: takes {} and predicts {}; {} has {} and as target {}; {}", model.name, fmt::join(takes, " or "),
      fmt::join(predicts, " or "), dataset.name, fmt::join(has, " and "), to_string(dataset.target.kind),
      others.empty() ? std::string("no model takes that") : fmt::format("these take it: {}", fmt::join(others, ", "))));
}

}  // namespace thalweg::lab
