// Turns exceptions into lines.
#include "error_text.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string_view>

namespace thalweg::lab {
namespace {

std::string size_text(double bytes) {
  const char* unit = "bytes";
  for (const char* const next : {"KiB", "MiB", "GiB", "TiB", "PiB"}) {
    if (bytes < 1024) break;
    bytes /= 1024;
    unit = next;
  }
  return fmt::format("{:.3g} {}", bytes, unit);
}

/// LibTorch has no exception of its own for this, only this sentence.
std::string out_of_memory(std::string_view what) {
  constexpr std::string_view asked = "you tried to allocate ";
  const std::size_t at = what.find(asked);
  if (at == std::string_view::npos) return "out of memory";
  double bytes = 0;
  const char* const begin = what.data() + at + asked.size();
  const auto [end, code] = std::from_chars(begin, what.data() + what.size(), bytes);
  return code == std::errc() ? fmt::format("out of memory: {} were asked for at once", size_text(bytes))
                             : "out of memory";
}

std::string torch_text(const c10::Error& error) {
  std::string_view what = error.what_without_backtrace();
  if (what.find("can't allocate memory") != std::string_view::npos) return out_of_memory(what);
  // Some versions leave "Exception raised from FUNCTION at FILE:LINE" here, after a line of its own.
  what = what.substr(0, what.find("\nException raised from "));
  std::string line;
  for (const char c : what) {
    if (c != '\n') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string error_text(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return "out of memory";
  // What a container throws if so many elements cannot be.
  if (dynamic_cast<const std::length_error*>(&error) != nullptr) return "out of memory";
  if (const auto* const torch = dynamic_cast<const c10::Error*>(&error)) return torch_text(*torch);
  if (const auto* const file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return fmt::format("{}: {}", file->path1().string(), file->code().message());
  }
  return error.what();
}

}  // namespace thalweg::lab
