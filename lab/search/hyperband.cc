// Hyperband: brackets and their rungs (Li et al. 2018, Algorithm 1), in whole trials and whole budgets.
#include "search/hyperband.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace thalweg::lab {

std::vector<Bracket> hyperband(std::int64_t trials, std::int64_t least, std::int64_t most, std::int64_t eta) {
  const auto require_positive = [](const char* name, std::int64_t value) {
    if (value < 1) throw Error(fmt::format("hyperband: {} = {} is below 1", name, value));
  };
  require_positive("trials", trials);
  require_positive("least", least);
  require_positive("most", most);
  if (least > most) throw Error(fmt::format("hyperband: least = {} is above most = {}", least, most));
  if (eta < 2) throw Error(fmt::format("hyperband: eta = {} is below 2", eta));

  std::vector<std::int64_t> powers = {1};  // of eta, up to most / least
  while (powers.back() <= most / least / eta) powers.push_back(powers.back() * eta);
  const auto longest = static_cast<std::int64_t>(powers.size());  // rungs, s_max + 1 in the paper

  std::vector<Bracket> brackets;
  for (std::int64_t first = 0, length = longest; first < trials; length = length == 1 ? longest : length - 1) {
    // n = ⌈(s_max + 1) · ηˢ / (s + 1)⌉ with s = length − 1; divided first, so that nothing overflows.
    const std::int64_t power = powers[static_cast<std::size_t>(length - 1)];
    const std::int64_t whole = power / length * longest, rest = (power % length * longest + length - 1) / length;
    const std::int64_t size = std::min(trials - first, whole + rest);
    Bracket bracket{first, {}};
    for (std::int64_t i = 0; i < length; ++i) {
      bracket.rungs.push_back({std::max<std::int64_t>(1, size / powers[static_cast<std::size_t>(i)]),
                               most / powers[static_cast<std::size_t>(length - 1 - i)]});
    }
    brackets.push_back(std::move(bracket));
    first += size;
  }
  return brackets;
}

std::vector<std::size_t> best_of(std::span<const std::optional<double>> values, std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] && (!values[b] || *values[a] < *values[b]); });
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace thalweg::lab
