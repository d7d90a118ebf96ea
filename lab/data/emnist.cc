// What is known of EMNIST's splits: their files' names and their classes.
//
// Cohen, Afshar, Tapson, van Schaik: EMNIST: an extension of MNIST to handwritten letters, 2017, table II.
#include "data/emnist.h"

#include "data/content_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace thalweg::lab {

namespace {

constexpr std::string_view kPrefix = "emnist-";
constexpr std::uint64_t kMostMappingBytes = 65536;
constexpr std::size_t kMostClasses = 256;  // labels are bytes

std::string_view known_names(const std::string& split) {
  if (split == "digits" || split == "mnist") return "0123456789";
  if (split == "letters") return "abcdefghijklmnopqrstuvwxyz";
  if (split == "byclass") return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  // Letters whose two cases look alike are one class.
  if (split == "balanced" || split == "bymerge") return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt";
  return {};
}

// The next number of the line, which is cut off; nothing at its end.
std::optional<std::uint32_t> next_number(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return std::nullopt;
  std::uint32_t number = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + begin, end, number);
  if (error != std::errc() || (stop != end && *stop != ' ' && *stop != '\t' && *stop != '\r')) {
    throw Error("expected whole numbers: a label and code points");
  }
  line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
  return number;
}

// The name that a line gives the class of this label.
std::string name_of(std::string_view line, std::uint32_t expected) {
  const std::uint32_t label = next_number(line).value_or(expected);
  if (label != expected) throw Error(fmt::format("label {}; expected {}, the next one", label, expected));
  std::optional<std::uint32_t> code;
  while (const std::optional<std::uint32_t> next = next_number(line)) code = next;
  if (!code) throw Error("no code point behind the label");
  if (*code <= ' ' || *code > '~') throw Error(fmt::format("code point {} is outside 33 … 126", *code));
  return {static_cast<char>(*code)};
}

std::vector<std::string> read_mapping(const std::filesystem::path& file, std::uint32_t first_label) {
  const std::vector<std::uint8_t> bytes = read_contents(file, kMostMappingBytes);
  std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  std::vector<std::string> names;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      if (names.size() == kMostClasses) throw Error(fmt::format("more than {} classes", kMostClasses));
      names.push_back(name_of(line, first_label + static_cast<std::uint32_t>(names.size())));
    } catch (const Error& error) {
      throw Error(fmt::format("{}: line {}: {}", file.string(), number, error.what()));
    }
  }
  if (names.empty()) throw Error(fmt::format("{}: has no line; expected a label and code points", file.string()));
  return names;
}

}  // namespace

std::optional<std::string> emnist_split(std::string_view prefix) {
  if (!prefix.starts_with(kPrefix) || prefix.size() == kPrefix.size()) return std::nullopt;
  return std::string(prefix.substr(kPrefix.size()));
}

EmnistClasses emnist_classes(const std::filesystem::path& folder, const std::string& split) {
  EmnistClasses result{.first_label = split == "letters" ? 1 : 0, .names = {}};
  const std::filesystem::path mapping = folder / fmt::format("{}{}-mapping.txt", kPrefix, split);
  std::error_code ignored;
  if (std::filesystem::exists(mapping, ignored)) {
    result.names = read_mapping(mapping, static_cast<std::uint32_t>(result.first_label));
    return result;
  }
  for (const char name : known_names(split)) result.names.emplace_back(1, name);
  return result;
}

}  // namespace thalweg::lab
