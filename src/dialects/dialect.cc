// Names and texts of the dialects: which optimizer is meant, and JSON.
#include "dialects/dialect.h"

#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cctype>

namespace thalweg::inline v0_1::dialects {
namespace {

bool has(const json::Object& config, std::string_view key) { return config.find(key) != config.end(); }

bool is_true(const json::Object& config, std::string_view key) {
  const auto member = config.find(key);
  return member != config.end() && member->second == json::Value(true);
}

bool fits(const Mark& mark, const json::Object& config) {
  const auto is_there = [&](std::string_view key) { return has(config, key); };
  return std::ranges::all_of(mark.with, is_there) && std::ranges::none_of(mark.without, is_there) &&
         (mark.is_true.empty() || is_true(config, mark.is_true));
}

/// All that the name may mean.
std::vector<const Optimizer*> candidates(const Dialect& dialect, std::string_view told) {
  std::vector<const Optimizer*> result;
  for (const Optimizer& optimizer : dialect.optimizers) {
    if (told.empty() || plain(told) == optimizer.rule) result.push_back(&optimizer);
  }
  return result;
}

/// Does the optimizer know all of the configuration's keys?
bool has_all(const Dialect& dialect, const Optimizer& optimizer, const json::Object& config) {
  const std::vector<std::string> known = known_keys(dialect, optimizer);
  return std::ranges::all_of(config,
                             [&](const auto& member) { return std::ranges::find(known, member.first) != known.end(); });
}

std::string names(const std::vector<const Optimizer*>& optimizers) {
  std::string text;
  for (const Optimizer* optimizer : optimizers) {
    text += text.empty() ? "" : optimizer == optimizers.back() ? " or " : ", ";
    text += optimizer->name;
  }
  return text;
}

[[noreturn]] void fail_unknown(const Dialect& dialect, std::string_view name) {
  for (const Refusal& refusal : dialect.refused) {
    if (plain(name) == plain(refusal.name)) {
      throw Error(std::string(dialect.name) + ": " + std::string(refusal.name) + " " + std::string(refusal.reason));
    }
  }
  std::vector<std::string> known;
  for (const Optimizer& optimizer : dialect.optimizers) known.emplace_back(optimizer.name);
  throw Error(std::string(dialect.name) + ": " + shown(name) + " is no optimizer with a counterpart" +
              suggest(name, known));
}

}  // namespace

std::array<const Dialect*, 6> all() { return {&torch(), &keras(), &keras2(), &optax(), &tf1(), &timm()}; }

StepCount step_count_of(const Dialect& dialect, const Optimizer& optimizer) {
  return optimizer.step_count.value_or(dialect.step_count);
}

std::string plain(std::string_view name) {
  std::string result;
  for (const char character : name) {
    if (character != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
  }
  return result;
}

std::string shown(std::string_view name) {
  constexpr std::size_t kMostBytes = 60;
  return "'" + printable(name, kMostBytes) + "'";
}

std::string_view bare_name(const Dialect& dialect, std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return name;
  const std::string_view package = name.substr(0, name.find('.'));
  if (std::ranges::find(dialect.packages, package) != dialect.packages.end()) return name.substr(dot + 1);
  throw Error(std::string(dialect.name) + ": " + shown(name) + " is of the package " + shown(package) +
              "; allowed are those of " + std::string(dialect.packages.front()));
}

json::Value parse_value(const Dialect& dialect, std::string_view text, std::string_view subject,
                        std::string_view allowed) {
  const std::string what = std::string(dialect.name) + " " + std::string(subject);
  std::string_view key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      const std::size_t start = ++i;
      while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
      if (i < text.size()) key = text.substr(start, i - start);
      continue;
    }
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (text.substr(i).starts_with(word)) {
        throw Error(what + ": " + std::string(key.substr(0, 60)) + " = " + std::string(word) + "; allowed are " +
                    std::string(allowed));
      }
    }
  }
  return json::parse(text, what);
}

json::Object parse(const Dialect& dialect, std::string_view text) {
  return parse_value(dialect, text).object(std::string(dialect.name) + " options");
}

const Optimizer* find(const Dialect& dialect, std::string_view name) {
  for (const Optimizer& optimizer : dialect.optimizers) {
    if (plain(name) == plain(optimizer.name)) return &optimizer;
  }
  return nullptr;
}

const Optimizer& choose(const Dialect& dialect, std::string_view told, const json::Object& config) {
  if (const Optimizer* named = find(dialect, told)) return *named;
  std::vector<const Optimizer*> possible = candidates(dialect, told);
  if (possible.empty() && plain(told) == "amsgrad") possible = {find(dialect, "adam")};
  if (possible.empty()) fail_unknown(dialect, told);
  if (possible.size() == 1) return *possible.front();
  for (const Mark& mark : dialect.marks) {
    const auto marked = std::ranges::find(possible, mark.optimizer, &Optimizer::name);
    if (marked != possible.end() && fits(mark, config)) return **marked;
  }
  std::vector<const Optimizer*> fitting = possible;
  std::erase_if(fitting, [&](const Optimizer* optimizer) { return !has_all(dialect, *optimizer, config); });
  throw Error(std::string(dialect.name) +
              ": these keys do not tell the optimizer; name it: " + names(fitting.empty() ? possible : fitting));
}

void check_settings(const Dialect& dialect, const Settings& settings, bool expressed) {
  const auto fail = [&](const std::string& what) {
    throw Error(what + " has no counterpart in " + std::string(dialect.name) + "'s configurations");
  };
  if (!settings.first_values.empty()) fail("the first value of column " + settings.first_values.begin()->first);
  if (settings.accumulation.calls > 1) fail("an accumulation");
  if (settings.dynamic_loss_scale.on) fail("a dynamic loss scale");
  if (expressed) return;
  if (settings.loss_scale != 1) fail("a loss scale");
  if (settings.clip.by != ClipBy::none) fail("clipping by " + std::string(to_string(settings.clip.by)));
  if (settings.average.kind != AverageKind::none) fail("averaging");
}

const Optimizer& optimizer_for(const Dialect& dialect, const Options& options) {
  const std::string_view rule = options.rule().name;
  for (const Optimizer& optimizer : dialect.optimizers) {
    if (optimizer.rule == rule) return optimizer;
  }
  if (rule == "amsgrad") return *find(dialect, "adam");
  throw Error(std::string(rule) + " has no counterpart in " + std::string(dialect.name));
}

std::string to_json(const Texts& texts) {
  std::string result = "{";
  for (const auto& [key, text] : texts) {
    result += result.size() > 1 ? ", " : "";
    json::append_string(result, key);
    result += ": " + text;
  }
  return result + "}";
}

}  // namespace thalweg::inline v0_1::dialects
