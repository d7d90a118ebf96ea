// libFuzzer target: lines of text as a search space. It is refused by an Error, or its text is read as the same again,
// and what is drawn from it is read back from its parameters.
#include "search/sampler.h"

#include <thalweg/error.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace thalweg::lab;

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);  // and so crashes
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return result;
}

std::vector<std::string> texts(const SearchSpace& space) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < space.dimensions.size(); ++i) result.push_back(text(space, i));
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SearchSpace space;
  try {
    space = parse_space(lines({reinterpret_cast<const char*>(data), size}));
  } catch (const thalweg::Error& error) {
    require(std::string_view(error.what()).starts_with("range '"), "an error that does not name its range");
    return 0;
  }
  require(texts(parse_space(texts(space))) == texts(space), "what was written is read as something else");
  const auto sampler = make_sampler(space, {"random", 1, 0});
  for (int i = 0; i < 4; ++i) {
    const Point point = sampler->propose(i, {});
    require(space.point(space.parameters(point)) == point, "a point is not its parameters'");
  }
  return 0;
}
