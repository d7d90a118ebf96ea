// The recordings of other frameworks, in the format that tests/goldens/make.py describes.
#include "engine/golden_cases.h"

#include "golden_file.h"

#include <algorithm>

namespace thalweg::tests {
namespace {

std::vector<double> numbers(const json::Value& value, std::string_view what) {
  std::vector<double> result;
  if (value.is_null()) return result;
  for (const json::Value& number : value.array(what)) result.push_back(number.number(what));
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

GoldenCase read_case(const json::Value& value) {
  const std::string id = value.at("id", "case").string("id");
  GoldenCase golden{.id = id,
                    .peer = value.at("peer", id).string("peer"),
                    .rule = value.at("rule", id).string("rule"),
                    .peer_name = text_or_empty(value, "peer_name"),
                    .peer_options = value.at("options", id),
                    .options = parse_options(value.at("thalweg", id).string("thalweg")),
                    .step_count = value.at("thalweg_step_count", id).string(id) == "shared" ? StepCount::shared
                                                                                            : StepCount::per_parameter,
                    .needs = {},
                    .start = numbers(value.at("theta0", id), "theta0"),
                    .first_state = {},
                    .steps = {}};
  if (const json::Value* needs = value.find("needs", id)) {
    for (const json::Value& need : needs->array("needs")) golden.needs.push_back(need.string("needs"));
  }
  if (const json::Value* first = value.find("first_state", id)) {
    for (const auto& [column, number] : first->object("first_state"))
      golden.first_state[column] = number.number(column);
  }
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
  return golden;
}

}  // namespace

bool GoldenCase::needs_any_of(std::initializer_list<std::string_view> what) const {
  return std::ranges::find_first_of(needs, what) != needs.end();
}

const std::vector<GoldenCase>& golden_cases() {
  static const std::vector<GoldenCase> all = [] {
    std::vector<GoldenCase> cases;
    for (const char* peer : {"torch", "keras", "optax", "tf1"}) {
      const json::Value list = json::parse(read_golden_file(peer), peer);
      for (const json::Value& value : list.array(peer)) cases.push_back(read_case(value));
    }
    return cases;
  }();
  return all;
}

}  // namespace thalweg::tests
