// Writes the section on claims.
#include "report/claims_section.h"

#include "page/text.h"
#include "report/html_table.h"

#include <thalweg/text.h>

#include <fmt/format.h>

namespace thalweg::lab {
namespace {

std::string rows_html(const ReportedClaim& claim) {
  if (claim.rows.empty()) return {};
  std::string rows;
  for (const auto& [label, value] : claim.rows)
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>", isolated(label), html_cell(isolated(value)));
  return "<details><summary>Its numbers</summary>" +
         html_table(escape_html(claim.claim), html_columns({"what", "seen"}), rows) + "</details>";
}

}  // namespace

std::string claims_html(std::span<const ReportedClaim> claims) {
  if (claims.empty()) return {};
  std::string html = "<section id=\"claims\"><h2>What is claimed, and what was seen</h2>";
  for (const ReportedClaim& claim : claims) {
    html +=
        fmt::format("<h3>“{}”: {}</h3><p>{}</p><p class=\"note\">{}</p><p class=\"note\">How it was tested: {}.</p>{}",
                    escape_html(claim.claim), escape_html(claim.answer), escape_html(claim.sentence),
                    escape_html(claim.detail), escape_html(claim.experiment), rows_html(claim));
  }
  return html + "</section>";
}

std::string claims_text(std::span<const ReportedClaim> claims) {
  std::string text;
  for (const ReportedClaim& claim : claims) {
    text += fmt::format("{}\"{}\": {}\n{}\n{}\n", text.empty() ? "" : "\n", printable(claim.claim),
                        printable(claim.answer), printable(claim.sentence, 2000), printable(claim.detail, 4000));
  }
  return text;
}

}  // namespace thalweg::lab
