// The recordings of PyTorch's optimizer state, in the format that tests/goldens/torch_state_cases.py describes.
#include "engine/torch_state_cases.h"

#include "checkpoint/json.h"
#include "golden_file.h"

#include <cstdint>
#include <string_view>

namespace thalweg::tests {
namespace {

std::vector<double> numbers(const json::Value& value) {
  std::vector<double> result;
  for (const json::Value& number : value.array("numbers")) result.push_back(number.number("number"));
  return result;
}

NumbersByName numbers_by_name(const json::Value& value) {
  NumbersByName result;
  for (const auto& [name, list] : value.object("numbers")) result[name] = numbers(list);
  return result;
}

std::vector<std::byte> from_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> result;
  std::uint32_t bits = 0, count = 0;
  for (const char digit : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(digit));
    if ((count += 6) < 8) continue;
    count -= 8;
    result.push_back(static_cast<std::byte>(bits >> count & 0xFF));
  }
  return result;
}

TorchStateCase read_case(const json::Value& value) {
  const std::string id = value.at("id", "case").string("id");
  TorchStateCase recorded{.id = id,
                          .class_name = value.at("class", id).string("class"),
                          .is_float64 = value.at("dtype", id).string("dtype") == "float64",
                          .groups = {},
                          .shapes = {},
                          .start = numbers_by_name(value.at("theta0", id)),
                          .gradients = {},
                          .after_10 = numbers_by_name(value.at("theta", id).at("10", id)),
                          .after_20 = numbers_by_name(value.at("theta", id).at("20", id)),
                          .file = safetensors::from_bytes(from_base64(value.at("file", id).string("file")), id)};
  for (const json::Value& group : value.at("groups", id).array("groups")) {
    recorded.groups.push_back({.parameters = {},
                               .options = parse_options(group.at("thalweg", id).string("thalweg")),
                               .lrs = numbers(group.at("lr_by_step", id))});
    for (const json::Value& name : group.at("parameters", id).array("parameters")) {
      recorded.groups.back().parameters.push_back(name.string("parameter"));
    }
  }
  for (const auto& [name, sizes] : value.at("shapes", id).object("shapes")) {
    for (const json::Value& size : sizes.array("shapes")) recorded.shapes[name].sizes.push_back(size.integer("shapes"));
    recorded.shapes.try_emplace(name);  // of a single number
  }
  for (const auto& [name, steps] : value.at("grads", id).object("grads")) {
    const json::Array& list = steps.array("grads");
    recorded.gradients.resize(list.size());
    for (std::size_t step = 0; step < list.size(); ++step) {
      if (!list[step].is_null()) recorded.gradients[step][name] = numbers(list[step]);
    }
  }
  return recorded;
}

}  // namespace

const std::vector<TorchStateCase>& torch_state_cases() {
  static const std::vector<TorchStateCase> all = [] {
    std::vector<TorchStateCase> cases;
    const json::Value list = json::parse(read_golden_file("torch_state"), "torch_state");
    for (const json::Value& value : list.array("torch_state")) cases.push_back(read_case(value));
    return cases;
  }();
  return all;
}

const TorchStateCase& torch_state_case(const std::string& class_name, bool is_float64, std::size_t place) {
  for (const TorchStateCase& recorded : torch_state_cases()) {
    if (recorded.class_name == class_name && recorded.is_float64 == is_float64 && place-- == 0) return recorded;
  }
  throw Error("no recorded state of " + class_name);
}

}  // namespace thalweg::tests
