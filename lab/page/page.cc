// Puts a page together.
#include "page/page.h"

#include "page/assets.h"
#include "page/text.h"

#include <fmt/format.h>

namespace thalweg::lab {
namespace {

// The last line of a minified file names its source map, which is not here: `//# sourceMappingURL=…` or `/*# …`.
std::string_view without_source_map(std::string_view asset) {
  const std::size_t at = asset.find("# sourceMappingURL=");
  return at == std::string_view::npos ? asset : asset.substr(0, at - 2);
}

// JSON as the text of a <script>: no < means neither </script> nor <!--.
std::string script_json(const nlohmann::json& json) {
  std::string escaped;
  for (const char c : json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      escaped += "\\u003c";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string copyable(std::string_view title, const std::string& text) {
  return fmt::format(
      "<div class=\"copyable\"><div class=\"copy-head\"><h4>{}</h4><button type=\"button\" "
      "class=\"copy\">Copy</button></div>"
      "<pre tabindex=\"0\">{}</pre></div>",
      title, escape_html(text));
}

std::string page_html(const Page& page) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      // The page loads nothing, and nothing that slipped into it could.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>";
  html += page.kind;
  if (!page.name.empty()) html += " · " + escape_html(page.name);
  html += "</title>\n<style>";
  html += without_source_map(assets::dygraph_css);
  html += assets::page_css;
  html += "</style>\n</head>\n<body>\n<header><p class=\"kicker\">" + page.kind;
  if (!page.time.empty()) html += fmt::format(" <time>{}</time>", escape_html(page.time));
  html += fmt::format(
      "</p><button type=\"button\" id=\"theme\" hidden>Dark</button><h1>{}</h1></header>\n<main>\n"
      "<noscript><p class=\"warning\">The charts need JavaScript; the tables below them hold the same "
      "numbers.</p></noscript>\n",
      page.title);
  html += page.body;
  html += "</main>\n<script type=\"application/json\" id=\"data\">" + script_json(page.data) + "</script>\n<script>";
  html += without_source_map(assets::dygraph_js);
  html += "</script>\n<script>";
  html += assets::page_js;
  html += "</script>\n</body>\n</html>\n";
  return html;
}

}  // namespace thalweg::lab
