// Files that were embedded at build time (see assets/ and cmake/embed.cmake).
#pragma once

#include <string_view>

namespace thalweg::lab::assets {

extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view dygraph_css;
extern const std::string_view dygraph_js;

}  // namespace thalweg::lab::assets
