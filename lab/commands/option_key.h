// What options are called where they are no flags, and what stands under which heading.
#pragma once

#include <CLI/Option.hpp>

#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// An option's name in configuration files and for completions: the flag without its dashes, or the argument's name in
/// small letters.
std::string key_of(const CLI::Option& option);

/// Headings and the text below each, in the order in which they came.
using Headed = std::vector<std::pair<std::string, std::string>>;

/// The text below this heading, which may be new.
std::string& text_below(const std::string& heading, Headed& headed);

}  // namespace thalweg::lab
