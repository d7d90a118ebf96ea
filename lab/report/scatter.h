// The scatter plot: pairs of numbers as dots, as a picture that needs no script.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

struct Scatter {
  std::vector<std::pair<double, double>> dots;  ///< x, y; what is not finite is left out
  bool has_diagonal = false;                    ///< the line y = x, both axes alike; else the line y = 0
  std::string x_label, y_label;                 ///< HTML
};

/// Axes, line and dots; empty without dots.
std::string scatter_plot(const Scatter& scatter);

}  // namespace thalweg::lab
