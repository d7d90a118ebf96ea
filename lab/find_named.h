// find_named: the entry of a registry by its name.
#pragma once

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// The entry whose member `name` is this. Throws thalweg::Error, which calls it a `what` ("model") and suggests the
/// nearest names, if there is none.
template <class Entry>
const Entry& find_named(const std::vector<Entry>& entries, std::string_view name, std::string_view what) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  throw Error(fmt::format("unknown {} '{}'{}", what, name, suggest(name, names)));
}

}  // namespace thalweg::lab
