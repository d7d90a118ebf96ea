// Rows of a parameter that come and go: its columns, averages and row numbers follow.
#include "parameters.h"
#include "text.h"

#include <thalweg/error.h>

namespace thalweg {

std::size_t Parameters::row_width(std::size_t index) const {
  const Shape& shape = records_[index].shape;
  std::size_t width = 1;
  for (std::size_t i = 1; i < shape.sizes.size(); ++i) width *= static_cast<std::size_t>(shape.sizes[i]);
  return width;
}

void Parameters::keep_rows(Handle, std::span<const std::int64_t>, void*, std::size_t, const Precision*) {
  throw Error("keep_rows: not there yet");
}
void Parameters::append_rows(Handle, void*, std::size_t, Precision) { throw Error("append_rows: not there yet"); }
void Parameters::reset_rows(Handle, std::span<const std::int64_t>) { throw Error("reset_rows: not there yet"); }

}  // namespace thalweg
