// The small columns of a parameter during a step.
#include "step/sums.h"

namespace thalweg::inline v0_1 {

void TaskSums::begin(const Parameters& parameters, std::uint32_t index) {
  const Parameter& parameter = parameters[index];
  const Rule& rule = parameters.rule(index);
  for (std::size_t k = 0; k < rule.columns.size(); ++k) {
    const ColumnShape shape = rule.columns[k].shape;
    if (shape == ColumnShape::parameter || parameter.columns[k] == nullptr) continue;
    has_small_columns = true;
    by_row = by_row || shape != ColumnShape::one;
    const std::size_t size = parameters.column_size(index, shape);
    columns[k].resize(size);
    for (std::size_t i = 0; i < size; ++i) columns[k][i] = get(parameter.columns[k], i, parameter.precision);
    read[k] = make_buffer(size * bytes_of(parameter.precision));
    if (rule.show != nullptr) shown[k] = columns[k];
  }
  round(parameter.precision);
}

void TaskSums::round(Precision precision) {
  for (std::size_t k = 0; k < kMaxColumns; ++k) {
    const std::vector<double>& values = shown[k].empty() ? columns[k] : shown[k];
    for (std::size_t i = 0; i < values.size(); ++i) put(read[k].get(), i, precision, values[i]);
  }
}

void TaskSums::commit(Parameters& parameters, std::uint32_t index) const {
  const Parameter& parameter = parameters[index];
  for (std::size_t k = 0; k < kMaxColumns; ++k) {
    for (std::size_t i = 0; i < columns[k].size(); ++i)
      put(parameter.columns[k], i, parameter.precision, columns[k][i]);
  }
}

void TaskSums::place(Block& block, const Rule& rule, const Layout& layout, std::size_t from,
                     Precision precision) const {
  for (std::size_t k = 0; k < rule.columns.size(); ++k) {
    if (columns[k].empty()) continue;
    std::size_t at = 0;
    if (rule.columns[k].shape == ColumnShape::rows) at = from / layout.columns;
    if (rule.columns[k].shape == ColumnShape::columns) {
      at = from / (layout.rows * layout.columns) * layout.columns + from % layout.columns;
    }
    block.columns[k] = offset(static_cast<void*>(read[k].get()), at, precision);
  }
}

}  // namespace thalweg::inline v0_1
