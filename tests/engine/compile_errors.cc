// What does not compile, and what it says: CASE picks one, the comment beside it is a part of the message.
#include <thalweg/optimizer.h>
#include <thalweg/rules/sgd.h>

#include <vector>

int main() {
  thalweg::Optimizer optimizer{thalweg::SGD{}};
  std::vector<float> weight(3);
  [[maybe_unused]] const std::vector<float> constant(3);
  [[maybe_unused]] std::vector<int> integers(3);
  [[maybe_unused]] std::vector<bool> bits(3);
  const thalweg::Handle handle = optimizer.add("weight", weight);
#if CASE == 0  // fine
  optimizer.step({{handle, constant}});
#elif CASE == 1  // says: the parameter is const, but steps write to it
  optimizer.add("a", constant);
#elif CASE == 2  // says: a parameter's elements are float or double
  optimizer.add("a", integers);
#elif CASE == 3  // says: a parameter is a range of float or double in memory
  optimizer.add("a", bits);
#elif CASE == 4  // says: a parameter is a range of float or double in memory
  optimizer.add("a", weight.data());
#elif CASE == 5  // says: the parameter is a temporary
  optimizer.add("a", std::vector<float>(3));
#elif CASE == 6  // says: the parameter is const, but steps write to it
  optimizer.rebind(handle, constant);
#elif CASE == 7  // says: a gradient's elements are float or double
  optimizer.step({{handle, integers}});
#elif CASE == 8  // says: a gradient is a range of float or double in memory
  optimizer.step({{"weight", bits}});
#elif CASE == 9  // says: column
  (void)optimizer.column<int>(handle, "b");
#endif
}
