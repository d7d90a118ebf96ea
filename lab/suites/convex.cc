// Runs the convex counterexample and says what it showed.
#include "suites/convex.h"

#include <thalweg/description.h>
#include <thalweg/optimizer.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg::lab {
namespace {

// How far from −1 the last period's mean x is, of at most 2. (The regret over all steps still has the first ones in
// it.)
constexpr double kNear = 0.2, kFar = 1;

double distance(const ConvexRun& run) { return run.mean_x + 1; }

bool is_rmsprop(const ConvexRun& run) { return run.problem.optimizer.starts_with("rmsprop"); }

std::string ended(const ConvexRun& run) {
  return fmt::format("{} at x = {:.2f} (average regret {:.2f})", run.problem.label, run.mean_x, run.regret);
}

std::string list(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); }

}  // namespace

ConvexRun run_convex(const ConvexProblem& problem) {
  std::array<double, 1> x{0};
  Optimizer optimizer{parse_description(problem.optimizer), Execution{.threads = 1}};
  const Handle handle = optimizer.add("x", x);
  const auto period = static_cast<double>(problem.period);
  const std::int64_t steps = problem.period * problem.periods;
  ConvexRun run{.problem = problem};
  for (std::int64_t t = 1; t <= steps; ++t) {
    const std::array<double, 1> slope{(t - 1) % problem.period == 0 ? 2 * period : -1};
    run.regret += slope[0] * (x[0] + 1);
    if (t > steps - problem.period) run.mean_x += x[0] / period;
    optimizer.set("lr", problem.falls ? problem.lr / std::sqrt(static_cast<double>(t)) : problem.lr);
    optimizer.step({{handle, slope}});
    x[0] = std::clamp(x[0], -1.0, 1.0);
  }
  run.regret /= static_cast<double>(steps);
  run.x = x[0];
  return run;
}

std::vector<ConvexProblem> convex_problems() {
  constexpr std::int64_t kLong = 20000;
  // SGD's lr is the diameter over the greatest gradient (Zinkevich 2003). Adagrad's rate falls by itself.
  return {{.label = "α = 0.9, p = 200", .optimizer = "rmsprop:alpha=0.9", .period = 200, .periods = 100},
          {.label = "α = 0.99, p = 2000", .optimizer = "rmsprop:alpha=0.99", .period = 2000, .periods = 40},
          {.label = "α = 0.999, p = 20000", .optimizer = "rmsprop:alpha=0.999", .period = kLong, .periods = 6},
          {.label = "α = 0.999, p = 20", .optimizer = "rmsprop:alpha=0.999", .period = 20, .periods = 1000},
          {.label = "Adam", .optimizer = "adam", .period = kLong, .periods = 6},
          {.label = "AMSGrad", .optimizer = "amsgrad", .period = kLong, .periods = 6},
          {.label = "Adagrad", .optimizer = "adagrad", .period = kLong, .falls = false, .periods = 6},
          {.label = "SGD", .optimizer = "sgd", .period = kLong, .lr = 2 / (2.0 * kLong), .periods = 6}};
}

Judgement judge_convex(std::span<const ConvexRun> runs) {
  Judgement judgement;
  std::vector<std::string> wrong, right, unclear, others_right, others_wrong;
  for (const ConvexRun& run : runs) {
    judgement.rows.push_back(
        {(is_rmsprop(run) ? "RMSprop, " : "") + run.problem.label,
         fmt::format("x = {:.3f} in the mean of the last period, average regret {:.3f}", run.mean_x, run.regret)});
    if (is_rmsprop(run)) {
      (distance(run) >= kFar ? wrong : distance(run) <= kNear ? right : unclear).push_back(ended(run));
    } else if (distance(run) <= kNear) {
      others_right.push_back(run.problem.label);
    } else {
      others_wrong.push_back(ended(run));
    }
  }
  std::string& sentence = judgement.sentence;
  if (wrong.empty()) {
    sentence = unclear.empty() && !right.empty()
                   ? fmt::format(
                         "RMSprop found the best x = −1 in every one of these {} problems ({}); a few problems "
                         "prove no convergence.",
                         right.size(), list(right))
                   : "RMSprop neither found the best x = −1 in all of these problems nor stayed away from it.";
    return judgement;
  }
  judgement.holds = Holds::no;
  sentence = "On linear functions over [−1, 1] whose sum is least at x = −1, RMSprop stayed at the wrong end.";
  std::string& detail = judgement.detail;
  detail = fmt::format("It stayed at the wrong place: {}.", list(wrong));
  if (!right.empty()) detail += fmt::format(" It found −1 with {}.", list(right));
  if (!unclear.empty()) detail += fmt::format(" It was in between with {}.", list(unclear));
  if (!others_right.empty()) detail += fmt::format(" On the longest period −1 was found by {}", list(others_right));
  if (!others_wrong.empty()) {
    detail += fmt::format("{} not by {}", others_right.empty() ? " On the longest period −1 was found" : " and",
                          list(others_wrong));
  }
  if (!others_right.empty() || !others_wrong.empty()) detail += '.';
  return judgement;
}

}  // namespace thalweg::lab
