// Takes steps from a state that PyTorch saved: torch_state_steps PROBLEM STATE FIRST LAST THETA_OUT STATE_OUT
//
// PROBLEM is a safetensors file with the tensors `theta/NAME`, and `gradients/STEP/NAME` where a parameter has one, and
// the metadata `rule`, `groups` (how many) and, where learning rates change, `lr/STEP` (one for each group).
#include <thalweg/dialects.h>
#include <thalweg/optimizer.h>

#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using thalweg::safetensors::Contents;

template <class T>
std::span<const T> numbers(const thalweg::safetensors::Tensor& tensor) {
  return tensor.values<T>();
}

/// The parameters of one type and the optimizer's view of them.
template <class T>
class Parameters {
 public:
  Parameters(const Contents& problem, thalweg::Optimizer& optimizer) {
    for (const auto& [name, tensor] : problem.tensors) {
      if (!name.starts_with(kTheta)) continue;
      const std::span<const T> values = numbers<T>(tensor);
      std::vector<T>& theta = thetas_[name.substr(kTheta.size())];
      theta.assign(values.begin(), values.end());
      optimizer.add(name.substr(kTheta.size()), theta,
                    thalweg::Shape(std::vector<std::int64_t>(tensor.shape.begin(), tensor.shape.end())));
    }
  }

  void step(const Contents& problem, thalweg::Optimizer& optimizer, int number) const {
    std::vector<thalweg::Gradient> gradients;
    for (const auto& [name, theta] : thetas_) {
      const auto gradient = problem.tensors.find("gradients/" + std::to_string(number) + "/" + name);
      if (gradient != problem.tensors.end()) gradients.emplace_back(name, numbers<T>(gradient->second));
    }
    optimizer.step(gradients);
  }

  Contents saved() const {
    Contents result;
    for (const auto& [name, theta] : thetas_) {
      result.tensors[name] = thalweg::safetensors::make_tensor(std::span<const T>(theta), {theta.size()});
    }
    return result;
  }

 private:
  static constexpr std::string_view kTheta = "theta/";
  std::map<std::string, std::vector<T>> thetas_;
};

template <class T>
void run(const Contents& problem, const std::vector<std::string>& arguments) {
  thalweg::Optimizer optimizer(thalweg::Options::of(problem.metadata.at("rule")));
  for (int i = 1; i < std::stoi(problem.metadata.at("groups")); ++i) {
    optimizer.add_group("group" + std::to_string(i), optimizer.options());
  }
  const Parameters<T> parameters(problem, optimizer);
  optimizer.load(thalweg::from_torch_state(thalweg::safetensors::read(arguments[1]), optimizer));
  for (int step = std::stoi(arguments[2]); step <= std::stoi(arguments[3]); ++step) {
    const auto lrs = problem.metadata.find("lr/" + std::to_string(step));
    std::istringstream text(lrs == problem.metadata.end() ? "" : lrs->second);
    double lr = 0;
    for (std::uint32_t group = 0; text >> lr; ++group) optimizer.set(thalweg::Group{group}, "lr", lr);
    parameters.step(problem, optimizer, step);
  }
  thalweg::safetensors::write(arguments[4], parameters.saved());
  thalweg::safetensors::write(arguments[5], to_torch_state(optimizer));
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  try {
    if (arguments.size() != 6) throw thalweg::Error("expected PROBLEM STATE FIRST LAST THETA_OUT STATE_OUT");
    const Contents problem = thalweg::safetensors::read(arguments[0]);
    const bool is_f32 = problem.tensors.begin()->second.dtype == thalweg::safetensors::Dtype::F32;
    (is_f32 ? run<float> : run<double>)(problem, arguments);
  } catch (const std::exception& error) {
    std::cerr << "torch_state_steps: " << error.what() << "\n";
    return 1;
  }
}
