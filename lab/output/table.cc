// Table: lays out columns, or blocks where there is no room for them.
#include "output/table.h"

#include "output/wrap.h"

#include <thalweg/text.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::size_t kBetween = 2;       // spaces between columns, and in front of a block's lines
constexpr std::size_t kMostOfCell = 200;  // bytes

std::size_t longest_word(const std::string& text) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    longest = std::max(longest, width_of(text.substr(at, end - at)));
    at = end + 1;
  }
  return longest;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

std::string spaces(std::size_t count) { return std::string(count, ' '); }

}  // namespace

Table::Table(std::vector<std::string> header, std::vector<bool> right) : right_(std::move(right)) {
  right_.resize(header.size());
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell, kMostOfCell);
  rows_.push_back(std::move(cells));
}

bool Table::fits(const Widths& widths, std::size_t width) const {
  return std::accumulate(widths.begin(), widths.end(), kBetween * (widths.size() - 1)) <= width;
}

Table::Widths Table::natural_widths() const {
  Widths widths(right_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  return widths;
}

Table::Widths Table::narrowed(Widths widths, std::size_t width) const {
  Widths least = widths;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (right_[i]) continue;
    least[i] = 0;
    for (const auto& row : rows_) least[i] = std::max(least[i], longest_word(row[i]));
  }
  while (!fits(widths, width)) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
  }
  return widths;
}

void Table::add_row(std::string& text, const std::vector<std::string>& row, const Widths& widths) const {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    cells.push_back(lines_of(right_[i] ? row[i] : wrapped(row[i], widths[i])));
    height = std::max(height, cells.back().size());
  }
  for (std::size_t k = 0; k < height; ++k) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = k < cells[i].size() ? cells[i][k] : "";
      const std::string padding = spaces(widths[i] - width_of(cell));
      line += (i > 0 ? spaces(kBetween) : "") + (right_[i] ? padding + cell : cell + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
}

std::string Table::blocks(std::size_t width) const {
  const std::vector<std::string>& header = rows_.front();
  std::size_t label = 0;
  for (std::size_t i = 1; i < header.size(); ++i) label = std::max(label, width_of(header[i]));
  std::string text;
  for (std::size_t r = 1; r < rows_.size(); ++r) {
    const std::vector<std::string>& row = rows_[r];
    text += wrapped(right_[0] ? header[0] + ' ' + row[0] : row[0], width, kBetween) + '\n';
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (row[i].empty()) continue;
      const std::string lead = spaces(kBetween) + header[i] + spaces(label - width_of(header[i]) + kBetween);
      text += wrapped(lead + row[i], width, label + kBetween) + '\n';
    }
  }
  return text;
}

std::string Table::text(std::size_t width) const {
  Widths widths = natural_widths();
  if (!fits(widths, width)) widths = narrowed(widths, width);
  if (!fits(widths, width)) return blocks(width);
  std::string text;
  add_row(text, rows_.front(), widths);
  std::vector<std::string> rule;
  for (const std::size_t columns : widths) {
    rule.emplace_back();
    for (std::size_t k = 0; k < columns; ++k) rule.back() += "─";
  }
  add_row(text, rule, widths);
  for (std::size_t r = 1; r < rows_.size(); ++r) add_row(text, rows_[r], widths);
  return text;
}

}  // namespace thalweg::lab
