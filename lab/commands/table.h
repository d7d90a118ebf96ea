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

  /// As many cells as the header has.
  void add(std::vector<std::string> cells);
  /// Header, a rule and the rows, each line ending in a newline.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
  std::vector<bool> right_;
};

/// Columns a terminal needs for the text: code points, not bytes.
std::size_t width_of(const std::string& text);

}  // namespace thalweg::lab
