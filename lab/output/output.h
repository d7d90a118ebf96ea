// Output: the one place through which the command prints. Nothing that prints throws, aborts or stops a job.
#pragma once

#include <thalweg/text.h>

#include <fmt/format.h>
#include <nlohmann/json_fwd.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

namespace thalweg::lab {

/// To be called before anything is opened or printed. Gives closed standard files a place (else the next file that is
/// opened, a study say, would take their number, and be printed into), and makes of signals for lost pipes and files at
/// their limit what write() says.
void prepare_output() noexcept;

/// For a job that keeps on disk what it does: if the reader of its standard output ends (`| head`), it goes on, and
/// the loss is told at its end. Without this call it then ends at once, as programs usually do.
void go_on_without_reader() noexcept;

/// The exit code of a command that would end with this one: 1 in place of 0 if a byte of standard output was lost,
/// which is told on stderr. Nothing can be printed to standard output after it.
int finish_output(int code) noexcept;

/// Bytes as they are: for text whose every part from outside went through `printable`. What stdout loses is remembered
/// for `finish_output`, what stderr loses is lost.
void write_output(std::string_view bytes) noexcept;
void write_message(std::string_view bytes) noexcept;

/// Lines on stdout, broken between words on a terminal that is narrower; a table made for the terminal's width stays.
void print_lines(std::string_view lines) noexcept;
/// Likewise on stderr.
void print_message_lines(std::string_view lines) noexcept;

/// A command to copy, on a line of its own on stderr, however long it is.
void print_message_command(std::string_view command) noexcept;

/// How wide tables on stdout may be: as the terminal is; as they like where it is none.
std::size_t output_columns() noexcept;

/// Indented JSON, which holds no control characters and is valid UTF-8, whatever its texts are.
void print_json(const nlohmann::json& json) noexcept;
void print_json(const nlohmann::ordered_json& json) noexcept;

/// `thalweg: TEXT` as one line on stderr, its head red on a terminal; control characters as escapes, long values cut.
void print_error(std::string_view text) noexcept;

namespace detail {

constexpr std::size_t kMostOfText = 4096;  // bytes; as long as a path may be

/// Texts as they are shown, everything else as it is.
template <class Value>
decltype(auto) safe(const Value& value) {
  if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
    return printable(value, kMostOfText);
  } else {
    return (value);
  }
}

template <class... Values>
std::string formatted(fmt::string_view format, const Values&... values) {
  return fmt::vformat(format, fmt::make_format_args(values...));
}

/// Standard output has lost what could not even be put together.
void lose_output() noexcept;

}  // namespace detail

/// `fmt::print`, whose texts may come from anywhere: they are `printable`.
template <class... Values>
void print(fmt::format_string<const Values&...> format, const Values&... values) noexcept {
  try {
    print_lines(detail::formatted(format, detail::safe(values)...));
  } catch (const std::exception&) {
    detail::lose_output();
  }
}

/// Likewise on stderr.
template <class... Values>
void print_message(fmt::format_string<const Values&...> format, const Values&... values) noexcept {
  try {
    print_message_lines(detail::formatted(format, detail::safe(values)...));
  } catch (const std::exception&) {  // no memory: the message is lost, the job is not
  }
}

}  // namespace thalweg::lab
