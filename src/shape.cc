// Shapes: elements, memory order, layout.
#include "shape_check.h"

#include <thalweg/error.h>

#include <algorithm>
#include <utility>

namespace thalweg::inline v0_1 {

std::uint64_t Shape::elements() const {
  if (std::ranges::find(sizes, 0) != sizes.end()) return 0;
  std::uint64_t product = 1;
  for (const std::int64_t size : sizes) {
    const auto factor = static_cast<std::uint64_t>(size);
    if (product > UINT64_MAX / factor) return UINT64_MAX;
    product *= factor;
  }
  return product;
}

bool Shape::is_row_major() const {
  if (strides.empty() || elements() == 0) return true;
  if (strides.size() != sizes.size()) return false;
  std::int64_t expected = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] != 1 && strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

Shape Shape::shard(std::uint64_t first_element, std::uint64_t count) const {
  Shape result{static_cast<std::int64_t>(count)};
  result.whole = sizes.empty() ? std::vector<std::int64_t>{1} : sizes;
  result.first = first_element;
  return result;
}

std::string Shape::text() const {
  const auto list = [](const std::vector<std::int64_t>& numbers) {
    std::string text = "[";
    for (const std::int64_t size : numbers) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
  };
  return list(sizes) + (is_shard() ? " at " + std::to_string(first) + " of " + list(whole) : "");
}

Layout layout_of(const Shape& shape) {
  Layout layout{.elements = shape.elements()};
  const std::vector<std::int64_t>& sizes = shape.sizes;
  if (sizes.size() < 2 || layout.elements == 0 || !shape.is_row_major()) return layout;
  layout.columns = static_cast<std::uint64_t>(sizes[sizes.size() - 1]);
  layout.rows = static_cast<std::uint64_t>(sizes[sizes.size() - 2]);
  layout.matrices = layout.elements / (layout.rows * layout.columns);
  return layout;
}

void check_sizes(const Shape& shape, const std::string& what) {
  for (const std::int64_t size : shape.sizes) {
    if (size < 0) throw Error(what + " has shape " + shape.text() + ": sizes are at least 0");
  }
  if (!shape.is_shard()) return;
  const Shape whole(shape.whole);
  check_sizes(whole, what);
  if (shape.sizes.size() != 1 || shape.first > whole.elements() || shape.elements() > whole.elements() - shape.first) {
    throw Error(what + " has shape " + shape.text() + ", which has " + std::to_string(whole.elements()) + " elements");
  }
}

void check_strides(const Shape& shape, const std::string& what) {
  if (shape.strides.empty() || shape.elements() == 0) return;
  bool fits = shape.strides.size() == shape.sizes.size();
  std::vector<std::pair<std::int64_t, std::int64_t>> dimensions;  // stride, size
  for (std::size_t i = 0; fits && i < shape.sizes.size(); ++i) {
    if (shape.sizes[i] != 1) dimensions.emplace_back(shape.strides[i], shape.sizes[i]);
  }
  // In any order of the dimensions each stride is the product of the sizes of those that are faster.
  std::ranges::sort(dimensions);
  std::int64_t expected = 1;
  for (const auto& [stride, size] : dimensions) {
    fits = fits && stride == expected;
    expected *= size;
  }
  if (fits) return;
  throw Error(what + " has strides " + Shape(shape.strides).text() + " for the shape " + shape.text() +
              ": elements must lie without gaps and overlap");
}

}  // namespace thalweg::inline v0_1
