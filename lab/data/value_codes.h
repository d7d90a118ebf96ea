// ValueCodes: numbers the distinct texts of a column in the order in which they come.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// Distinct texts and their codes 0, 1, 2, … A hash table of open addressing that keeps views of the texts, not copies.
class ValueCodes {
 public:
  /// The text's code, a new one if it is new. `text` must live as long as this, and 8 bytes must be readable from each
  /// of its bytes on, as in TextBytes.
  std::int32_t code(std::string_view text) {
    const Key key = key_of(text);
    std::size_t slot = key.hash & mask_;
    while (!slots_.empty()) {
      const std::uint32_t found = slots_[slot];
      if (found == kFree) break;
      const Entry& entry = entries_[found];
      if (entry.start == key.start && entry.size == text.size() &&
          (text.size() <= 8 || std::memcmp(entry.text + 8, text.data() + 8, text.size() - 8) == 0)) {
        return entry.code;
      }
      slot = (slot + 1) & mask_;
    }
    return add(text, key);
  }

  /// Like `code`, of a text that lives no longer than the call.
  std::int32_t code_of_copy(std::string_view text) {
    copies_.emplace_back(text);
    copies_.back().append(8, '\0');
    const std::size_t before = entries_.size();
    const std::int32_t result = code(std::string_view(copies_.back()).substr(0, text.size()));
    if (entries_.size() == before) copies_.pop_back();
    return result;
  }

  /// The texts by their codes, without those that are missing values: they have kMissingCode.
  std::vector<std::string_view> values() const;

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;
  struct Key {
    std::uint64_t start;  // the first 8 bytes, zeros behind a shorter text
    std::uint64_t hash;
  };
  struct Entry {
    const char* text;
    std::size_t size;
    std::uint64_t start;
    std::int32_t code;
  };

  static std::uint64_t load(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  static std::uint64_t mixed(std::uint64_t hash) {
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
  }
  static Key key_of(std::string_view text) {
    Key key{0, text.size() << 56 | text.size()};
    if (text.size() < 8) {
      // Whatever stands behind the text is read with it, and blanked.
      const std::size_t bits = 8 * text.size();
      const std::uint64_t behind =
          std::endian::native == std::endian::little ? ~std::uint64_t{0} << bits : ~std::uint64_t{0} >> bits;
      key.start = load(text.data()) & ~behind;
      key.hash = mixed(key.hash ^ key.start);
      return key;
    }
    key.start = load(text.data());
    for (std::size_t i = 0; i + 8 <= text.size(); i += 8) key.hash = mixed(key.hash ^ load(text.data() + i));
    if (text.size() % 8 != 0) key.hash = mixed(key.hash ^ load(text.data() + text.size() - 8));
    return key;
  }
  std::int32_t add(std::string_view text, const Key& key);
  void grow();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // indices of entries, at most half of them used
  std::size_t mask_ = 0;
  std::int32_t codes_ = 0;
  std::deque<std::string> copies_;
};

}  // namespace thalweg::lab
