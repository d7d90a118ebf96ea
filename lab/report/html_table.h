// Tables of a report's page, which scroll within themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// `label` says what it is to those who do not see it; head and body are rows.
std::string html_table(std::string_view label, std::string_view head, std::string_view body);
/// The row of a head.
std::string html_columns(const std::vector<std::string>& names);
std::string html_cell(const std::string& html);
/// A cell without a value.
constexpr const char* kNothing = "<td>–</td>";

}  // namespace thalweg::lab
