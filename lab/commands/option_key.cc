// What options are called where they are no flags, and what stands under which heading.
#include "commands/option_key.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>

namespace thalweg::lab {

std::string key_of(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return option.get_lnames().front();
  std::string name = option.get_name();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::string& text_below(const std::string& heading, Headed& headed) {
  const auto found = std::ranges::find(headed, heading, [](const auto& one) { return one.first; });
  return found != headed.end() ? found->second : headed.emplace_back(heading, "").second;
}

}  // namespace thalweg::lab
