// The area under the receiver operating characteristic.
#pragma once

#include <optional>
#include <span>

namespace thalweg::lab {

/// The probability that a positive example has a higher score than a negative one, ties counting half (Mann and Whitney
/// 1947; Hanley and McNeil 1982). Nothing where there are no positive or no negative ones, or where a score is NaN.
/// `positive`: 1 or 0, as many as scores.
std::optional<double> area_under_curve(std::span<const float> scores, std::span<const char> positive);

}  // namespace thalweg::lab
