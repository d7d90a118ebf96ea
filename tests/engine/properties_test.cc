// Random sequences of everything an Optimizer can do, with random options, against a model made of the oracle.
//
// THALWEG_PROPERTY_CASES=N runs the first N cases (120 otherwise), THALWEG_PROPERTY_SEED=S case S alone.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>
#include <thalweg/random.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace thalweg::tests {
namespace {

/// Draws one number after another from a counter.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed, RandomPurpose::test, "properties") {}

  std::size_t below(std::size_t bound) { return random_.below(bound, position_++); }
  double uniform(double low, double high) { return low + (high - low) * random_.uniform(position_++); }
  double normal() { return random_.normal(position_++); }
  bool coin(double probability = 0.5) { return random_.uniform(position_++) < probability; }

 private:
  Random random_;
  std::uint64_t position_ = 0;
};

/// Values inside every option's range, at which rounding is not magnified.
Options random_options(const Sample& sample, Draw& draw) {
  const Options base = parse_options(sample.options);
  Options options = base;
  for (const OptionInfo& option : base.rule().options) {
    // A first value holds for columns that begin now: the same for all, so that it does not matter when they begin.
    if (option.name == "initial_accumulator_value") continue;
    const bool may_be_off = std::ranges::count(sample.switched, option.name) != 0;
    double value = 0;
    if (option.type == OptionType::boolean) {
      value = draw.coin() ? 1 : 0;
    } else if (may_be_off && draw.coin()) {
      value = 0;
    } else if (option.range.low < 0) {
      value = base.get(option.name) * std::exp2(draw.uniform(-1, 1));
    } else if (option.range.high <= 1) {
      value = draw.uniform(0.5, 0.95);
    } else {
      value = option.range.low + (base.get(option.name) - option.range.low) * std::exp2(draw.uniform(-1, 1));
    }
    options.set(option.name, value);
  }
  // v − m² of nearly constant gradients is nothing but rounding; matrix_test.cc has these at chosen gradients.
  if (options.has("centered") && options.get("centered") != 0) {
    options.set("bias_correction", 0.0);
    options.set("decoupled_weight_decay", 1.0);
  }
  return options;
}

Clip random_clip(const Sample& sample, Draw& draw) {
  // Clipping by value makes gradients constant; what that does to centered RMSprop, random_options tells.
  constexpr ClipBy kAll[] = {ClipBy::none, ClipBy::none, ClipBy::norm, ClipBy::global_norm, ClipBy::value};
  return {.by = kAll[draw.below(std::size(kAll) - (sample.rule() == "rmsprop" ? 1 : 0))],
          .limit = std::exp2(draw.uniform(-2, 4)),
          .eps = draw.coin() ? 0 : 1e-3};
}

Average random_average(Draw& draw) {
  constexpr AverageKind kAll[] = {AverageKind::none, AverageKind::ema, AverageKind::mean};
  return {.kind = kAll[draw.below(std::size(kAll))],
          .decay = draw.uniform(0.3, 0.95),
          .bias_correction = draw.coin(),
          .start = static_cast<std::int64_t>(1 + draw.below(4)),
          .every = static_cast<std::int64_t>(1 + draw.below(3)),
          .overwrite_every = static_cast<std::int64_t>(draw.below(5))};
}

double norm_of(std::span<const double> numbers) {
  double sum = 0;
  for (const double x : numbers) sum += x * x;
  return std::sqrt(sum);
}

/// A parameter in the engine and in the model.
struct Twin {
  std::string name;
  Handle handle;
  std::size_t group = 0;
  std::variant<std::vector<float>, std::vector<double>> memory;
  oracle::Parameter oracle;
  std::vector<double> average;  ///< empty before the first
  std::int64_t averaged = 0;
  std::map<std::string, std::vector<double>> before;  ///< what was compared last
  std::int64_t step = 0;

  std::size_t size() const { return oracle.theta.size(); }
};

class Case {
 public:
  Case(const Sample& sample, std::uint64_t seed)
      : sample_(sample),
        draw_(seed),
        settings_{.step_count = draw_.coin(0.3) ? StepCount::shared : StepCount::per_parameter,
                  .loss_scale = draw_.coin() ? 1.0 : 8.0,
                  .clip = random_clip(sample, draw_),
                  .average = random_average(draw_)},
        execution_{.threads = static_cast<int>(1 + draw_.below(3)), .backend = random_backend()},
        groups_{random_options(sample, draw_)},
        optimizer_(std::make_unique<Optimizer>(groups_[0], settings_, execution_)),
        file_(std::filesystem::path(::testing::TempDir()) /
              ("thalweg-properties-" + std::to_string(::getpid()) + ".safetensors")) {
    for (std::size_t more = draw_.below(3); more > 0; --more) {
      groups_.push_back(random_options(sample, draw_));
      optimizer_->add_group(group_name(groups_.size() - 1), groups_.back());
    }
    shared_scalars_.resize(groups_.size());
    for (std::size_t more = 1 + draw_.below(4); more > 0; --more) add();
  }
  ~Case() { std::filesystem::remove(file_); }

  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("operation " + std::to_string(i));
      const std::size_t dice = draw_.below(100);
      if (dice < 55) {
        step();
      } else if (dice < 63) {
        set_option();
      } else if (dice < 68) {
        const std::size_t group = draw_.below(groups_.size());
        groups_[group] = random_options(sample_, draw_);
        optimizer_->set_options(engine_group(group), groups_[group]);
      } else if (dice < 76) {
        add();
      } else if (dice < 80) {
        remove();
      } else if (dice < 86) {
        rebind();
      } else if (dice < 90) {
        move();
      } else if (dice < 93) {
        change_settings();
      } else if (dice < 95) {
        swap_averages();
      } else {
        save_and_load();
      }
      compare();
    }
  }

 private:
  std::string random_backend() {
    std::vector<std::string> backends = cpu_targets();
    backends.insert(backends.end(), {"reference", "auto"});
    return backends[draw_.below(backends.size())];
  }

  static std::string group_name(std::size_t group) { return group == 0 ? "" : "group " + std::to_string(group); }
  Group engine_group(std::size_t group) const { return optimizer_->group(group_name(group)); }

  Handle engine_add(Optimizer& optimizer, Twin& twin) const {
    return std::visit(
        [&](auto& memory) { return optimizer.add(twin.name, memory, optimizer.group(group_name(twin.group))); },
        twin.memory);
  }

  void add() {
    Twin& twin = twins_.emplace_back();
    twin.name = "parameter " + std::to_string(named_++);
    twin.group = draw_.below(groups_.size());
    const std::size_t sizes[] = {0, 1, 6, 24, 60, 120};
    const auto fill = [&](auto memory) {
      for (auto& x : memory) {
        x = static_cast<std::decay_t<decltype(x)>>(draw_.normal());
        twin.oracle.theta.push_back(static_cast<double>(x));
      }
      twin.memory = std::move(memory);
    };
    const std::size_t size = sizes[draw_.below(std::size(sizes))];
    if (draw_.coin()) {
      fill(std::vector<float>(size));
    } else {
      fill(std::vector<double>(size));
    }
    twin.handle = engine_add(*optimizer_, twin);
  }

  void remove() {
    if (twins_.empty()) return;
    const auto which = twins_.begin() + static_cast<std::ptrdiff_t>(draw_.below(twins_.size()));
    optimizer_->remove(which->handle);
    EXPECT_FALSE(optimizer_->contains(which->name));
    twins_.erase(which);
  }

  void rebind() {
    if (twins_.empty()) return;
    Twin& twin = twins_[draw_.below(twins_.size())];
    std::visit(
        [&](auto& memory) {
          auto moved = memory;
          optimizer_->rebind(twin.handle, std::span(moved));
          std::ranges::fill(memory, -1e30f);  // must not be looked at any more
          memory.swap(moved);
        },
        twin.memory);
  }

  void move() {
    if (twins_.empty()) return;
    Twin& twin = twins_[draw_.below(twins_.size())];
    twin.group = draw_.below(groups_.size());
    optimizer_->move(twin.handle, engine_group(twin.group));
  }

  void change_settings() {
    if (draw_.coin()) {
      settings_.clip = random_clip(sample_, draw_);
      optimizer_->set_clip(settings_.clip);
    } else {
      settings_.average = random_average(draw_);
      optimizer_->set_average(settings_.average);
    }
    EXPECT_EQ(optimizer_->settings().clip, settings_.clip);
    EXPECT_EQ(optimizer_->settings().average, settings_.average);
  }

  /// There and back: what is seen in between is the other one, and nothing is changed.
  void swap_averages() {
    if (settings_.average.kind == AverageKind::none &&
        std::ranges::all_of(twins_, [](const Twin& twin) { return twin.averaged == 0; })) {
      EXPECT_THROW(optimizer_->swap_averages(), Error);
      return;
    }
    const auto before = safetensors::to_bytes(optimizer_->state());
    std::vector<std::variant<std::vector<float>, std::vector<double>>> parameters;
    for (const Twin& twin : twins_) parameters.push_back(twin.memory);
    {
      const SwappedAverages averages(*optimizer_);
      for (std::size_t i = 0; i < twins_.size(); ++i) {
        std::visit(
            [&]<class T>(std::vector<T>& memory) {
              const std::span<T> kept = optimizer_->average<T>(twins_[i].handle);
              if (twins_[i].averaged == 0) {
                EXPECT_TRUE(kept.empty());
                EXPECT_EQ(memory, std::get<std::vector<T>>(parameters[i]));
              } else {
                EXPECT_TRUE(std::ranges::equal(kept, std::get<std::vector<T>>(parameters[i])));
              }
            },
            twins_[i].memory);
      }
    }
    for (std::size_t i = 0; i < twins_.size(); ++i) EXPECT_EQ(twins_[i].memory, parameters[i]);
    EXPECT_EQ(safetensors::to_bytes(optimizer_->state()), before);
  }

  /// What is left of the gradients behind loss scale and clipping.
  void scale_and_clip(std::vector<std::pair<Twin*, std::vector<double>>>& gradients) const {
    double squares = 0;
    for (auto& [twin, gradient] : gradients) {
      for (double& g : gradient) g /= settings_.loss_scale;
      squares += norm_of(gradient) * norm_of(gradient);
    }
    const auto [by, limit, eps] = settings_.clip;
    for (auto& [twin, gradient] : gradients) {
      const double norm = by == ClipBy::norm ? norm_of(gradient) : by == ClipBy::global_norm ? std::sqrt(squares) : 0;
      for (double& g : gradient) {
        if (by == ClipBy::value) g = std::clamp(g, -limit, limit);
        g *= std::min(1.0, limit / std::max(norm + eps, 1e-300));
      }
    }
  }

  /// The averages after a step, from their definitions.
  void average() {
    const Average& average = settings_.average;
    const std::int64_t since = steps_ - average.start;
    if (average.kind == AverageKind::none || since < 0 || since % average.every != 0) return;
    for (Twin& twin : twins_) {
      if (twin.size() == 0) continue;
      const auto n = static_cast<double>(++twin.averaged);
      const double k = average.decay;
      if (n == 1) twin.average = twin.oracle.theta;
      for (std::size_t i = 0; i < twin.size() && n > 1; ++i) {
        double &a = twin.average[i], theta = twin.oracle.theta[i];
        if (average.kind == AverageKind::mean) {
          a += (theta - a) / n;
        } else if (average.bias_correction) {
          const double raw = a * (1 - std::pow(k, n - 1));
          a = (k * raw + (1 - k) * theta) / (1 - std::pow(k, n));
        } else {
          a = k * a + (1 - k) * theta;
        }
      }
      if (average.overwrite_every > 0 && steps_ % average.overwrite_every == 0) twin.oracle.theta = twin.average;
    }
  }

  void set_option() {
    const Options drawn = random_options(sample_, draw_);
    if (draw_.coin()) {
      const double lr = drawn.get("lr");
      optimizer_->set("lr", lr);
      for (Options& group : groups_) group.set("lr", lr);
      return;
    }
    const std::size_t group = draw_.below(groups_.size());
    for (const char* name : {"lr", "momentum", "weight_decay", "eps", "beta1", "nesterov", "maximize", "amsgrad"}) {
      if (!drawn.has(name) || draw_.coin()) continue;
      optimizer_->set(engine_group(group), name, drawn.get(name));
      groups_[group].set(name, drawn.get(name));
    }
  }

  void step() {
    std::deque<std::vector<float>> floats;  // keeps what gradients refer to in place
    std::deque<std::vector<double>> doubles;
    std::deque<std::vector<std::int64_t>> rows;
    std::vector<Gradient> gradients;
    std::vector<std::pair<Twin*, std::vector<double>>> expected;
    for (Twin& twin : twins_) {
      if (draw_.coin(0.25)) continue;
      std::vector<double> dense(twin.size());
      const auto hand_over = [&]<class T>(std::deque<std::vector<T>>& store) {
        const Gradient::Parameter which =
            draw_.coin() ? Gradient::Parameter(twin.handle) : Gradient::Parameter(std::string_view(twin.name));
        std::vector<T>& values = store.emplace_back();
        if (twin.size() >= 6 && draw_.coin(0.3)) {
          const std::size_t width = 1 + draw_.below(3), height = twin.size() / width;
          std::vector<std::int64_t>& indices = rows.emplace_back();
          for (std::size_t more = draw_.below(height + 2); more > 0; --more) {
            indices.push_back(static_cast<std::int64_t>(draw_.below(height)));
            for (std::size_t column = 0; column < width; ++column) {
              const double value = std::round(draw_.normal() * 64) / 64;  // whose sums are exact
              values.push_back(static_cast<T>(value));
              dense[static_cast<std::size_t>(indices.back()) * width + column] += value;
            }
          }
          gradients.emplace_back(which, Rows<T>{indices, values});
        } else {
          for (double& value : dense) {
            values.push_back(draw_.coin(0.05) ? T{0} : static_cast<T>(draw_.normal() * 2));
            value = static_cast<double>(values.back());
          }
          gradients.emplace_back(which, values);
        }
      };
      if (std::holds_alternative<std::vector<float>>(twin.memory)) {
        hand_over(floats);
      } else {
        hand_over(doubles);
      }
      expected.emplace_back(&twin, std::move(dense));
    }
    optimizer_->step(gradients);

    ++steps_;
    scale_and_clip(expected);
    const bool shared = settings_.step_count == StepCount::shared;
    for (auto& [twin, gradient] : expected) {
      ++twin->step;
      if (shared) twin->oracle.scalars = shared_scalars_[twin->group];
      const bool is_float = std::holds_alternative<std::vector<float>>(twin->memory);
      const double smallest =
          is_float ? static_cast<double>(std::numeric_limits<float>::min()) : std::numeric_limits<double>::min();
      sample_.oracle(groups_[twin->group], twin->oracle, {shared ? steps_ : twin->step, gradient, smallest});
    }
    average();
    for (std::size_t group = 0; group < groups_.size();
         ++group) {  // whether any of its parameters took the step or not
      oracle::Parameter nothing{.theta = {}, .columns = {}, .scalars = shared_scalars_[group]};
      sample_.oracle(groups_[group], nothing, {steps_, {}, 0});
      shared_scalars_[group] = nothing.scalars;
    }
  }

  /// Goes on with another Optimizer, which was made differently and takes the state over.
  void save_and_load() {
    const Options defaults = Options::of(sample_.rule());
    // What the state brings with it need not be there before.
    auto other = std::make_unique<Optimizer>(
        defaults, draw_.coin() ? settings_ : Settings{.step_count = settings_.step_count}, execution_);
    for (std::size_t group = groups_.size(); group-- > 1;) other->add_group(group_name(group), defaults);
    std::vector<Handle> handles(twins_.size());
    for (std::size_t i = twins_.size(); i-- > 0;) handles[i] = engine_add(*other, twins_[i]);
    if (draw_.coin()) {
      optimizer_->save(file_);
      other->load(file_);
    } else {
      other->load(optimizer_->state());
    }
    optimizer_ = std::move(other);
    for (std::size_t i = 0; i < twins_.size(); ++i) twins_[i].handle = handles[i];
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      EXPECT_EQ(optimizer_->options(engine_group(group)), groups_[group]) << "group " << group;
    }
  }

  /// Parameters and state; then the model takes the engine's, so that errors do not add up.
  void compare() {
    EXPECT_EQ(optimizer_->size(), twins_.size());
    for (Twin& twin : twins_) {
      std::visit([&](auto& memory) { compare(twin, memory); }, twin.memory);
      EXPECT_EQ(optimizer_->step_number(twin.handle), settings_.step_count == StepCount::shared ? steps_ : twin.step);
      EXPECT_EQ(optimizer_->name(twin.handle), twin.name);
      EXPECT_EQ(optimizer_->find(twin.name), twin.handle);
    }
  }

  template <class T>
  void compare(Twin& twin, std::vector<T>& memory) {
    SCOPED_TRACE(twin.name + ", " + type_name<T> + ", own step " + std::to_string(twin.step) + ", " +
                 groups_[twin.group].text() + ", " + execution_.backend);
    const auto compare_to = [&](std::vector<double>& values, std::span<const T> ours, const std::string& name) {
      ASSERT_EQ(ours.size(), values.size()) << name;
      Magnitudes magnitudes;
      magnitudes.see(values);
      magnitudes.see(twin.before[name].size() == values.size() ? twin.before[name] : values);
      magnitudes.at_least(1);  // of which order the numbers here are
      EXPECT_EQ(first_difference<T>(ours, values, tolerance<T>, magnitudes), "") << name;
      values = to_double<T>(ours);
      twin.before[name] = values;
    };
    compare_to(twin.oracle.theta, memory, "theta");
    for (auto& [name, values] : twin.oracle.columns) {
      compare_to(values, optimizer_->column<T>(twin.handle, name), name);
    }
    compare_to(twin.average, optimizer_->average<T>(twin.handle), "average");
  }

  const Sample& sample_;
  Draw draw_;
  Settings settings_;
  Execution execution_;
  std::vector<Options> groups_;
  std::unique_ptr<Optimizer> optimizer_;
  std::filesystem::path file_;
  std::deque<Twin> twins_;
  std::size_t named_ = 0;
  std::int64_t steps_ = 0;
  std::vector<std::map<std::string, double, std::less<>>> shared_scalars_;  // by group, of StepCount::shared
};

TEST(Properties, RandomOperations) {
  const char* seed = std::getenv("THALWEG_PROPERTY_SEED");
  const char* cases = std::getenv("THALWEG_PROPERTY_CASES");
  const std::uint64_t first = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 0;
  const std::uint64_t count = seed != nullptr ? 1 : cases != nullptr ? std::strtoull(cases, nullptr, 10) : 120;
  for (std::uint64_t i = first; i < first + count; ++i) {
    const Sample& sample = samples()[i % samples().size()];
    SCOPED_TRACE("THALWEG_PROPERTY_SEED=" + std::to_string(i) + ", " + sample.rule());
    Case(sample, i).run(60);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace thalweg::tests
