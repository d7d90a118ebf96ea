// The recordings of PyTorch's optimizer state (tests/goldens/torch_state.json.gz), read once.
#pragma once

#include <thalweg/optimizer.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace thalweg::tests {

using NumbersByName = std::map<std::string, std::vector<double>>;

/// 20 steps of one of PyTorch's optimizers, and what it saved after step 10.
struct TorchStateCase {
  struct Group {
    std::vector<std::string> parameters;
    Options options;          ///< in thalweg's words, as they were at first
    std::vector<double> lrs;  ///< of each step
  };

  std::string id, class_name;
  bool is_float64;
  std::vector<Group> groups;
  std::map<std::string, Shape> shapes;
  NumbersByName start;
  std::vector<NumbersByName> gradients;  ///< of each step; without those parameters that have none
  NumbersByName after_10, after_20;      ///< the parameters
  State file;
};

const std::vector<TorchStateCase>& torch_state_cases();

/// The case of this class, type and place among those.
const TorchStateCase& torch_state_case(const std::string& class_name, bool is_float64 = true, std::size_t place = 0);

/// What GoogleTest calls it.
inline void PrintTo(const TorchStateCase& recorded, std::ostream* stream) { *stream << recorded.id; }

/// An optimizer with the case's parameters and groups, and the options that the first group had at first.
template <class T>
class TorchStateRun {
 public:
  /// Begins with these parameters.
  TorchStateRun(const TorchStateCase& recorded, const NumbersByName& begin, Options options)
      : optimizer(options), recorded_(recorded) {
    for (std::size_t i = 0; i < recorded.groups.size(); ++i) {
      const Group group = i == 0 ? Group{} : optimizer.add_group("group" + std::to_string(i), options);
      for (const std::string& name : recorded.groups[i].parameters) {
        const std::vector<double>& numbers = begin.at(name);
        theta[name] = {numbers.begin(), numbers.end()};
        optimizer.add(name, theta[name], recorded.shapes.at(name), group);
      }
    }
  }

  /// Step `number`, counted from 1.
  void step(std::size_t number) {
    for (std::uint32_t i = 0; i < recorded_.groups.size(); ++i) {
      optimizer.set(Group{i}, "lr", recorded_.groups[i].lrs[number - 1]);
    }
    std::map<std::string, std::vector<T>> gradients;
    std::vector<Gradient> list;
    for (const auto& [name, numbers] : recorded_.gradients[number - 1]) {
      list.emplace_back(name, gradients[name] = {numbers.begin(), numbers.end()});
    }
    optimizer.step(list);
  }

  Optimizer optimizer;
  std::map<std::string, std::vector<T>> theta;

 private:
  const TorchStateCase& recorded_;
};

/// With each group's own options.
template <class T>
TorchStateRun<T> first_run(const TorchStateCase& recorded) {
  TorchStateRun<T> run(recorded, recorded.start, recorded.groups[0].options);
  for (std::uint32_t i = 1; i < recorded.groups.size(); ++i) {
    Options own = run.optimizer.options();
    for (const OptionInfo& info : own.rule().options) own.set(info.name, recorded.groups[i].options.get(info.name));
    run.optimizer.set_options(Group{i}, own);
  }
  return run;
}

}  // namespace thalweg::tests
