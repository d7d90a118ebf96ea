// Targets of what a step sees beside its work: the check of gradients and the report, against a step without them.
#include "target.h"

#include <thalweg/thalweg.h>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace thalweg::bench {

namespace {

struct Work {
  std::size_t tensors, elements;
  int steps;  // in one half of a pair
};

constexpr Work kLarge{1, std::size_t{1} << 24, 5};
constexpr Work kInCache{1, 30'000, 2000};
constexpr Work kSmall{1000, 100, 200};

/// Parameters and gradients of both sides, which step the same memory.
struct Model {
  explicit Model(const Work& work)
      : parameters(work.tensors, std::vector<float>(work.elements, 1.0f)), gradients(parameters) {
    for (std::vector<float>& gradient : gradients) {
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        gradient[i] = static_cast<float>(static_cast<int>(i % 1999) - 999) / 1000;
      }
    }
  }

  std::vector<std::vector<float>> parameters, gradients;
};

/// What one side looks at.
struct Looks {
  Check check = Check::detect;
  Reporting report = Reporting::none;
};

Timed steps(Model& model, const Looks& looks, const Work& work, int threads) {
  const auto optimizer = std::make_shared<Optimizer>(RMSprop{.lr = 1e-6}, thalweg::Settings{.check = looks.check},
                                                     Execution{.report = looks.report, .threads = threads});
  std::vector<Gradient> gradients;
  for (std::size_t i = 0; i < model.parameters.size(); ++i) {
    gradients.emplace_back(optimizer->add(std::to_string(i), model.parameters[i]), model.gradients[i]);
  }
  return [=] { return seconds_each(work.steps, [&] { optimizer->step(gradients); }); };
}

Measurement measure(const Work& work, const Looks& ours, const Looks& baseline, int threads, int count) {
  Model model(work);
  const Pairs pairs = measure_pairs(count, steps(model, ours, work, threads), steps(model, baseline, work, threads));
  return {time(pairs), fmt::format("{:.4g} ms a step, without {:.4g} ms", 1e3 * spread(pairs.ours).median,
                                   1e3 * spread(pairs.baseline).median)};
}

}  // namespace

void add_look_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto add = [&](const std::string& id, const std::string& what, double limit, const Work& work,
                       const Looks& ours, const Looks& baseline) {
    targets.push_back({fmt::format("looks.{}", id), fmt::format("rmsprop, {}", what), /*at_least=*/false, limit, "×",
                       [=, threads = settings.threads, count = settings.pairs] {
                         return measure(work, ours, baseline, threads, count);
                       }});
  };
  const Looks off{.check = Check::off}, detect{.check = Check::detect}, guard{.check = Check::guard};
  const Looks totals{.report = Reporting::totals}, all{.report = Reporting::parameters};
  add("detect", "16.8M f32: detect against off", 1.02, kLarge, detect, off);
  add("detect.cached", "30,000 f32: detect against off", 1.1, kInCache, detect, off);
  add("guard", "16.8M f32: guard against detect", 1.35, kLarge, guard, detect);
  add("report", "16.8M f32: the report's totals against none", 1.02, kLarge, totals, detect);
  add("report.cached", "30,000 f32: the report's totals against none", 1.6, kInCache, totals, detect);
  add("report.small", "1000 tensors of 100 f32: a report of each parameter against none", 1.5, kSmall, all, detect);
}

}  // namespace thalweg::bench
