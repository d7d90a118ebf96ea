// Writes tables.
#include "report/html_table.h"

#include <fmt/format.h>

namespace thalweg::lab {

std::string html_table(std::string_view label, std::string_view head, std::string_view body) {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><thead>{1}</thead>"
      "<tbody>{2}</tbody></table></div>",
      label, head, body);
}

std::string html_columns(const std::vector<std::string>& names) {
  std::string row = "<tr>";
  for (const std::string& name : names) row += fmt::format("<th scope=\"col\">{}</th>", name);
  return row + "</tr>";
}

std::string html_cell(const std::string& html) { return "<td>" + html + "</td>"; }

}  // namespace thalweg::lab
