// Table: aligned columns of text on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Columns as wide as their widest cell, two spaces between them. Numbers stand right, text left.
class Table {
 public:
  explicit Table(std::vector<std::string> header, std::vector<bool> right = {});

  /// As many cells as the header has. They may come from outside: they are `printable`.
  void add(std::vector<std::string> cells);
  /// Header, a rule and the rows, each line ending in a newline. In a width that is too small, text breaks between
  /// words within its column; where even that has no room, each row becomes a block of lines. Numbers never break.
  std::string text(std::size_t width) const;

 private:
  using Widths = std::vector<std::size_t>;

  bool fits(const Widths& widths, std::size_t width) const;
  Widths natural_widths() const;
  /// The widths with columns of text made narrower until they fit, as far as their words allow.
  Widths narrowed(Widths widths, std::size_t width) const;
  void add_row(std::string& text, const std::vector<std::string>& row, const Widths& widths) const;
  std::string blocks(std::size_t width) const;

  std::vector<std::vector<std::string>> rows_;  // the header first
  std::vector<bool> right_;
};

}  // namespace thalweg::lab
