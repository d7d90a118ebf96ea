// The grid of learning rates: where a competitor's best rate lies at its edge, it grows.
#pragma once

#include "study/plan.h"

#include <nlohmann/json.hpp>

#include <span>
#include <vector>

namespace thalweg::lab {

/// A grid gets at most so many rates more below its lowest, and as many above its highest.
constexpr int kMostRatesASide = 2;

/// A grid of learning rates and how far it has grown. It grows by its own ratios, taken in turn: 1e-4, 3e-4, …, 0.3, 1
/// goes on with 3, 10 above and 3e-5, 1e-5 below.
class Grid {
 public:
  /// `grows`: false for a grid that somebody gave: it stays as it is.
  Grid(std::vector<double> begun, bool grows);

  /// Ascending.
  const std::vector<double>& rates() const { return rates_; }
  bool grown() const { return below_ + above_ > 0; }

  /// As far as a study has grown it: the extent of the `grid` in StudyData::outcome, if there is one.
  void resume(const nlohmann::json& outcome);

  /// One more rate on each side where one of these choices lies at the edge, if that side may still grow. Returns the
  /// new rates: none if the grid is as large as these choices ask for.
  std::vector<double> grow(std::span<const Choice> choices);

 private:
  void extend(int below, int above);

  std::vector<double> begun_, rates_;
  bool grows_;
  int below_ = 0, above_ = 0;
};

}  // namespace thalweg::lab
