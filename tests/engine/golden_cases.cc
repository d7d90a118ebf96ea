// The recordings of other frameworks, in the format that tests/goldens/make.py describes.
#include "engine/golden_cases.h"

#include "golden_file.h"

#include <thalweg/dialects.h>

namespace thalweg::tests {
namespace {

std::vector<double> numbers(const json::Value& value, std::string_view what) {
  std::vector<double> result;
  if (value.is_null()) return result;
  // null: a parameter without a gradient
  for (const json::Value& number : value.array(what)) result.push_back(number.is_null() ? 0 : number.number(what));
  return result;
}

/// Parameters whose numbers are null in a step's gradient.
std::vector<std::size_t> without_gradient(const json::Value& gradient, const std::vector<std::size_t>& lengths) {
  std::vector<std::size_t> result;
  if (gradient.is_null()) return result;
  for (std::size_t i = 0, begin = 0; i < lengths.size(); begin += lengths[i++]) {
    if (gradient.array("grads").at(begin).is_null()) result.push_back(i);
  }
  return result;
}

std::string text_or_empty(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key, "case");
  return found == nullptr ? "" : found->string(key);
}

/// New learning rates: of `lr_schedule`, or of every step where the framework computed them.
std::map<std::int64_t, double> rates(const json::Value& value) {
  std::map<std::int64_t, double> result;
  if (const json::Value* schedule = value.find("lr_schedule", "case")) {
    for (const json::Value& entry : schedule->array("lr_schedule")) {
      const json::Array& pair = entry.array("lr_schedule");
      result[pair.at(0).integer("first step")] = pair.at(1).number("lr");
    }
  }
  if (const json::Value* every = value.find("lr_by_step", "case")) {
    std::int64_t step = 0;
    for (const json::Value& lr : every->array("lr_by_step")) result[++step] = lr.number("lr");
  }
  return result;
}

/// Fills in the parameters' lengths and shapes, and the rows of a table.
void read_shape(GoldenCase& golden, const json::Value& value) {
  if (const json::Value* splits = value.find("splits", golden.id)) {
    for (const json::Value& length : splits->array("splits"))
      golden.lengths.push_back(length.unsigned_integer("splits"));
  } else {
    golden.lengths = {golden.start.size()};
  }
  if (const json::Value* shapes = value.find("shapes", golden.id)) {
    for (const json::Value& shape : shapes->array("shapes")) {
      std::vector<std::int64_t>& sizes = golden.shapes.emplace_back().sizes;
      for (const json::Value& size : shape.array("shapes")) sizes.push_back(size.integer("shapes"));
    }
  }
  const json::Value* rows = value.find("sparse_rows", golden.id);
  if (rows == nullptr) return;
  golden.row_width = value.at("shape", golden.id).array("shape").at(1).unsigned_integer("shape");
  for (std::size_t step = 0; step < golden.steps.size(); ++step) {
    for (const json::Value& row : rows->array("sparse_rows").at(step).array("sparse_rows")) {
      golden.steps[step].rows.push_back(row.integer("sparse_rows"));
    }
  }
}

/// What surrounds the rule. PyTorch, Optax and MLX have clipping and averages beside their optimizers, where recordings
/// tell them in thalweg's words; in Keras they are part of the configuration.
Settings settings_of(const json::Value& value, const std::string& id) {
  json::Value around = json::Object();
  for (const char* key : {"clip", "average"}) {
    if (const json::Value* given = value.find(key, id)) around[key] = *given;
  }
  Settings settings = from_thalweg(json::to_string(around), "sgd").settings;
  if (const std::string& peer = value.at("peer", id).string("peer"); peer.starts_with("keras")) {
    settings = translate(peer, value.at("rule", id).string("rule"), json::to_string(value.at("options", id))).settings;
  }
  settings.step_count =
      value.at("thalweg_step_count", id).string(id) == "shared" ? StepCount::shared : StepCount::per_parameter;
  if (const json::Value* first = value.find("first_state", id)) {
    for (const auto& [column, number] : first->object("first_state")) {
      settings.first_values[column] = number.number(column);
    }
  }
  return settings;
}

/// Averages after the steps: after every one, or after the last alone.
void read_averages(GoldenCase& golden, const json::Value& value) {
  if (const json::Value* last = value.find("ema", golden.id)) golden.steps.back().average = numbers(*last, "ema");
  if (const json::Value* every = value.find("ema_by_step", golden.id)) {
    for (const auto& [step, average] : every->object("ema_by_step")) {
      golden.steps.at(std::stoul(step) - 1).average = numbers(average, "ema_by_step");
    }
  }
}

GoldenCase read_case(const json::Value& value) {
  const std::string id = value.at("id", "case").string("id");
  GoldenCase golden{.id = id,
                    .peer = value.at("peer", id).string("peer"),
                    .rule = value.at("rule", id).string("rule"),
                    .peer_name = text_or_empty(value, "peer_name"),
                    .peer_options = value.at("options", id),
                    .options = parse_options(value.at("thalweg", id).string("thalweg")),
                    .settings = settings_of(value, id),
                    .has_schedule = value.find("lr_by_step", id) != nullptr,
                    .is_float64 = value.at("dtype", id).string("dtype") == "float64",
                    .start = numbers(value.at("theta0", id), "theta0"),
                    .lengths = {},
                    .shapes = {},
                    .steps = {}};
  if (const json::Value* rtol = value.find("rtol", id)) golden.rtol = rtol->number("rtol");
  const std::map<std::int64_t, double> lrs = rates(value);
  const json::Value &theta = value.at("theta", id), &state = value.at("state", id);
  std::int64_t number = 0;
  for (const json::Value& gradient : value.at("grads", id).array("grads")) {
    const std::string key = std::to_string(++number);
    GoldenStep& step = golden.steps.emplace_back();
    if (const auto lr = lrs.find(number); lr != lrs.end()) step.lr = lr->second;
    step.gradient = numbers(gradient, "grads");
    step.theta = numbers(theta.at(key, id), "theta");
    if (const json::Value* columns = state.find(key, id)) {
      for (const auto& [column, values] : columns->object("state")) step.state[column] = numbers(values, column);
    }
  }
  read_shape(golden, value);
  for (std::size_t step = 0; step < golden.steps.size(); ++step) {
    golden.steps[step].without = without_gradient(value.at("grads", id).array("grads")[step], golden.lengths);
  }
  read_averages(golden, value);
  return golden;
}

}  // namespace

const std::vector<GoldenCase>& golden_cases() {
  static const std::vector<GoldenCase> all = [] {
    std::vector<GoldenCase> cases;
    for (const char* peer : {"torch", "keras", "keras2", "optax", "tf1", "mlx", "timm"}) {
      const json::Value list = json::parse(read_golden_file(peer), peer);
      for (const json::Value& value : list.array(peer)) cases.push_back(read_case(value));
    }
    return cases;
  }();
  return all;
}

}  // namespace thalweg::tests
