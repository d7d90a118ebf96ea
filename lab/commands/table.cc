// Table: aligned columns of text.
#include "commands/table.h"

#include <algorithm>
#include <utility>

namespace thalweg::lab {

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

Table::Table(std::vector<std::string> header, std::vector<bool> right) : right_(std::move(right)) {
  right_.resize(header.size());
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::string Table::text() const {
  std::vector<std::size_t> widths(right_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = cell_of(i);
      const std::string padding(widths[i] - width_of(cell), ' ');
      line += (i > 0 ? "  " : "") + (right_[i] ? padding + cell : cell + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  const auto add_row = [&](const std::vector<std::string>& row) { add_line([&](std::size_t i) { return row[i]; }); };
  add_row(rows_.front());
  add_line([&](std::size_t i) {
    std::string rule;
    for (std::size_t k = 0; k < widths[i]; ++k) rule += "─";
    return rule;
  });
  for (std::size_t i = 1; i < rows_.size(); ++i) add_row(rows_[i]);
  return text;
}

}  // namespace thalweg::lab
