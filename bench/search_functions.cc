// Test functions with known optima. Branin, Hartmann, Rosenbrock, Ackley, Rastrigin, Levy, Styblinski-Tang and
// Griewank are as in Surjanovic and Bingham's Virtual Library of Simulation Experiments.
#include "search_functions.h"

#include <array>
#include <cmath>
#include <numbers>

namespace thalweg::bench {
namespace {

using nlohmann::json;
constexpr double kPi = std::numbers::pi;

/// x0, x1, … of these parameters.
std::vector<double> coordinates(const json& p) {
  std::vector<double> x;
  for (std::size_t i = 0; p.contains("x" + std::to_string(i)); ++i)
    x.push_back(p["x" + std::to_string(i)].get<double>());
  return x;
}

std::vector<std::string> cube(int dimensions, const std::string& range) {
  std::vector<std::string> ranges;
  for (int i = 0; i < dimensions; ++i) ranges.push_back("x" + std::to_string(i) + "=" + range);
  return ranges;
}

double square(double x) { return x * x; }

double branin(const json& p) {
  const double x = p["x0"], y = p["x1"];
  return square(y - 5.1 / (4 * kPi * kPi) * x * x + 5 / kPi * x - 6) + 10 * (1 - 1 / (8 * kPi)) * std::cos(x) + 10;
}

double hartmann6(const json& p) {
  constexpr std::array<double, 4> alpha = {1, 1.2, 3, 3.2};
  constexpr double a[4][6] = {
      {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double c[4][6] = {{1312, 1696, 5569, 124, 8283, 5886},
                              {2329, 4135, 8307, 3736, 1004, 9991},
                              {2348, 1451, 3522, 2883, 3047, 6650},
                              {4047, 8828, 8732, 5743, 1091, 381}};
  const std::vector<double> x = coordinates(p);
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    double inner = 0;
    for (std::size_t j = 0; j < 6; ++j) inner += a[i][j] * square(x[j] - c[i][j] * 1e-4);
    sum += alpha[i] * std::exp(-inner);
  }
  return -sum;
}

double rosenbrock(const json& p) {
  const std::vector<double> x = coordinates(p);
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += 100 * square(x[i + 1] - x[i] * x[i]) + square(1 - x[i]);
  return sum;
}

double rastrigin(const json& p) {
  double sum = 0;
  for (const double x : coordinates(p)) sum += x * x - 10 * std::cos(2 * kPi * x) + 10;
  return sum;
}

/// As a network's settings may act: a best learning rate that moves with the batch, a best width, a best activation.
double network(const json& p) {
  const double lr = std::log10(p["lr"].get<double>()), batch = std::log2(p["batch"].get<double>());
  const double width = std::log2(p["width"].get<double>()), depth = p["depth"], dropout = p["dropout"];
  const std::string activation = p["activation"];
  const double penalty = activation == "gelu" ? 0 : activation == "relu" ? 0.05 : activation == "tanh" ? 0.2 : 0.5;
  return square(lr + 4 - batch / 6) + 0.05 * square(width - 7) + 0.1 * std::abs(depth - 3) + 2 * square(dropout - 0.2) +
         penalty;
}

/// Each rule has a best learning rate of its own, and settings that others do not have.
double rules(const json& p) {
  const double lr = std::log10(p["lr"].get<double>()), decay = std::log10(p["decay"].get<double>());
  const std::string rule = p["rule"];
  const double shared = 0.1 * square(decay + 4);
  if (rule == "sgd") {
    const double momentum = p["momentum"];
    return shared + square(lr + 1 + 2 * momentum) + 2 * square(momentum - 0.9) + (p["nesterov"] == "yes" ? 0 : 0.05);
  }
  if (rule == "adam") {
    return shared + 0.1 + square(lr + 3) + 2 * square(std::log10(1 - p["beta2"].get<double>()) + 2.5) / 4;
  }
  return shared + 0.3 + square(lr + 3.5) + square(p["alpha"].get<double>() - 0.95);
}

double ackley(const json& p) {
  const std::vector<double> x = coordinates(p);
  double squares = 0, cosines = 0;
  for (const double v : x) {
    squares += v * v;
    cosines += std::cos(2 * kPi * v);
  }
  const double n = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(cosines / n) + 20 + std::numbers::e;
}

double levy(const json& p) {
  std::vector<double> w = coordinates(p);
  for (double& v : w) v = 1 + (v - 1) / 4;
  double sum = square(std::sin(kPi * w.front())) + square(w.back() - 1) * (1 + square(std::sin(2 * kPi * w.back())));
  for (std::size_t i = 0; i + 1 < w.size(); ++i) sum += square(w[i] - 1) * (1 + 10 * square(std::sin(kPi * w[i] + 1)));
  return sum;
}

double styblinski_tang(const json& p) {
  double sum = 0;
  for (const double x : coordinates(p)) sum += (x * x * x * x - 16 * x * x + 5 * x) / 2;
  return sum;
}

double ellipsoid(const json& p) {
  double sum = 0, weight = 1;
  for (const double x : coordinates(p)) {
    sum += weight * square(x - 1.3);
    weight *= 5;
  }
  return sum;
}

/// Four choices of which two act together, a whole number and a logarithmic one.
double table(const json& p) {
  const std::string a = p["a"], b = p["b"], c = p["c"];
  const double cost = (a == b ? 0 : 0.4) +
                      (a == "w"   ? 0.3
                       : a == "x" ? 0.1
                       : a == "y" ? 0
                                  : 0.2) +
                      (c == "n" ? 0.1 : 0);
  return cost + 0.02 * square(p["n"].get<double>() - 11) / 4 + 0.3 * square(std::log(p["s"].get<double>() / 0.02));
}

/// A choice whose branches have functions of their own, one within another.
double branches(const json& p) {
  const double common = square(p["u"].get<double>() - 0.7);
  if (p["kind"] == "flat") return 0.5 + common + 0.5 * square(p["v"].get<double>() + 1);
  if (p["shape"] == "bowl")
    return 0.1 + 2 * common + square(p["w"].get<double>() - 2) + 0.3 * square(p["z"].get<double>());
  return 0.2 + common + std::abs(p["w"].get<double>() + 3);
}

}  // namespace

const std::vector<SearchFunction>& search_functions() {
  static const std::vector<SearchFunction> all = {
      {"branin", {"x0=-5:10", "x1=0:15"}, 0.39788735772973816, branin},
      {"hartmann6", cube(6, "0:1"), -3.322368011415515, hartmann6},
      {"rosenbrock4", cube(4, "-2:2"), 0, rosenbrock},
      {"rastrigin3", cube(3, "-5.12:5.12"), 0, rastrigin},
      {"network",
       {"lr=log:1e-5:1", "batch=choice:16|32|64|128|256", "width=int:log:8:1024", "depth=int:1:8", "dropout=0:0.8",
        "activation=choice:relu|tanh|gelu|sigmoid"},
       0,
       network},
      {"rules",
       {"rule=choice:sgd|adam|rmsprop", "lr=log:1e-5:1", "decay=log:1e-6:0.1", "momentum=0:0.99:if:rule=sgd",
        "nesterov=choice:no|yes:if:rule=sgd", "beta2=0.9:0.9999:if:rule=adam", "alpha=0.8:0.999:if:rule=rmsprop"},
       0,
       rules},
      {"ackley5", cube(5, "-10:20"), 0, ackley},
      {"levy4", cube(4, "-10:10"), 0, levy},
      {"styblinski_tang3", cube(3, "-5:5"), 3 * -39.16616570377142, styblinski_tang},
      {"ellipsoid5", cube(5, "-5:5"), 0, ellipsoid},
      {"table", {"a=choice:w|x|y|z", "b=choice:w|x|y|z", "c=choice:m|n", "n=int:1:30", "s=log:1e-4:1"}, 0, table},
      {"branches",
       {"kind=choice:flat|deep", "u=0:1", "v=-4:4:if:kind=flat", "shape=choice:cone|bowl:if:kind=deep",
        "w=-5:5:if:kind=deep", "z=-2:2:if:shape=bowl"},
       0.1,
       branches},
  };
  return all;
}

}  // namespace thalweg::bench
