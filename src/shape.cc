// Shapes: elements, memory order, layout.
#include <thalweg/shape.h>

#include <algorithm>
#include <string>

namespace thalweg {

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

std::string Shape::text() const {
  std::string text = "[";
  for (const std::int64_t size : sizes) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
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

}  // namespace thalweg
