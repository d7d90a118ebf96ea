// ProgressBar: one line on stderr that shows how far a job is; nothing where stderr is no terminal.
#include "progress.h"

#include "output/output.h"
#include "output/terminal.h"
#include "output/wrap.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {

namespace {

constexpr std::chrono::milliseconds kBetweenDraws{100};
constexpr std::size_t kBarColumns = 24, kFewestBarColumns = 8;

// As many whole words of the text as fit: a number that lost its end would be another number.
std::string cut(std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) return std::string(text);
  std::size_t end = 0;
  for (std::size_t space = text.find(' '); space != std::string_view::npos; space = text.find(' ', space + 1)) {
    if (width_of(text.substr(0, space)) > columns) break;
    end = space;
  }
  return std::string(text.substr(0, text.find_last_not_of(" ,", end == 0 ? 0 : end - 1) + 1));
}

std::string repeated(std::string_view symbol, std::size_t times) {
  std::string text;
  while (times-- > 0) text += symbol;
  return text;
}

}  // namespace

ProgressBar::ProgressBar() : live_(can_redraw(STDERR_FILENO)), colour_(has_colours(STDERR_FILENO)) {}

bool ProgressBar::due() const { return live_ && std::chrono::steady_clock::now() >= next_; }

void ProgressBar::draw(std::string_view head, double done, std::string_view tail) {
  if (!live_) return;
  next_ = std::chrono::steady_clock::now() + kBetweenDraws;
  shown_ = true;
  const std::size_t columns = terminal_columns(STDERR_FILENO) - 1;  // the last one would wrap on some terminals
  const std::string first = printable(head), last = printable(tail);
  // The bar takes what the words leave to it, if that is enough to see something.
  const std::size_t words = width_of(first) + 1 + 2 + width_of(last);
  const std::size_t bar = words < columns ? std::min(kBarColumns, columns - words) : 0;
  if (bar < kFewestBarColumns) {
    write_message(fmt::format("\r\x1b[K{}", cut(first + "  " + last, columns)));
    return;
  }
  const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * static_cast<double>(bar));
  const char* const on = colour_ ? "\x1b[36m" : "";
  const char* const dim = colour_ ? "\x1b[2m" : "";
  const char* const off = colour_ ? "\x1b[0m" : "";
  write_message(fmt::format("\r\x1b[K{} {}{}{}{}{}{}  {}", first, on, repeated("━", filled), off, dim,
                            repeated("─", bar - filled), off, last));
}

void ProgressBar::clear() {
  if (!shown_) return;
  write_message("\r\x1b[K");
  shown_ = false;
}

}  // namespace thalweg::lab
