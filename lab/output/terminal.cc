// Asks the system about its terminals.
#include "output/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace thalweg::lab {
namespace {

constexpr std::size_t kFewestColumns = 40, kUsualColumns = 80;

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool is_terminal(int descriptor) noexcept { return isatty(descriptor) == 1; }

std::size_t terminal_columns(int descriptor) noexcept {
  std::size_t columns = 0;
  const std::string_view wish = variable("COLUMNS");
  std::from_chars(wish.data(), wish.data() + wish.size(), columns);
  winsize size{};
  if (columns == 0 && ioctl(descriptor, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  return columns == 0 ? kUsualColumns : std::max(columns, kFewestColumns);
}

bool can_redraw(int descriptor) noexcept {
  const std::string_view kind = variable("TERM");
  return is_terminal(descriptor) && !kind.empty() && kind != "dumb";
}

bool has_colours(int descriptor) noexcept { return can_redraw(descriptor) && variable("NO_COLOR").empty(); }

}  // namespace thalweg::lab
