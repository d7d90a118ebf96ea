// Differences between configurations, in words.
#include "study/differences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <set>

namespace thalweg::lab {

std::vector<std::string> differences(const nlohmann::json& before, const nlohmann::json& now) {
  const nlohmann::json old_values = before.flatten(), new_values = now.flatten();
  std::set<std::string> keys;
  for (const auto& [key, value] : old_values.items()) keys.insert(key);
  for (const auto& [key, value] : new_values.items()) keys.insert(key);
  const auto text = [](const nlohmann::json& values, const std::string& key) {
    return values.contains(key) ? values[key].dump() : std::string("none");
  };
  std::vector<std::string> lines;
  for (const std::string& key : keys) {
    const std::string then = text(old_values, key), today = text(new_values, key);
    if (then == today) continue;
    std::string name = key.substr(std::min<std::size_t>(1, key.size()));
    std::ranges::replace(name, '/', '.');
    lines.push_back(fmt::format("{}: {}, now {}", name, then, today));
  }
  return lines;
}

std::string shown(const std::vector<std::string>& lines) {
  constexpr std::size_t kShown = 3;
  const std::size_t count = std::min(lines.size(), kShown);
  const std::string more = count < lines.size() ? fmt::format("; and {} more", lines.size() - count) : "";
  return fmt::format("{}{}", fmt::join(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count), "; "), more);
}

}  // namespace thalweg::lab
