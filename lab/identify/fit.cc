// Fit: Levenberg-Marquardt with differences for derivatives, and η eliminated where changes are proportional to it.
#include "identify/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace thalweg::lab::identify {
namespace {

constexpr double kLongestStep = 3;  // of an iteration, on the options' scales
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Vector = std::vector<double>;

/// Options and the differences from the recording that they give, in units of the noise.
struct Point {
  Options options;
  Vector changes, residuals;
  double cost = kInfinity;  // sum of squares
};

/// The η that makes these changes, computed with `lr`, most like the recorded ones.
double best_lr(const View& view, const Vector& changes, double lr) {
  double along = 0, square = 0;
  for (std::size_t k = 0; k < changes.size(); ++k) {
    const double scaled = changes[k] / view.noise[k];
    along += scaled * (view.changes[k] / view.noise[k]);
    square += scaled * scaled;
  }
  return lr * along / square;
}

std::optional<Point> point_at(const Problem& problem, Options options) {
  const View& view = *problem.view;
  if (problem.projects_lr) options.set("lr", 1);
  Vector changes = changes_of(view, options, problem.step_count);
  if (problem.projects_lr) {
    const double lr = best_lr(view, changes, 1);
    if (!(lr > 0) || !std::isfinite(lr)) return std::nullopt;
    options.set("lr", lr);
    for (double& change : changes) change *= lr;
  }
  Point point{std::move(options), std::move(changes), {}, 0};
  point.residuals.resize(point.changes.size());
  for (std::size_t k = 0; k < point.changes.size(); ++k) {
    point.residuals[k] = (point.changes[k] - view.changes[k]) / view.noise[k];
    point.cost += point.residuals[k] * point.residuals[k];
  }
  if (!std::isfinite(point.cost)) return std::nullopt;
  return point;
}

Vector scaled(const Problem& problem, const Options& options) {
  Vector z;
  for (const Unknown& unknown : problem.unknowns) z.push_back(unknown.trait.to_scale(options.values()[unknown.option]));
  return z;
}

Options unscaled(const Problem& problem, const Options& options, const Vector& z) {
  Options result = options;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Unknown& unknown = problem.unknowns[i];
    result.set(options.rule().options[unknown.option].name, unknown.trait.from_scale(z[i]));
  }
  return result;
}

/// Derivatives of the residuals by one unknown; zero where there is none.
Vector derivative(const Problem& problem, const Point& at, const Vector& z, std::size_t unknown) {
  Vector column(at.residuals.size());
  const Trait& trait = problem.unknowns[unknown].trait;
  const double side = trait.from_scale(z[unknown] + 0.1) < trait.high ? 1 : -1;
  // The weaker the influence, the longer the step that shows it above rounding.
  for (const double length : {1e-6, 1e-3, 0.1}) {
    const double step = side * length;
    Vector moved = z;
    moved[unknown] += step;
    const std::optional<Point> there = point_at(problem, unscaled(problem, at.options, moved));
    if (!there) continue;
    double largest = 0;
    for (std::size_t k = 0; k < column.size(); ++k) {
      const double difference = there->residuals[k] - at.residuals[k];
      column[k] = difference / step;
      largest = std::max(largest, std::abs(difference));
    }
    if (largest > 300 * problem.view->model_noise) break;
  }
  return column;
}

/// A column for each unknown.
std::vector<Vector> jacobian(const Problem& problem, const Point& at, const Vector& z) {
  std::vector<Vector> columns;
  for (std::size_t i = 0; i < z.size(); ++i) columns.push_back(derivative(problem, at, z, i));
  return columns;
}

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

/// Cholesky's factor of a symmetric matrix, lower rows; nothing if it is not positive.
std::optional<std::vector<Vector>> factor(std::vector<Vector> matrix) {
  const std::size_t size = matrix.size();
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= matrix[i][k] * matrix[j][k];
      if (i == j) {
        if (!(sum > 0)) return std::nullopt;
        matrix[i][i] = std::sqrt(sum);
      } else {
        matrix[i][j] = sum / matrix[j][j];
      }
    }
  }
  return matrix;
}

Vector solve(const std::vector<Vector>& lower, Vector right) {
  const std::size_t size = right.size();
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < i; ++k) right[i] -= lower[i][k] * right[k];
    right[i] /= lower[i][i];
  }
  for (std::size_t i = size; i-- > 0;) {
    for (std::size_t k = i + 1; k < size; ++k) right[i] -= lower[k][i] * right[k];
    right[i] /= lower[i][i];
  }
  return right;
}

std::vector<Vector> normal_matrix(const std::vector<Vector>& columns) {
  std::vector<Vector> matrix(columns.size(), Vector(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) matrix[i][j] = matrix[j][i] = dot(columns[i], columns[j]);
  }
  return matrix;
}

/// The step of Levenberg and Marquardt under this damping.
std::optional<Vector> damped_step(const std::vector<Vector>& normal, const Vector& gradient, double damping) {
  std::vector<Vector> damped = normal;
  for (std::size_t i = 0; i < normal.size(); ++i) {
    // The second term keeps options without influence where they are.
    damped[i][i] += damping * normal[i][i] + std::max(1e-15 * normal[i][i], 1e-3);
  }
  const auto lower = factor(std::move(damped));
  if (!lower) return std::nullopt;
  Vector step = solve(*lower, gradient);
  // Each for itself: what matters little would otherwise hold back the rest.
  for (double& s : step) s = std::clamp(-s, -kLongestStep, kLongestStep);
  if (!std::ranges::all_of(step, [](double s) { return std::isfinite(s); })) return std::nullopt;
  return step;
}

/// Does going downhill push this unknown against a bound where it already is?
bool is_blocked(const Unknown& unknown, double z, double gradient) {
  const double value = unknown.trait.from_scale(z);
  return gradient > 0 ? value <= unknown.trait.low : value >= unknown.trait.high;
}

Fit finished(const Problem& problem, const Point& point) {
  return {point.options, misfit(*problem.view, point.changes)};
}

}  // namespace

Problem without_jumps(Problem problem) {
  std::erase_if(problem.unknowns, [](const Unknown& unknown) { return unknown.trait.jumps; });
  return problem;
}

std::optional<Fit> evaluate(const Problem& problem, const Options& options) {
  const std::optional<Point> point = point_at(problem, options);
  if (!point) return std::nullopt;
  return finished(problem, *point);
}

std::optional<Fit> fit(const Problem& problem, const Effort& effort) {
  std::optional<Point> at = point_at(problem, problem.options);
  if (!at) return std::nullopt;
  const double goal = effort.goal * static_cast<double>(at->residuals.size());
  Vector z = scaled(problem, at->options);
  double damping = 1e-3;
  int slow = 0;
  for (int iteration = 0; iteration < effort.iterations && at->cost > goal && !z.empty(); ++iteration) {
    std::vector<Vector> columns = jacobian(problem, *at, z);
    Vector gradient;
    for (std::size_t i = 0; i < z.size(); ++i) {
      gradient.push_back(dot(columns[i], at->residuals));
      if (!is_blocked(problem.unknowns[i], z[i], gradient[i])) continue;
      gradient[i] = 0;
      std::ranges::fill(columns[i], 0);
    }
    const std::vector<Vector> normal = normal_matrix(columns);
    std::optional<Point> better;
    double raise = 4;
    for (int attempt = 0; attempt < 9 && !better; ++attempt) {
      const std::optional<Vector> step = damped_step(normal, gradient, damping);
      if (step) {
        Vector moved = z;
        for (std::size_t i = 0; i < z.size(); ++i) moved[i] += (*step)[i];
        better = point_at(problem, unscaled(problem, at->options, moved));
        if (better && better->cost >= at->cost) better.reset();
      }
      if (better) {
        damping = std::max(1e-9, damping / 10);
      } else {
        damping *= raise;
        raise *= 2;
      }
    }
    if (!better) break;
    const double gain = better->cost / at->cost;
    at = std::move(better);
    z = scaled(problem, at->options);
    slow = gain > 0.98 ? slow + 1 : 0;
    if (slow >= 3) break;
  }
  return finished(problem, *at);
}

std::vector<double> deviations(const Problem& problem, double mean_square) {
  std::vector<double> result(problem.unknowns.size(), kInfinity);
  const std::optional<Point> at = point_at(problem, problem.options);
  if (!at) return result;
  std::vector<Vector> normal = normal_matrix(jacobian(problem, *at, scaled(problem, at->options)));
  // Options without influence are left out, so that they do not hide the others.
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < normal.size(); ++i) {
    if (normal[i][i] > 0) kept.push_back(i);
  }
  std::vector<Vector> matrix(kept.size(), Vector(kept.size()));
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (std::size_t j = 0; j < kept.size(); ++j) {
      matrix[i][j] = normal[kept[i]][kept[j]] / std::sqrt(normal[kept[i]][kept[i]] * normal[kept[j]][kept[j]]);
    }
    matrix[i][i] += 1e-13;
  }
  const auto lower = factor(std::move(matrix));
  if (!lower) return result;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    Vector unit(kept.size());
    unit[i] = 1;
    // How many times the others' freedom raises the variance. Differences for derivatives tell no more than this.
    const double inflation = solve(*lower, unit)[i];
    if (inflation < 1e8) result[kept[i]] = std::sqrt(mean_square * inflation / normal[kept[i]][kept[i]]);
  }
  return result;
}

}  // namespace thalweg::lab::identify
