// Summing: a toy rule that takes sums of every scope in three rounds, has small columns of every shape, scalars of both
// owners, and wants the loss; and the same once more as plain loops.
#pragma once

#include <thalweg/optimizer.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

namespace thalweg::tests {

struct Summing {
  double lr = 0.1;
  double beta = 0.8;
  double most = 1e300;

  static constexpr std::string_view name = "summing";
  static constexpr std::string_view title = "has sums of every scope";
  static constexpr std::string_view formula = "see tests/engine/summing-inl.h";
  static constexpr std::string_view source = "made up";
  static constexpr bool needs_loss = true;

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Summing::lr, at_least(0), "learning rate");
    option("beta", &Summing::beta, from_below(0, 1), "decay of the small columns");
    option("most", &Summing::most, at_least(0), "sums over all beyond it are no step");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("r", ColumnKind::average, true, 0.5, ColumnShape::rows);
    column("k", ColumnKind::average, true, 0.0, ColumnShape::columns);
    column("t", ColumnKind::average, true, 0.25, ColumnShape::one);
  }

  static constexpr std::array<SumInfo, 5> sums{
      {{SumScope::tensor, 0}, {SumScope::rows, 0}, {SumScope::columns, 0}, {SumScope::all, 1}, {SumScope::tensor, 2}}};
  static constexpr std::array<ScalarInfo, 2> scalars{
      {{"d", 1, at_least(0), ScalarOwner::optimizer}, {"s", 0, {}, ScalarOwner::parameter}}};
  void advance(std::int64_t, double*) const {}

  struct Coefficients {
    double loss, inverse, total, size;
  };
  Coefficients coefficients(const StepNumbers& numbers) const { return {numbers.loss, 0, 0, 0}; }

  bool settle(const Settling& now, Coefficients& c) const {
    if (now.round == 0) {
      if (now.sum(0) == 0) return false;
      c.inverse = 1 / std::sqrt(now.sum(0));
      for (const std::size_t k : {1u, 2u}) {
        for (std::size_t i = 0; i < now.columns[k].size(); ++i) mix(now.columns[k][i], now.sums[k][i]);
      }
      mix(now.columns[3][0], now.sum(0));
    } else if (now.round == 1) {
      c.total = now.scalars[0];
    } else {
      now.scalars[1] += now.sum(4);
      c.size = lr * c.loss / (1 + std::abs(now.scalars[1]));
    }
    return true;
  }

  bool settle_all(const Settling& now) const {
    now.scalars[0] = std::max(now.scalars[0], now.sum(3));
    return now.sum(3) <= most;
  }

 private:
  void mix(double& mean, double value) const { mean = beta * mean + (1 - beta) * value; }
};

/// One tensor of the plain loops: a stack of matrices, or none.
struct PlainTensor {
  std::size_t matrices = 0, rows = 0, columns = 0;
  std::vector<double> theta, m, r, k;
  double t = 0.25, s = 0;
  std::int64_t steps = 0;

  PlainTensor(const Shape& shape, std::vector<double> start) : theta(std::move(start)), m(theta.size(), 0) {
    const Layout layout = layout_of(shape);
    matrices = layout.matrices, rows = layout.rows, columns = layout.columns;
    r.assign(matrices * rows, 0.5);
    k.assign(matrices * columns, 0);
  }
  std::size_t row(std::size_t i) const { return i / columns; }
  std::size_t column(std::size_t i) const { return i / (rows * columns) * columns + i % columns; }
};

/// One step. False: the sum over all forbade it.
inline bool plain_step(const Summing& o, std::vector<PlainTensor>& tensors,
                       const std::vector<std::vector<double>>& gradients, double& d, double loss) {
  std::vector<PlainTensor> next = tensors;
  std::vector<double> inverse(next.size());
  double all = 0;
  const auto mix = [&](double& mean, double value) { mean = o.beta * mean + (1 - o.beta) * value; };
  for (std::size_t n = 0; n < next.size(); ++n) {
    PlainTensor& p = next[n];
    double squares = 0;
    std::vector<double> by_row(p.r.size()), by_column(p.k.size());
    for (std::size_t i = 0; i < p.theta.size(); ++i) {
      const double g = gradients[n][i];
      squares += g * g;
      if (p.matrices == 0) continue;
      by_row[p.row(i)] += g * g;
      by_column[p.column(i)] += std::abs(g);
    }
    if (squares == 0) continue;
    inverse[n] = 1 / std::sqrt(squares);
    for (std::size_t i = 0; i < p.r.size(); ++i) mix(p.r[i], by_row[i]);
    for (std::size_t i = 0; i < p.k.size(); ++i) mix(p.k[i], by_column[i]);
    mix(p.t, squares);
    for (const double g : gradients[n]) all += std::abs(g) * inverse[n];
  }
  if (!(all <= o.most)) return false;
  d = std::max(d, all);
  for (std::size_t n = 0; n < next.size(); ++n) {
    PlainTensor& p = next[n];
    if (inverse[n] == 0) continue;
    double last = 0;
    const auto r_of = [&](std::size_t i) { return p.matrices == 0 ? 0 : p.r[p.row(i)]; };
    const auto k_of = [&](std::size_t i) { return p.matrices == 0 ? 0 : p.k[p.column(i)]; };
    for (std::size_t i = 0; i < p.theta.size(); ++i) {
      last += p.theta[i] * gradients[n][i] * inverse[n] + d * std::sqrt(r_of(i));
    }
    p.s += last;
    const double size = o.lr * loss / (1 + std::abs(p.s));
    for (std::size_t i = 0; i < p.theta.size(); ++i) {
      p.m[i] += gradients[n][i];
      p.theta[i] -= size * p.m[i] / (std::sqrt(r_of(i)) + k_of(i) + p.t + 1);
    }
    ++p.steps;
    tensors[n] = p;
  }
  return true;
}

}  // namespace thalweg::tests
