// Adafactor: a matrix's mean squares from those of its rows and of its columns.
#pragma once

#include "engine/oracle/common.h"

#include <algorithm>
#include <limits>

namespace thalweg::oracle {

/// The root of the mean square over all elements.
inline double rms(std::span<const double> x) {
  double sum = 0;
  for (const double each : x) sum += each * each;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

/// The matrices that a parameter is made of: its last two dimensions, once for every place in the others.
struct Matrices {
  std::size_t count = 0, rows = 0, columns = 0;
};

/// None if the rule keeps a square for each element.
inline Matrices factored_matrices(const Options& o, const Parameter& p) {
  if (o.get("factored") == 0 || p.shape.size() < 2) return {};
  const std::size_t rows = p.shape.end()[-2], columns = p.shape.back();
  if (static_cast<double>(std::min(rows, columns)) < o.get("min_dim_size_to_factor")) return {};
  return {.count = p.theta.size() / (rows * columns), .rows = rows, .columns = columns};
}

/// One matrix: rows' means r and columns' means c see the squares, V̂ is made of them.
inline void factor(std::span<double> squares, std::span<double> r, std::span<double> c, double decay, double smallest_r,
                   double smallest_normal) {
  const std::size_t columns = c.size();
  for (std::size_t i = 0; i < r.size(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) sum += squares[i * columns + j];
    r[i] = normal_or_zero(running_mean(decay, r[i], sum / static_cast<double>(columns)), smallest_normal);
  }
  for (std::size_t j = 0; j < columns; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < r.size(); ++i) sum += squares[i * columns + j];
    c[j] = normal_or_zero(running_mean(decay, c[j], sum / static_cast<double>(r.size())), smallest_normal);
  }
  double mean_r = 0;
  for (const double each : r) mean_r += each / static_cast<double>(r.size());
  mean_r = larger(mean_r, smallest_r);
  for (std::size_t i = 0; i < squares.size(); ++i) squares[i] = r[i / columns] / mean_r * c[i % columns];
}

/// Shazeer, Stern (2018).
inline void adafactor(const Options& o, Parameter& p, const Step& step) {
  const double lr = o.get("lr"), eps1 = o.get("eps1"), momentum = o.get("momentum"), clip = o.get("clip_threshold");
  const bool inside = o.get("eps_inside") != 0, decay_first = o.get("decay_first") != 0;
  const auto t = static_cast<double>(step.number);

  if (decay_first) {
    for (double& theta : p.theta) theta = (1 - lr * o.get("weight_decay")) * theta;
  }
  double rate = lr;
  if (o.get("relative_step") != 0) rate = std::min(o.get("warmup_init") != 0 ? lr * t : lr, 1 / std::sqrt(t));
  if (o.get("scale_parameter") != 0) rate = rate * larger(rms(p.theta), o.get("eps2"));

  std::vector<double> squares;
  for (const double g : step.gradient) squares.push_back(inside ? g * g + eps1 : g * g);
  const double decay = 1 - std::pow(std::max(t - o.get("decay_offset"), 1.0), o.get("beta2_decay"));
  if (const Matrices matrices = factored_matrices(o, p); matrices.count > 0) {
    std::vector<double>& r = p.column("r", 0, matrices.count * matrices.rows);
    std::vector<double>& c = p.column("c", 0, matrices.count * matrices.columns);
    const std::size_t size = matrices.rows * matrices.columns;
    for (std::size_t k = 0; k < matrices.count; ++k) {
      factor(std::span(squares).subspan(k * size, size), std::span(r).subspan(k * matrices.rows, matrices.rows),
             std::span(c).subspan(k * matrices.columns, matrices.columns), decay, inside ? 0 : eps1,
             step.smallest_normal);
    }
  } else {
    std::vector<double>& v = p.column("v");
    for (std::size_t i = 0; i < v.size(); ++i) {
      v[i] = normal_or_zero(running_mean(decay, v[i], squares[i]), step.smallest_normal);
      squares[i] = v[i];
    }
  }

  std::vector<double> u(p.theta.size());
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double g = o.get("maximize") != 0 ? -step.gradient[i] : step.gradient[i];
    const double square = inside ? squares[i] : larger(squares[i], eps1 * eps1);
    if (g != 0) u[i] = g / std::sqrt(square);  // else not 0 / 0
  }
  const double excess = clip > 0 ? larger(rms(u) / clip, 1) : 1;
  for (std::size_t i = 0; i < u.size(); ++i) {
    double& theta = p.theta[i];
    double change = rate * u[i] / excess;
    if (momentum > 0) {
      double& m = p.column("m")[i];
      m = normal_or_zero(running_mean(momentum, m, change), step.smallest_normal);
      change = m;
    }
    if (!decay_first) {
      const double by = o.get("decay_without_lr") != 0 ? 1 : o.get("decay_with_scale") != 0 ? rate : lr;
      change = change + by * o.get("weight_decay") * theta;
    }
    theta = theta - change;
  }
}

}  // namespace thalweg::oracle
