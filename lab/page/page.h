// Pages: one self-contained HTML file, in the look that all pages share.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace thalweg::lab {

/// What is on a page.
struct Page {
  std::string kind = {};   ///< what has made it: `thalweg report`
  std::string name = {};   ///< its own, for the browser's tab; may be empty
  std::string title = {};  ///< HTML
  std::string time = {};   ///< may be empty
  std::string body = {};   ///< HTML: its sections
  /// What Figures::data gives, of each section with charts.
  nlohmann::json data = nlohmann::json::array();
};

/// The page, which needs no network and no other file.
std::string page_html(const Page& page);

/// A text to copy, with a button that does so. `title` is HTML.
std::string copyable(std::string_view title, const std::string& text);

}  // namespace thalweg::lab
