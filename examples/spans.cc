// RMSprop without any framework: fits the curve of a cooling cup of coffee to eight thermometer readings.
#include <thalweg/thalweg.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  // Newton's law of cooling: temperature(t) = room + excess · e^(−rate · t), t in units of ten minutes.
  constexpr std::array<float, 8> kTime{0, 1, 2, 3, 4, 5, 6, 7};
  constexpr std::array<float, 8> kReading{89.7f, 64.2f, 48.3f, 37.9f, 32.0f, 27.7f, 25.2f, 23.8f};  // °C
  std::vector<float> curve{10, 50, 1};  // room, excess, rate
  std::vector<float> gradient(curve.size());

  // Mean squared error, and its gradient by the chain rule.
  const auto loss = [&] {
    float sum = 0;
    gradient.assign(curve.size(), 0);
    for (std::size_t i = 0; i < kTime.size(); ++i) {
      const float decay = std::exp(-curve[2] * kTime[i]);
      const float error = curve[0] + curve[1] * decay - kReading[i];
      sum += error * error / kTime.size();
      gradient[0] += 2 * error / kTime.size();
      gradient[1] += 2 * error * decay / kTime.size();
      gradient[2] += 2 * error * curve[1] * decay * -kTime[i] / kTime.size();
    }
    return sum;
  };

  thalweg::Optimizer optimizer{thalweg::RMSprop{.alpha = 0.9}};
  const thalweg::Handle handle = optimizer.add("curve", curve);
  const float start = loss();
  for (int step = 0; step < 4000; ++step) {
    optimizer.set("lr", 0.1 * std::pow(0.998, step));  // any option may change at any step
    optimizer.step({{handle, gradient}});
    loss();
  }
  const float end = loss();
  std::printf("mean squared error: %.2f at the start, %.4f at the end\n", start, end);
  std::printf("temperature(t) = %.1f + %.1f e^(-%.3f t)\n", curve[0], curve[1], curve[2]);
  return end < 0.1f ? 0 : 1;
}
