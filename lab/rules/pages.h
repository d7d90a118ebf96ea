// Pages: the rules as Markdown, which docs/rules holds.
#pragma once

#include <filesystem>

namespace thalweg::lab {

/// Writes RULE.md for every rule and README.md, the list of them, into the folder, which is made if it is missing. Each
/// file is replaced atomically. Throws thalweg::Error.
void write_rule_pages(const std::filesystem::path& folder);

}  // namespace thalweg::lab
