// Pages: the rules as Markdown, which docs/rules holds.
#pragma once

#include <filesystem>

namespace thalweg::lab {

/// Writes RULE.md for every rule and README.md, the list of them, into the folder, which is made if it is missing. Each
/// file is replaced atomically; a file of such a name that is no page of a rule is left alone. Throws thalweg::Error.
void write_rule_pages(const std::filesystem::path& folder);

}  // namespace thalweg::lab
