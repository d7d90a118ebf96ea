// Writes the sections of what went wrong.
#include "report/trouble_sections.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/names.h"
#include "report/reservations.h"

#include <fmt/format.h>

namespace thalweg::lab {

std::string notes_html(const Summary& summary, Charts&) {
  std::string html;
  for (const std::string& warning : summary.warnings)
    html += fmt::format("<p class=\"warning\"><bdi>{}</bdi></p>", escape_html(warning));
  if (summary.unfinished > 0) {
    html += fmt::format("<p class=\"warning\">{} not finished: these numbers will change.</p>",
                        count(summary.unfinished, "trial"));
  }
  for (const Apart& apart : summary.apart) {
    html += fmt::format("<p class=\"warning\">Not taken together with the study {}, which has the same task: {}.</p>",
                        name_html(apart.study), differing(apart));
  }
  return html;
}

std::string failed_html(const Summary& summary, Charts&) {
  std::string rows;
  for (const TrialData* trial : summary.failed) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td "
        "class=\"error\"><bdi>{}</bdi></td></tr>",
        trial->id, name_html(trial->optimizer), summary.program && trial->lr == 0 ? "–" : learning_rate(trial->lr),
        trial->config.seed, to_string(trial->role), escape_html(trial->error));
  }
  return "<h3>Failed trials</h3>" +
         html_table("Failed trials", html_columns({"trial", "optimizer", "learning rate", "seed", "role", "error"}),
                    rows);
}

std::string diverged_html(const Summary& summary, Charts&) {
  std::string rows;
  for (const Competitor& competitor : summary.competitors) {
    for (const TrialData* trial : competitor.runs) {
      if (trial->result->outcome == Outcome::diverged) {
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"error\"><bdi>{}</bdi></td></tr>",
            trial->id, name_html(competitor.name), trial->config.seed, trial->result->steps,
            escape_html(trial->result->reason));
      }
    }
  }
  return "<h3>Diverged runs</h3>" +
         html_table("Diverged runs", html_columns({"trial", "optimizer", "seed", "at step", "reason"}), rows);
}

}  // namespace thalweg::lab
