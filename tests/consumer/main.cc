// A project that uses thalweg: one parameter, walked down a valley by RMSprop.
#include <thalweg/thalweg.h>

#include <cmath>
#include <iostream>
#include <vector>

int main() {
  std::vector<float> position{4.0f, -3.0f};
  thalweg::Optimizer optimizer{thalweg::RMSprop{.lr = 0.01, .alpha = 0.9}};
  optimizer.add("position", position);
  for (int step = 0; step < 1000; ++step) {
    const std::vector<float> gradient{2 * position[0], 20 * position[1]};
    optimizer.step({{"position", gradient}});
  }
  std::cout << "reached (" << position[0] << ", " << position[1] << ")\n";
  return std::hypot(position[0], position[1]) < 0.1f ? 0 : 1;
}
