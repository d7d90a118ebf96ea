// Spell: joins what is one formula, and asks the dialects who writes it.
#include "identify/spell.h"

#include "identify/experiments.h"
#include "identify/judge.h"
#include "identify/known.h"
#include "identify/model.h"
#include "identify/search.h"
#include "identify/simplify.h"
#include "identify/variants.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace thalweg::lab::identify {
namespace {

using json = nlohmann::ordered_json;

/// The spelling with the values that `like` has for options of the same name.
Options with_values_of(const Options& options, const Options& like) {
  Options result = options;
  for (const OptionInfo& info : options.rule().options) {
    if (info.type != OptionType::real || !like.has(info.name)) continue;
    const double value = like.get(info.name);
    if (info.range.contains(value)) result.set(info.name, value);
  }
  return result;
}

std::ptrdiff_t changes(const Options& options) { return std::ranges::count(options.text(), '='); }

/// Is the other rule's spelling worth telling? Not if it needs numbers that the first does not have (an RAdam too short
/// of steps for its denominator), or more words.
bool is_natural(const Options& first, const Options& other) {
  const auto is_first_s = [&](double value) {
    return std::ranges::find(first.values(), value) != first.values().end();
  };
  const auto is_usual = [&](const OptionInfo& info) {
    const double value = other.get(info.name);
    return info.type == OptionType::boolean || value == info.default_value || is_first_s(value);
  };
  return std::ranges::all_of(other.rule().options, is_usual) && changes(other) <= changes(first) + 1;
}

bool is_same_rule(const Options& a, const Options& b) { return &first_name(a.rule()) == &first_name(b.rule()); }

bool is_one_formula(const Candidate& a, const Candidate& b) {
  if (a.step_counts != b.step_counts) return false;
  const StepCount count = a.step_counts.front();
  return same_formula(a.options, count, with_values_of(b.options, a.options), count);
}

/// Joins what is one formula, and drops what only imitates a simpler one of another rule (an Adam whose ε drowns its
/// denominator is SGD): no experiment would show that it is not.
void join(std::vector<Candidate>& candidates, const std::vector<Experiment>& experiments) {
  std::vector<Candidate> joined;
  std::vector<Outcome> outcomes;
  for (Candidate& candidate : candidates) {
    const auto equal = std::ranges::find_if(joined, [&](const Candidate& other) {
      return is_same_rule(other.options, candidate.options) && other.options == candidate.options;
    });
    if (equal != joined.end()) {  // counted in both ways
      if (equal->step_counts != candidate.step_counts) equal->step_counts.push_back(candidate.step_counts.front());
      continue;
    }
    const Outcome here = outcome(experiments, candidate.options, candidate.step_counts.front());
    const auto like =
        std::ranges::find_if(outcomes, [&](const Outcome& other) { return !is_clear(experiments, other, here); });
    if (like == outcomes.end()) {
      joined.push_back(std::move(candidate));
      outcomes.push_back(here);
      continue;
    }
    Candidate& first = joined[static_cast<std::size_t>(like - outcomes.begin())];
    const bool is_one = is_one_formula(first, candidate);
    if (is_one) candidate.options = with_values_of(candidate.options, first.options);
    if (is_same_rule(first.options, candidate.options) || (is_one && is_natural(first.options, candidate.options))) {
      first.same.push_back(candidate);
    }
  }
  candidates = std::move(joined);
}

Options read(const Expression& expression, const json& keys) {
  return translate(expression.peer, expression.name, keys.dump()).options;
}

/// The framework's default of every option that its configuration sets; other options as they are.
Options with_defaults(const Expression& expression, const Options& options) {
  const json keys = json::parse(expression.json);
  const Options whole = read(expression, keys);
  Options result = options;
  for (const auto& [key, value] : keys.items()) {
    json fewer = keys;
    fewer.erase(key);
    try {
      const Options without = read(expression, fewer);
      for (const OptionInfo& info : without.rule().options) {
        if (without.get(info.name) != whole.get(info.name)) result.set(info.name, without.get(info.name));
      }
    } catch (const Error&) {
      continue;  // the key has no default
    }
  }
  return result;
}

/// The expression of this name, if these options have it.
std::optional<Expression> expression_like(const Expression& expression, const Options& options, StepCount step_count) {
  for (const Options& setting : with_idle_booleans(options, step_count)) {
    for (const Expression& other : express(setting)) {
      if (other.peer == expression.peer && other.name == expression.name) return other;
    }
  }
  return std::nullopt;
}

/// The spelling with these values given; what was fitted follows. Nothing if that fits less well.
std::optional<Options> with_given(const Spelling& spelling, const std::map<std::string, double>& given, StepCount count,
                                  const View& view) {
  Variant variant{spelling.options, count, {}, {}, spelling.fitted, {}, 0};
  for (const auto& [option, value] : given) {
    variant.options.set(option, value);
    std::erase(variant.free, static_cast<std::size_t>(variant.options.rule().find_option(option)));
  }
  const Misfit before = misfit(view, changes_of(view, spelling.options, count));
  Problem problem = problem_of(view, variant, variant.options);
  const double goal = as_good_as(before.mean_square, view);
  const std::optional<Fit> found = fit(problem, {40, goal});
  if (!found || found->misfit.mean_square > goal) return std::nullopt;
  return simplify(problem, *found).options;
}

/// The expression with the framework's own defaults where the recording leaves it open.
Expression usual(const Expression& expression, const Spelling& spelling, StepCount count, const View& view) {
  const Options defaults = with_defaults(expression, spelling.options);
  std::map<std::string, double> all;
  for (const OpenOption& open : spelling.open) {
    const double value = defaults.get(open.option);
    if (open.option != "lr" && value >= open.low && value <= open.high) all.emplace(open.option, value);
  }
  std::vector<std::map<std::string, double>> tries{all};
  for (const auto& one : all) tries.push_back({one});
  for (const auto& given : tries) {
    if (given.empty()) continue;
    const std::optional<Options> options = with_given(spelling, given, count, view);
    if (!options) continue;
    if (const auto other = expression_like(expression, *options, count)) return *other;
  }
  return expression;
}

void add_expressions(Candidate& candidate, const Views& views, bool has_gaps) {
  const StepCount count = candidate.step_counts.front();
  const bool counts = has_gaps && candidate.step_counts.size() == 1 &&
                      !same_formula(candidate.options, StepCount::per_parameter, candidate.options, StepCount::shared);
  if (counts) candidate.only_count = count;
  std::vector<Spelling> spellings = candidate.same;
  spellings.insert(spellings.begin(), candidate);
  for (const Spelling& spelling : spellings) {
    const View& view = views(spelling.options.rule());
    for (const Options& options : with_idle_booleans(spelling.options, count)) {
      for (const Expression& expression : express(options)) {
        const auto is_there = [&](const Expression& other) {
          return other.peer == expression.peer && other.name == expression.name;
        };
        if (std::ranges::any_of(candidate.expressions, is_there)) continue;
        if (counts && expression.step_count != count) continue;
        candidate.expressions.push_back(usual(expression, {options, spelling.open, spelling.fitted}, count, view));
      }
    }
  }
}

std::string python_value(const json& value) {
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const json& part : value) text += (text.empty() ? "" : ", ") + python_value(part);
  return "(" + text + ")";
}

}  // namespace

void spell(std::vector<Candidate>& candidates, const Views& views, const Recording& recording, bool has_gaps) {
  for (Candidate& candidate : candidates) candidate.options = under_shortest_name(candidate.options);
  std::ranges::stable_sort(candidates, {}, [&](const Candidate& candidate) { return changes(candidate.options); });
  join(candidates, experiments(recording));
  for (Candidate& candidate : candidates) add_expressions(candidate, views, has_gaps);
  std::ranges::stable_sort(candidates, {}, [&](const Candidate& candidate) {
    return std::tuple(changes(candidate.options), candidate.expressions.empty(), candidate.open.size());
  });
}

std::string python_call(const Expression& expression) {
  const json keys = json::parse(expression.json);
  std::string text;
  for (const auto& [key, value] : keys.items()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key, python_value(value));
  }
  return fmt::format("{}({})", expression.name, text);
}

}  // namespace thalweg::lab::identify
