// Numbers as error messages and files show them.
#include "text.h"

#include <array>
#include <charconv>

namespace thalweg {

std::string to_text(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string in_quotes(std::string_view name) {
  std::string result = "\"";
  result += name;
  result += '"';
  return result;
}

}  // namespace thalweg
