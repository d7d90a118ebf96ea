// Chooses the steps that a table of schedules shows.
#include "schedule/rows.h"

#include "schedule/marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace thalweg::lab {
namespace {

constexpr std::size_t kRows = 20, kFewestRound = 6;
constexpr std::size_t kMarks = 12, kFewestMarks = 3;

/// 1, 2 or 5 times a power of ten: the least whose multiples up to `steps` are no more than `count`.
std::int64_t round_distance(std::int64_t steps, std::size_t count) {
  std::int64_t power = 1;
  while (true) {
    for (const std::int64_t digit : {1, 2, 5}) {
      if (steps / (digit * power) <= static_cast<std::int64_t>(count)) return digit * power;
    }
    power *= 10;
  }
}

}  // namespace

std::vector<Row> telling_rows(std::span<const Curve> curves) {
  const std::int64_t steps = curves.front().steps();
  std::map<std::int64_t, std::string> rows{{1, ""}, {steps, ""}};
  for (std::size_t i = 0; i < curves.size(); ++i) {
    for (const Mark& mark : thinned(curves[i].marks(), std::max(kFewestMarks, kMarks / curves.size()))) {
      std::string& what = rows[mark.step];
      what += (what.empty() ? "" : "; ") + (curves.size() > 1 ? fmt::format("{}: ", i + 1) : "") + mark.what;
    }
  }
  const std::size_t room = std::max(kFewestRound, rows.size() < kRows ? kRows - rows.size() : 0);
  const std::int64_t distance = round_distance(steps, room);
  std::vector<std::int64_t> round;
  for (std::int64_t step = distance; step < steps; step += distance) {
    const auto behind = rows.lower_bound(step);
    const std::int64_t nearest = std::min(behind->first - step, step - std::prev(behind)->first);
    if (nearest > distance / 4) round.push_back(step);
  }
  for (const std::int64_t step : round) rows.try_emplace(step);
  std::vector<Row> result;
  for (const auto& [step, what] : rows) {
    Row& row = result.emplace_back(Row{step, {}, what});
    for (const Curve& curve : curves) row.rates.push_back(curve.rate(step));
  }
  return result;
}

}  // namespace thalweg::lab
