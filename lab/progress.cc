// ProgressBar: one line on stderr that shows how far a job is; nothing where stderr is no terminal.
#include "progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace thalweg::lab {

namespace {

constexpr std::chrono::milliseconds kBetweenDraws{100};
constexpr std::size_t kBarColumns = 24;

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool set_and_not_empty(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// The text's first `columns` code points.
std::string cut(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && columns-- == 0) break;
  }
  return std::string(text.substr(0, end));
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string repeated(std::string_view symbol, std::size_t times) {
  std::string text;
  while (times-- > 0) text += symbol;
  return text;
}

}  // namespace

ProgressBar::ProgressBar() {
  const char* const terminal = std::getenv("TERM");
  live_ = isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
  colour_ = live_ && !set_and_not_empty("NO_COLOR");
}

bool ProgressBar::due() const { return live_ && std::chrono::steady_clock::now() >= next_; }

void ProgressBar::draw(const std::string& head, double done, const std::string& tail) {
  if (!live_) return;
  next_ = std::chrono::steady_clock::now() + kBetweenDraws;
  shown_ = true;
  const std::size_t columns = terminal_columns() - 1;  // the last one would wrap on some terminals
  const std::size_t used = columns_of(head) + 1;
  if (used + kBarColumns + 2 > columns) {
    fmt::print(stderr, "\r\x1b[K{}", cut(head + "  " + tail, columns));
  } else {
    const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * kBarColumns);
    const char* const on = colour_ ? "\x1b[36m" : "";
    const char* const dim = colour_ ? "\x1b[2m" : "";
    const char* const off = colour_ ? "\x1b[0m" : "";
    fmt::print(stderr, "\r\x1b[K{} {}{}{}{}{}{}  {}", head, on, repeated("━", filled), off, dim,
               repeated("─", kBarColumns - filled), off, cut(tail, columns - used - kBarColumns - 2));
  }
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace thalweg::lab
