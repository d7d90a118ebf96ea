// Puts a search's parameters into a training.
#include "study/trial_parameters.h"

#include "training/optimizer.h"
#include "training/settings.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr const char* kOptimizer = "optimizer";

/// `train-limit` is the setting train_limit.
std::string setting_name(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

/// The text, or else the number, as JSON of this type.
template <class Number>
nlohmann::json number_json(const nlohmann::json& value, const std::string& name) {
  if (value.is_number()) {
    const double number = value.get<double>();
    if constexpr (std::is_integral_v<Number>) {
      if (number != std::floor(number))
        throw Error(fmt::format("{} = {} is no whole number (a range of them is int:LOW:HIGH)", name, number));
      return value.get<Number>();
    }
    return number;
  }
  const std::string text = written(value);
  Number number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) {
    throw Error(fmt::format("{} = {} is no {}number", name, text, std::is_integral_v<Number> ? "whole " : ""));
  }
  return number;
}

nlohmann::json list_json(const nlohmann::json& value, const std::string& name) {
  const std::string text = written(value);
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    list.push_back(number_json<std::int64_t>(text.substr(begin, comma - begin), name));
    begin = comma + 1;
  }
  return list;
}

/// The value as the training's JSON has this setting.
nlohmann::json setting_json(const Setting& setting, const nlohmann::json& value) {
  const std::string name = setting.name;
  return std::visit(
      [&](const auto* member) -> nlohmann::json {
        using T = std::remove_cvref_t<decltype(*member)>;
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Schedule>) {
          return written(value);
        } else if constexpr (std::is_same_v<T, bool>) {
          const std::string text = written(value);
          if (text != "true" && text != "false")
            throw Error(fmt::format("{} = {} is neither true nor false", name, text));
          return text == "true";
        } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          return list_json(value, name);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return nlohmann::json::array({written(value)});
        } else if constexpr (kIsOptional<T>) {
          return number_json<typename T::value_type>(value, name);
        } else {
          return number_json<T>(value, name);
        }
      },
      setting.value);
}

/// The dimension that chooses the optimizer, if there is one.
std::optional<std::size_t> optimizer_dimension(const SearchSpace& space) {
  const auto found = std::ranges::find(space.dimensions, kOptimizer, &Dimension::name);
  if (found == space.dimensions.end()) return std::nullopt;
  return static_cast<std::size_t>(found - space.dimensions.begin());
}

/// The optimizers with which this dimension may count.
std::vector<std::string> optimizers_with(const SearchSpace& space, std::size_t dimension,
                                         const TrainingConfig& training) {
  const std::optional<std::size_t> chooser = optimizer_dimension(space);
  if (!chooser) return {training.optimizer};
  std::set<std::size_t> choices;
  for (std::size_t i = 0; i < space.dimensions[*chooser].choices.size(); ++i) choices.insert(i);
  for (std::optional<Condition> condition = space.dimensions[dimension].condition; condition;
       condition = space.dimensions[condition->parent].condition) {
    if (condition->parent == *chooser) choices = {condition->choices.begin(), condition->choices.end()};
  }
  std::vector<std::string> texts;
  for (const std::size_t choice : choices) texts.push_back(written(space.dimensions[*chooser].choices[choice]));
  return texts;
}

/// Is it an option of all of these rules? Throws if it is one of some of them.
bool is_option(const std::string& name, const std::vector<std::string>& optimizers) {
  std::vector<std::string> with, without;
  for (const std::string& text : optimizers) {
    (read_optimizer(text).options.has(name) ? with : without).push_back(text);
  }
  if (!with.empty() && !without.empty()) {
    throw Error(fmt::format("{} has no option {}; let it count only with those that have it: :if:optimizer={}",
                            without.front(), name, fmt::join(with, "|")));
  }
  return without.empty();
}

void check_name(const std::string& name, const std::vector<std::string>& optimizers) {
  if (name == kOptimizer || is_option(name, optimizers)) return;
  const std::vector<std::string> settings = searched_settings();
  if (std::ranges::find(settings, setting_name(name)) != settings.end()) return;
  TrainingConfig any;
  for (const Setting& setting : settings_of(any)) {
    if (setting_name(name) == setting.name) {
      throw Error(fmt::format(
          "{} decides what trials are measured by, or for how long they are trained, and is the same for all", name));
    }
  }
  std::vector<std::string> known = settings, options;
  for (const OptionInfo& option : read_optimizer(optimizers.front()).options.rule().options) {
    options.emplace_back(option.name);
    known.emplace_back(option.name);
  }
  throw Error(fmt::format("{} is no option of {} ({}) and no setting that may be searched ({}){}", name,
                          optimizers.front(), fmt::join(options, ", "), fmt::join(settings, ", "),
                          suggest(name, known)));
}

/// Values at the dimension's ends, and one between them that is hardly whole where it need not be; or each of its
/// choices.
std::vector<double> extremes(const Dimension& dimension) {
  if (dimension.kind == DimensionKind::integer) return {dimension.low, dimension.high};
  if (dimension.kind == DimensionKind::real) {
    return {dimension.low, dimension.high, dimension.low + (dimension.high - dimension.low) / 2.718281828};
  }
  std::vector<double> all;
  for (std::size_t i = 0; i < dimension.choices.size(); ++i) all.push_back(static_cast<double>(i));
  return all;
}

/// A point with this value, with choices that make it count, and with the first value of whatever else counts then.
Point point_with(const SearchSpace& space, std::size_t dimension, double value) {
  Point wanted(space.dimensions.size());
  wanted[dimension] = value;
  for (std::optional<Condition> condition = space.dimensions[dimension].condition; condition;
       condition = space.dimensions[condition->parent].condition) {
    wanted[condition->parent] = static_cast<double>(condition->choices.front());
  }
  Point point(space.dimensions.size());
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (space.counts(i, point)) point[i] = wanted[i].value_or(extremes(space.dimensions[i]).front());
  }
  return point;
}

}  // namespace

std::vector<std::string> searched_settings() {
  return {"model",  "dense",         "activation", "dropout",  "batch_norm", "factors", "hidden",
          "layers", "class_weights", "augment",    "schedule", "batch",      kOptimizer};
}

TrainingConfig with_parameters(TrainingConfig training, const nlohmann::json& parameters) {
  if (const auto chosen = parameters.find(kOptimizer); chosen != parameters.end()) {
    training.optimizer = written(*chosen);
  }
  Description description = read_optimizer(training.optimizer);
  const std::vector<std::string> searched = searched_settings();
  nlohmann::json json = training;
  for (const auto& [name, value] : parameters.items()) {
    if (name == kOptimizer) continue;
    if (description.options.has(name)) {
      value.is_number() ? description.options.set(name, value.get<double>())
                        : description.options.set(name, std::string_view(written(value)));
      continue;
    }
    const std::vector<Setting> settings = settings_of(training);
    const auto setting = std::ranges::find_if(settings, [&, key = setting_name(name)](const Setting& each) {
      return key == each.name && std::ranges::find(searched, key) != searched.end();
    });
    if (setting == settings.end()) {
      throw Error(fmt::format("{} is no option of {} and no setting that may be searched", name,
                              description.options.rule().name));
    }
    json[setting->name] = setting_json(*setting, value);
  }
  json[kOptimizer] = description.text();
  return json.get<TrainingConfig>();
}

void check_space(const SearchSpace& space, const TrainingConfig& training) {
  const auto check_each = [&](auto&& check) {
    for (std::size_t i = 0; i < space.dimensions.size(); ++i) {
      try {
        check(i);
      } catch (const Error& error) {
        throw Error(fmt::format("range '{}': {}", text(space, i), error.what()));
      }
    }
  };
  // All names before any values, which are tried together.
  check_each([&](std::size_t i) {
    const Dimension& dimension = space.dimensions[i];
    if (dimension.name == kOptimizer && dimension.kind != DimensionKind::choice) {
      throw Error("optimizer is a choice, as choice:sgd|adam");
    }
    check_name(dimension.name, optimizers_with(space, i, training));
  });
  check_each([&](std::size_t i) {
    for (const double value : extremes(space.dimensions[i])) {
      with_parameters(training, space.parameters(point_with(space, i, value)));
    }
  });
}

}  // namespace thalweg::lab
