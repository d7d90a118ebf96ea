// A library of somebody's that has thalweg inside; PLUGIN is the name of its one function.
#include "plugin.h"

#include <thalweg/c.h>
#include <thalweg/thalweg.h>

#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

namespace {

struct Trainer {
  thalweg::Optimizer optimizer;
  std::map<std::string, thalweg::Handle> handles;
  std::vector<thalweg::StepReport> reports;
};

bool knows(const char* rule) {
  try {
    thalweg::rule(rule);
    return true;
  } catch (const thalweg::Error&) {
    return false;
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) Findings PLUGIN() {
  std::vector<float> position{4.0f};
  Trainer trainer{thalweg::Optimizer(thalweg::parse_description("rmsprop:lr=0.01,alpha=0.9")), {}, {}};
  trainer.handles["position"] = trainer.optimizer.add("position", position);
  for (int step = 0; step < 1000; ++step) {
    const std::vector<float> gradient{2 * position[0]};
    trainer.reports.push_back(trainer.optimizer.step({{trainer.handles.at("position"), gradient}}));
  }
  const thalweg::Settings guarded{.check = thalweg::Check::guard};
  thalweg::Optimizer guard(thalweg::RMSprop{}, guarded);
  std::vector<float> weight{1};
  guard.add("weight", weight);
  const std::vector<float> broken{std::numeric_limits<float>::quiet_NaN()};
  const bool refuses_nan = !guard.step({{"weight", broken}}).applied() && weight[0] == 1;
  // State goes out and in.
  const std::vector<std::byte> bytes = thalweg::safetensors::to_bytes(trainer.optimizer.state());
  trainer.optimizer.load(thalweg::safetensors::from_bytes(bytes, "bytes"));
  return {thalweg_version(),
          typeid(thalweg::Optimizer).name(),
          thalweg::Options(thalweg::RMSprop{}).get("lr"),
          position[0],
          knows("lion"),
          refuses_nan};
}
