// ValueCodes: numbers the distinct texts of a column in the order in which they come.
#include "data/value_codes.h"

#include "data/table.h"
#include "data/value_text.h"

#include <limits>
#include <new>

namespace thalweg::lab {

std::int32_t ValueCodes::add(std::string_view text, const Key& key) {
  if (entries_.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) throw std::bad_alloc();
  if (2 * (entries_.size() + 1) > slots_.size()) grow();
  std::size_t slot = key.hash & mask_;
  while (slots_[slot] != kFree) slot = (slot + 1) & mask_;
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({text.data(), text.size(), key.start, is_missing(text) ? kMissingCode : codes_++});
  return entries_.back().code;
}

void ValueCodes::grow() {
  slots_.assign(slots_.empty() ? 32 : 2 * slots_.size(), kFree);
  mask_ = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = key_of({entries_[i].text, entries_[i].size}).hash & mask_;
    while (slots_[slot] != kFree) slot = (slot + 1) & mask_;
    slots_[slot] = static_cast<std::uint32_t>(i);
  }
}

std::vector<std::string_view> ValueCodes::values() const {
  std::vector<std::string_view> result;
  result.reserve(static_cast<std::size_t>(codes_));
  for (const Entry& entry : entries_)
    if (entry.code != kMissingCode) result.emplace_back(entry.text, entry.size);
  return result;
}

}  // namespace thalweg::lab
