// Output by write(2): no buffer that is lost at the end, no exceptions, and errors are known at once.
#include "output/output.h"

#include "output/terminal.h"
#include "output/wrap.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostOfAnError = 2000, kMostOfAWord = 400;  // bytes
constexpr std::size_t kErrorIndent = 2;                           // of the lines after an error's first

int lost = 0;  // errno of the first byte that stdout has lost
bool ends_without_reader = false;

/// 0, or errno.
int write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {  // whoever shares it has made it non-blocking
      pollfd waiting{descriptor, POLLOUT, 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string for_terminal(std::string_view lines, int descriptor, std::size_t indent = 0) {
  return is_terminal(descriptor) ? wrapped(lines, terminal_columns(descriptor), indent) : std::string(lines);
}

/// One line, for messages of several (CLI11 has some) too.
std::string with_short_words(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    result += printable(text.substr(at, end - at), kMostOfAWord);
    if (end < text.size()) result += ' ';
    at = end + 1;
  }
  return result;
}

/// What JSON allows in its texts, but terminals obey: DEL and the C1 controls, U+0080 to U+009F.
std::string without_controls(const std::string& json) {
  std::string result;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const auto next = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
    if (byte == 0x7f) {
      result += "\\u007f";
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      result += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      result += json[i];
    }
  }
  return result;
}

template <class Json>
void print_any_json(const Json& json) noexcept {
  try {
    write_output(without_controls(json.dump(2, ' ', false, Json::error_handler_t::replace)) + '\n');
  } catch (const std::exception&) {
    detail::lose_output();
  }
}

}  // namespace

void prepare_output() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is this one. Opened for reading: writing to it fails, as it did while it was closed.
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) open("/dev/null", O_RDONLY);
  }
  ends_without_reader = std::signal(SIGPIPE, SIG_IGN) != SIG_IGN;
  std::signal(SIGXFSZ, SIG_IGN);
}

void go_on_without_reader() noexcept { ends_without_reader = false; }

int finish_output(int code) noexcept {
  // Some file systems tell only now that there was no room.
  if (close(STDOUT_FILENO) != 0 && errno != EINTR && lost == 0) lost = errno;
  if (lost == 0) return code;
  const char* const reason = std::strerror(lost);
  print_error(lost == EBADF ? "standard output is closed: the result is lost"
                            : std::string("standard output: ") + reason + ": part of the result is lost");
  return code == EXIT_SUCCESS ? EXIT_FAILURE : code;
}

void write_output(std::string_view bytes) noexcept {
  const int error = write_all(STDOUT_FILENO, bytes);
  if (error == EPIPE && ends_without_reader) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  if (lost == 0) lost = error;
}

void write_message(std::string_view bytes) noexcept { write_all(STDERR_FILENO, bytes); }

void print_lines(std::string_view lines) noexcept {
  try {
    write_output(for_terminal(lines, STDOUT_FILENO));
  } catch (const std::exception&) {
    detail::lose_output();
  }
}

void print_message_lines(std::string_view lines) noexcept {
  try {
    write_message(for_terminal(lines, STDERR_FILENO));
  } catch (const std::exception&) {  // no memory: the message is lost, the job is not
  }
}

void print_message_command(std::string_view command) noexcept {
  try {
    write_message("  " + printable(command, detail::kMostOfText) + '\n');
  } catch (const std::exception&) {  // likewise
  }
}

std::size_t output_columns() noexcept {
  return is_terminal(STDOUT_FILENO) ? terminal_columns(STDOUT_FILENO) : std::numeric_limits<std::size_t>::max();
}

void print_json(const nlohmann::json& json) noexcept { print_any_json(json); }
void print_json(const nlohmann::ordered_json& json) noexcept { print_any_json(json); }

void print_error(std::string_view text) noexcept {
  try {
    constexpr std::string_view head = "thalweg:";
    const std::string shortened = printable(with_short_words(text), kMostOfAnError);
    std::string line = for_terminal(fmt::format("{} {}", head, shortened), STDERR_FILENO, kErrorIndent) + '\n';
    if (has_colours(STDERR_FILENO)) line = "\x1b[1;31m" + line.insert(head.size(), "\x1b[0m");
    write_message(line);
  } catch (const std::exception&) {
    write_message("thalweg: out of memory\n");
  }
}

void detail::lose_output() noexcept {
  if (lost == 0) lost = ENOMEM;
}

}  // namespace thalweg::lab
