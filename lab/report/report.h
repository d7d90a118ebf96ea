// The report: one self-contained HTML page, the same numbers as CSV, and a summary for the terminal.
#pragma once

#include "report/claims_section.h"
#include "store/study_data.h"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

struct ReportOptions {
  /// Value of the primary metric on the validation part whose time is measured; chosen from the data if absent.
  std::optional<double> goal;
  /// How to make this report again, ready to paste; left out where empty.
  std::string command;
  /// What the studies put to the test: the page's first section.
  std::vector<ReportedClaim> claims{};
};

/// A page that needs no network and no other file. Studies of the same task (model, data, batch, length, schedule,
/// split) that were tuned alike and stand alike are taken together, others get a section each, which says why; searches
/// have sections of their own kind. Throws thalweg::Error for a goal out of range, and for a search whose trials do not
/// fit its ranges.
std::string report_html(std::span<const StudyData> studies, const ReportOptions& options = {});

/// The answer and a table of final results on the test part, or of a search its best trials, for a terminal on which
/// tables may be so wide; sentences are to be wrapped by whoever prints them. Ends with a line feed.
std::string report_text(std::span<const StudyData> studies, const ReportOptions& options = {},
                        std::size_t width = std::numeric_limits<std::size_t>::max());

/// Replaces `file` by `report_html`, creating its folder if need be. Throws thalweg::Error; the old file is then whole.
void write_report(std::span<const StudyData> studies, const std::filesystem::path& file,
                  const ReportOptions& options = {});

/// Writes `trials.csv` (a row a trial), `epochs.csv` (a row an epoch of a trial) and `layers.csv` (a row a parameter in
/// each step that was looked into) into `folder`, creating it if need be; RFC 4180, UTF-8. Numbers have all their
/// digits; text that a spreadsheet would take for a formula gets a leading apostrophe.
void write_csv(std::span<const StudyData> studies, const std::filesystem::path& folder);

}  // namespace thalweg::lab
