// Tests of whether two samples come from one distribution.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// What a test says.
struct TwoSampleTest {
  double statistic = 0;
  double p = 1;  ///< the probability of such a difference or a greater one, were both samples of one distribution
};

/// Kolmogorov-Smirnov: the greatest distance of the two distribution functions. p by Kolmogorov's distribution with the
/// correction for finite samples of Stephens 1970 ("Use of the Kolmogorov-Smirnov, Cramér-von Mises and related
/// statistics"); where values are equal to each other it is too large rather than too small. p = 1 for an empty sample.
TwoSampleTest kolmogorov_smirnov(std::vector<double> a, std::vector<double> b);

/// Pearson's χ² of homogeneity on counts of the same categories. Categories with an expected count below 5 in a sample
/// (Cochran 1954) are taken together first, into the rarest other one if together they still have fewer. p = 1 where
/// one category remains.
TwoSampleTest chi_square(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b);

/// Each p for all of them together (Holm 1979, "A simple sequentially rejective multiple test procedure"): to call
/// those below a level different is wrong with at most that probability in any of them.
std::vector<double> holm(const std::vector<double>& ps);

/// The population stability index of two samples' counts in the same bins: Σ (b − a) ln(b / a) over the shares, each
/// with half a count more so that none is 0. 0: equal. Above .1 and .25 it is called a moderate and a large shift in
/// credit scoring (Siddiqi 2006, "Credit risk scorecards"): rules of thumb, that know nothing of how many examples
/// there are.
double stability_index(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b);

}  // namespace thalweg::lab
