// Draws columns of block characters.
#include "output/blocks.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg::lab {

std::vector<std::string> blocks(const std::vector<double>& values, double low, double high, std::size_t lines) {
  constexpr std::array<const char*, 9> kEighths{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double all = 8 * static_cast<double>(lines);
  std::vector<std::string> result(lines);
  for (const double value : values) {
    const double share = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 1;
    const std::size_t eighths =
        std::isnan(value) ? 0 : static_cast<std::size_t>(std::max(1.0, std::round(share * all)));
    for (std::size_t line = 0; line < lines; ++line) {
      const std::size_t below = 8 * (lines - 1 - line);
      result[line] += kEighths[eighths > below ? std::min<std::size_t>(eighths - below, 8) : 0];
    }
  }
  return result;
}

}  // namespace thalweg::lab
