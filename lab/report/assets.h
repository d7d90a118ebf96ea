// Files that were embedded at build time (see assets/ and cmake/embed.cmake).
#pragma once

#include <string_view>

namespace thalweg::lab::assets {

extern const std::string_view report_css;
extern const std::string_view report_js;
extern const std::string_view dygraph_css;
extern const std::string_view dygraph_js;

}  // namespace thalweg::lab::assets
