// Options: checks and text form.
#include <thalweg/options.h>
#include <thalweg/suggest.h>

#include "fields.h"
#include "text.h"

#include <charconv>
#include <cmath>

namespace thalweg::inline v0_1 {
namespace {

std::size_t index_of(const RuleInfo& rule, std::string_view option) {
  if (const int index = rule.find_option(option); index >= 0) return static_cast<std::size_t>(index);
  std::vector<std::string> known;
  for (const OptionInfo& info : rule.options) known.emplace_back(info.name);
  throw Error(std::string(rule.name) + ": unknown option '" + printable(option) + "'" + suggest(option, known));
}

}  // namespace

Options::Options(const RuleInfo& rule) : rule_(&rule) {
  for (const OptionInfo& info : rule.options) values_.push_back(info.default_value);
}

double Options::get(std::string_view option) const { return values_[index_of(*rule_, option)]; }

void Options::set(std::string_view option, double value) { set_at(index_of(*rule_, option), value); }

void Options::set_at(std::size_t index, double value) {
  const OptionInfo& info = rule_->options[index];
  const auto what = [&] { return std::string(rule_->name) + ": " + std::string(info.name) + " = " + to_text(value); };
  if (info.type == OptionType::boolean) {
    if (value != 0 && value != 1) throw Error(what() + " is neither 0 (false) nor 1 (true)");
  } else if (std::isnan(value)) {
    throw Error(what() + " is not a number; allowed is " + info.range.text());
  } else if (!info.range.contains(value)) {
    throw Error(what() + " is outside " + info.range.text());
  }
  values_[index] = value;
}

void Options::set(std::string_view option, std::string_view text) {
  const std::size_t index = index_of(*rule_, option);
  const OptionInfo& info = rule_->options[index];
  if (info.type == OptionType::boolean && (text == "true" || text == "false")) {
    set_at(index, text == "true" ? 1 : 0);
    return;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    throw Error(std::string(rule_->name) + ": " + printable(option) + " = '" + printable(text) +
                "' is too large or too small for a double");
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(std::string(rule_->name) + ": " + printable(option) + " = '" + printable(text) + "' is not " +
                (info.type == OptionType::boolean ? "true or false" : "a number; allowed is " + info.range.text()));
  }
  set_at(index, value);
}

std::string Options::text() const {
  std::string result(rule_->name);
  char separator = ':';
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const OptionInfo& info = rule_->options[i];
    if (values_[i] == info.default_value) continue;
    append_pair(result, separator, info.name, value_text(info, values_[i]));
  }
  return result;
}

}  // namespace thalweg::inline v0_1
