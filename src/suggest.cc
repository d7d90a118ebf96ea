// Nearest names by Damerau-Levenshtein distance.
#include "thalweg/suggest.h"

#include "thalweg/text.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace thalweg::inline v0_1 {
namespace {

constexpr std::size_t kMostSuggestions = 3;
// A model may have thousands of parameter names: an error message lists no more than these.
constexpr std::size_t kMostKnown = 20;
// Of a name in a message. Two names of a megabyte each would take hours to be compared.
constexpr std::size_t kMostBytes = 100;
constexpr std::size_t kMostComparedBytes = 1000;

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') {
      character = static_cast<char>(character - 'A' + 'a');
    }
  }
  return lower;
}

// Insertions, deletions, substitutions and swaps of neighbours (no character edited twice).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[b.size()];
}

struct Candidate {
  std::size_t index;
  std::size_t distance;
};

std::vector<Candidate> near_names(std::string_view unknown, std::span<const std::string> known) {
  const std::string wanted = lower_case(unknown);
  std::vector<Candidate> near;
  for (std::size_t index = 0; index < known.size(); ++index) {
    const std::string name = lower_case(known[index]);
    const auto [shorter, longer] = std::minmax({wanted.size(), name.size()});
    const std::size_t allowed = std::max<std::size_t>(1, longer / 3);
    if (shorter >= 3 && wanted.compare(0, shorter, name, 0, shorter) == 0) {
      // The beginning of a name ("fashion" for "fashion-mnist") counts as near, whatever the length of the rest.
      near.push_back({index, std::min(longer - shorter, allowed)});
    } else if (longer - shorter <= allowed && longer <= kMostComparedBytes) {
      const std::size_t edits = distance(wanted, name);
      if (edits <= allowed && edits < longer) {
        near.push_back({index, edits});
      }
    }
  }
  std::stable_sort(near.begin(), near.end(), [](auto a, auto b) { return a.distance < b.distance; });
  near.resize(std::min(near.size(), kMostSuggestions));
  return near;
}

}  // namespace

std::string suggest(std::string_view unknown, std::span<const std::string> known) {
  const std::vector<Candidate> near = near_names(unknown, known);
  std::string text;
  if (!near.empty()) {
    text = "; did you mean ";
    for (std::size_t i = 0; i < near.size(); ++i) {
      text += i == 0 ? "" : i + 1 == near.size() ? " or " : ", ";
      text += printable(known[near[i].index], kMostBytes);
    }
    text += '?';
  } else if (!known.empty()) {
    text = "; known: ";
    for (std::size_t i = 0; i < std::min(known.size(), kMostKnown); ++i) {
      text += i == 0 ? "" : ", ";
      text += printable(known[i], kMostBytes);
    }
    if (known.size() > kMostKnown) {
      text += " and " + std::to_string(known.size() - kMostKnown) + " more";
    }
  }
  return text;
}

}  // namespace thalweg::inline v0_1
