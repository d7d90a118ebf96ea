// A two-layer network whose forward and backward pass are written out by hand, trained by RMSprop on two spirals.
//
// The network, for a point x of the plane, with weights W¹ [hidden, 2], w² [hidden] and biases b¹ [hidden], b²:
//
//   a = tanh(W¹ x + b¹)          hidden layer
//   z = w² · a + b²              output, one number
//   p = 1 / (1 + e^−z)           probability that x lies on the second spiral
//   L = −log p  if it does, −log(1 − p)  if not          (cross-entropy, averaged over all points)
//
// Going back through it by the chain rule, with y = 1 on the second spiral and 0 on the first:
//
//   ∂L/∂z = p − y                                        (the reason why sigmoid and cross-entropy belong together)
//   ∂L/∂w² = (p − y) a           ∂L/∂b² = p − y
//   δ = (p − y) w² (1 − a²)                              (tanh′ = 1 − tanh²; element by element)
//   ∂L/∂W¹ = δ xᵀ                ∂L/∂b¹ = δ
#include <thalweg/thalweg.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <span>
#include <vector>

namespace {

struct Point {
  float x0, x1;
  float y;  // 1 on the second spiral, 0 on the first
};

/// Points along two spirals that wind around each other, each one and a quarter turns.
std::vector<Point> two_spirals(int points_each) {
  std::vector<Point> points;
  for (int i = 0; i < points_each; ++i) {
    const float radius = 0.1f + 0.9f * static_cast<float>(i) / static_cast<float>(points_each);
    const float angle = 7.85f * radius;
    const float x0 = radius * std::cos(angle), x1 = radius * std::sin(angle);
    points.push_back({x0, x1, 0});
    points.push_back({-x0, -x1, 1});
  }
  return points;
}

class TwoLayerNetwork {
 public:
  TwoLayerNetwork(std::size_t hidden, unsigned seed) : weight1(2 * hidden), bias1(hidden), weight2(hidden), bias2(1) {
    std::mt19937 generator(seed);
    const auto uniform = [&] { return static_cast<float>(generator()) / 2147483648.0f - 1; };  // in [−1, 1)
    for (float& w : weight1) w = 3 * uniform();  // wide, because the coordinates are small
    for (float& b : bias1) b = uniform();
    for (float& w : weight2) w = uniform() / std::sqrt(static_cast<float>(hidden));
  }

  /// Forward and backward pass over all points. Leaves the mean gradient in the members; gives loss and accuracy.
  std::array<float, 2> run(std::span<const Point> points) {
    const std::size_t hidden = bias1.size();
    weight1_gradient.assign(2 * hidden, 0);
    bias1_gradient.assign(hidden, 0);
    weight2_gradient.assign(hidden, 0);
    bias2_gradient.assign(1, 0);
    const float share = 1 / static_cast<float>(points.size());
    std::vector<float> a(hidden);
    float loss = 0, right = 0;
    for (const Point& point : points) {
      // Forward.
      float z = bias2[0];
      for (std::size_t j = 0; j < hidden; ++j) {
        a[j] = std::tanh(weight1[2 * j] * point.x0 + weight1[2 * j + 1] * point.x1 + bias1[j]);
        z += weight2[j] * a[j];
      }
      const float p = 1 / (1 + std::exp(-z));
      // log(1 + e^−|z|) + max(z, 0) − y z is the cross-entropy in a form that never overflows.
      loss += share * (std::log1p(std::exp(-std::abs(z))) + std::fmax(z, 0.0f) - point.y * z);
      right += (z > 0) == (point.y > 0) ? share : 0;

      // Backward.
      const float dz = share * (p - point.y);
      bias2_gradient[0] += dz;
      for (std::size_t j = 0; j < hidden; ++j) {
        const float delta = dz * weight2[j] * (1 - a[j] * a[j]);
        weight2_gradient[j] += dz * a[j];
        weight1_gradient[2 * j] += delta * point.x0;
        weight1_gradient[2 * j + 1] += delta * point.x1;
        bias1_gradient[j] += delta;
      }
    }
    return {loss, right};
  }

  std::vector<float> weight1, bias1, weight2, bias2;
  std::vector<float> weight1_gradient, bias1_gradient, weight2_gradient, bias2_gradient;
};

}  // namespace

int main() {
  const std::vector<Point> points = two_spirals(200);
  TwoLayerNetwork network(/*hidden=*/32, /*seed=*/1);

  thalweg::Optimizer optimizer{thalweg::RMSprop{.lr = 0.01, .alpha = 0.9}};
  const thalweg::Handle weight1 = optimizer.add("layer1.weight", network.weight1);
  const thalweg::Handle bias1 = optimizer.add("layer1.bias", network.bias1);
  const thalweg::Handle weight2 = optimizer.add("layer2.weight", network.weight2);
  const thalweg::Handle bias2 = optimizer.add("layer2.bias", network.bias2);

  constexpr int kEpochs = 1000;
  std::array<float, 2> result{};
  for (int epoch = 0; epoch <= kEpochs; ++epoch) {
    result = network.run(points);
    const auto [loss, accuracy] = result;
    if (epoch % 100 == 0) std::printf("epoch %4d  loss %.4f  accuracy %5.1f %%\n", epoch, loss, 100 * accuracy);
    optimizer.set("lr", 0.01 * (1 - static_cast<double>(epoch) / (kEpochs + 1)));
    optimizer.step({{weight1, network.weight1_gradient},
                    {bias1, network.bias1_gradient},
                    {weight2, network.weight2_gradient},
                    {bias2, network.bias2_gradient}});
  }
  return result[1] > 0.98f ? 0 : 1;
}
