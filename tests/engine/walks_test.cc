// Long random walks of every rule among extreme gradients, beside the oracle: no drift but what rounding explains.
//
// THALWEG_WALK_STEPS=N takes N steps (100,000 otherwise).
#include "engine/bounded.h"
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/kernels/around.h>
#include <thalweg/kernels/columns.h>
#include <thalweg/optimizer.h>
#include <thalweg/random.h>
#include <thalweg/rules.h>
#include <thalweg/safetensors.h>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {

namespace formulas {
#include <thalweg/kernels/around-inl.h>
#include "engine/formulas.h"
}  // namespace formulas

namespace {

constexpr std::size_t kElements = 16;  // a whole vector of floats on every instruction set
constexpr std::uint32_t kPhase = 500;  // steps for which an element's gradients are of one kind
constexpr std::uint64_t kSeed = 9;

std::uint32_t steps() {
  const char* steps = std::getenv("THALWEG_WALK_STEPS");
  return steps != nullptr ? static_cast<std::uint32_t>(std::strtoul(steps, nullptr, 10)) : 100'000;
}

/// Options of a rule, and what its rounding may amount to: after t steps at most `roundings` · t roundings of the
/// length of the parameter's path so far, from 0.
///
/// Why that: θ ← θ − step rounds once to θ's size, which is never more than the path is long, so the worst case is one
/// rounding of the path a step. Decoupled decay rounds twice more to θ's size, its coefficient and its product. All
/// else that rounds does so to the size of the step, and all steps together are the path: 1000 roundings more for that.
/// Errors of the state decay as the state does, and where they are large, long after a huge gradient, steps are small.
/// There is no coupled decay: by way of it errors return into the gradient, and a bound, which forgets their signs,
/// grows exponentially where they in truth die out. For that reason rules with sums, by way of which every element's
/// errors return into all others' steps, have no bound of their own, and only that of the longest path of any element.
struct Walk {
  const char* options;
  double roundings;

  Options parsed() const { return parse_options(options); }
};

constexpr double kWithoutDecay = 1.1, kWithDecay = 3.1;

constexpr Walk kWalks[] = {
    {"adadelta:lr=0.5,rho=0.95", kWithoutDecay},
    {"adafactor:eps_inside=1,eps1=1e-30", kWithoutDecay},
    {"adafactor:lr=0.002,relative_step=0,momentum=0.9,weight_decay=0.1", kWithDecay},
    {"adagrad:lr=0.02,eps_inside=1", kWithoutDecay},
    {"adam:lr=0.002,beta2=0.99", kWithoutDecay},
    {"adam:lr=0.002,eps_before_correction=1,nesterov=1", kWithoutDecay},
    {"adamax:lr=0.002,eps_beside=1", kWithoutDecay},
    {"adamw:lr=0.002", kWithDecay},
    {"amsgrad:lr=0.002,maximum_of_corrected=1", kWithoutDecay},
    {"lamb:lr=0.002,weight_decay=0.1", kWithDecay},
    {"lars:lr=0.1,momentum=0.9,nesterov=1,weight_decay=0.0001,trust_coefficient=0.02", kWithDecay},
    // Whether its sign is that of a sum near 0, rounding decides now and then: two learning rates of error each time.
    {"lion:lr=0.002,weight_decay=0.1", kWithDecay},
    {"nadam:lr=0.002", kWithoutDecay},
    {"radam:lr=0.002,nesterov=1", kWithoutDecay},
    {"rmsprop:lr=0.002", kWithoutDecay},
    {"rmsprop:lr=0.002,alpha=0.9,momentum=0.9,centered=1,nesterov=1,lr_in_momentum=1,initial_accumulator_value=1",
     kWithoutDecay},
    {"rprop:step_max=10", kWithoutDecay},
    {"sgd:lr=0.01,momentum=0.9,dampening=0.2,weight_decay=0.1,decoupled_weight_decay=1", kWithDecay},
};

void PrintTo(const Walk& walk, std::ostream* stream) { *stream << walk.options; }

bool keeps_squares(const Options& options) {
  return std::ranges::count(options.rule().columns, ColumnKind::second_moment, &ColumnInfo::kind) != 0;
}

bool sums_squares(const Options& options) { return options.rule().name == "adagrad" || !options.rule().sums.empty(); }

/// The greatest exponent of a gradient whose square, or sum of squares, or itself where the rule keeps no squares,
/// stays in T's range all the way.
template <class T>
int largest_exponent(const Options& options) {
  constexpr int kGreatest = std::numeric_limits<T>::max_exponent;
  if (!keeps_squares(options) && !sums_squares(options)) return kGreatest - 28;
  return kGreatest / 2 - (sums_squares(options) ? 14 : 2);
}

/// For some time an element's gradients are all ordinary, subnormal, tiny, huge, zero, or any of these in turn.
template <class T>
std::vector<T> gradient(std::uint32_t step, int largest) {
  constexpr int kLowest = std::numeric_limits<T>::min_exponent, kDenormal = kLowest - 12;
  const std::pair<int, int> exponents[] = {
      {-3, 3}, {kDenormal, kLowest - 1}, {kLowest, -60}, {largest / 2, largest}, {kDenormal, largest}};
  const Random random(kSeed, RandomPurpose::test, "walk", step);
  const Random kinds(kSeed, RandomPurpose::test, "kind of walk", step / kPhase);
  std::vector<T> result(kElements);
  for (std::size_t i = 0; i < kElements; ++i) {
    const std::uint32_t kind = kinds.bits(i) % 6, fraction = random.bits(2 * i), rest = random.bits(2 * i + 1);
    if (kind == 5 || rest % 16 == 0) continue;
    const auto [low, high] = exponents[kind];
    const int exponent = low + static_cast<int>(rest / 32 % static_cast<std::uint32_t>(high - low + 1));
    const double mantissa = 1 + fraction / (3 * 0x1p31);  // all of its bits in use
    result[i] = static_cast<T>(std::ldexp(rest / 16 % 2 == 0 ? mantissa : -mantissa, exponent));
  }
  return result;
}

/// How long each element's way was from 0.
class Paths {
 public:
  explicit Paths(std::span<const double> theta) : before_(theta.size()), lengths_(theta.size()) { go_on(theta); }

  void go_on(std::span<const double> theta) {
    for (std::size_t i = 0; i < theta.size(); ++i) {
      lengths_[i] += std::abs(theta[i] - before_[i]);
      before_[i] = theta[i];
    }
  }
  double of(std::size_t i) const { return lengths_[i]; }
  double longest() const { return largest(lengths_); }

 private:
  std::vector<double> before_, lengths_;
};

/// A parameter of rule R on lanes that bound its rounding errors.
template <class R, class T>
class Bounds {
 public:
  Bounds(const Options& options, std::span<const T> theta) : rule_(options.as<R>()), around_(around(options)) {
    for (const T x : theta) theta_.emplace_back(static_cast<double>(x), 0.0);
    std::size_t k = 0;
    rule_.columns([&](std::string_view, ColumnKind, bool, double first_value, auto...) {
      columns_[k++].assign(theta.size(), Bounded<T>(first_value));
    });
    if constexpr (requires { R::scalars; }) scalar_ = R::scalars[0].first_value;
  }

  void step(std::int64_t number, std::span<const T> gradient) {
    if constexpr (requires { R::scalars; }) rule_.advance(number, &scalar_);
    const auto coefficients = rule_.coefficients({number, &scalar_, number > 1 ? ~std::uint32_t{0} : 0});
    for (std::size_t i = 0; i < theta_.size(); ++i) {
      Bounded<T> g(static_cast<double>(gradient[i]), 0.0);
      formulas::prepare(around_, theta_[i], g);
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        formulas::update(coefficients, theta_[i], g, columns_[k][i]...);
      }
      (std::make_index_sequence<count_columns<R>()>());
    }
  }

  double of_parameter(std::size_t i) const { return theta_[i].error; }
  double of_column(std::size_t k, std::size_t i) const { return columns_[k][i].error; }

 private:
  R rule_;
  Around around_;
  double scalar_ = 0;
  std::vector<Bounded<T>> theta_;
  std::array<std::vector<Bounded<T>>, count_columns<R>()> columns_;
};

/// An optimizer and its parameter, on some back-end.
template <class T>
struct Walker {
  Walker(const Options& options, const std::string& backend, std::vector<T> start)
      : theta(std::move(start)), optimizer(options, {}, {.threads = 1, .backend = backend}) {
    handle = optimizer.add("theta", theta);
  }
  std::vector<T> all() { return everything<T>(optimizer, handle, theta); }

  std::vector<T> theta;
  Optimizer optimizer;
  Handle handle;
};

template <class R, class T>
void take(const Walk& walk) {
  const Options options = walk.parsed();
  const Sample& sample = *std::ranges::find(samples(), R::name, &Sample::rule);
  const int largest = largest_exponent<T>(options);
  const std::vector<T> start = random_numbers<T>(kElements, kSeed, "theta");
  Walker<T> walker(options, "auto", start);
  std::vector<Walker<T>> others;
  for (const std::string& target : cpu_targets()) others.emplace_back(options, target, start);
  if (std::is_same_v<T, double>) others.emplace_back(options, "reference", start);
  oracle::Parameter expected;
  expected.theta = to_double<T>(start);
  Bounds<R, T> bounds(options, start);
  Paths paths(expected.theta);
  // In double both sides round, each in its own order, and so do their coefficients.
  constexpr double kSides = std::is_same_v<T, double> ? 4 : 1.001;

  const std::uint32_t count = steps();
  for (std::uint32_t t = 1; t <= count; ++t) {
    const std::vector<T> g = gradient<T>(t, largest);
    walker.optimizer.step({{walker.handle, g}});
    for (Walker<T>& other : others) other.optimizer.step({{other.handle, g}});
    sample.oracle(options, expected, {t, to_double<T>(g), std::numeric_limits<T>::min()});
    paths.go_on(expected.theta);

    const auto is_within = [&](std::span<const T> ours, const std::vector<double>& theirs, const auto& bound) {
      for (std::size_t i = 0; i < kElements; ++i) {
        if (std::abs(static_cast<double>(ours[i]) - theirs[i]) <= kSides * bound(i)) continue;  // false for NaN
        ADD_FAILURE() << "step " << t << ", element " << i << ": " << ours[i] << ", expected " << theirs[i] << " ± "
                      << kSides * bound(i);
        return false;
      }
      return true;
    };
    const auto most = [&](double path) { return (1000 + walk.roundings * t) * Bounded<T>::kRounding * path; };
    if constexpr (count_sums<R>() > 0) {
      const double bound = most(paths.longest());
      ASSERT_TRUE(is_within(walker.theta, expected.theta, [&](std::size_t) { return bound; }));
    } else {
      bounds.step(t, g);
      ASSERT_TRUE(is_within(walker.theta, expected.theta, [&](std::size_t i) { return bounds.of_parameter(i); }));
      for (std::size_t k = 0; k < count_columns<R>(); ++k) {
        const std::string_view name = options.rule().columns[k].name;
        if (const auto column = walker.optimizer.template column<T>(walker.handle, name); !column.empty()) {
          ASSERT_TRUE(is_within(column, expected.column(name), [&](std::size_t i) { return bounds.of_column(k, i); }))
              << name;
        }
      }
      for (std::size_t i = 0; i < kElements; ++i) {
        ASSERT_LE(bounds.of_parameter(i), most(paths.of(i))) << "step " << t << ", element " << i;
      }
    }
    if (t % kPhase != 0) continue;
    for (Walker<T>& other : others) {
      ASSERT_EQ(first_bit_difference<T>(other.all(), walker.all()), "") << other.optimizer.target() << ", step " << t;
      // They go on from a saved state: a walk does not notice.
      const std::vector<std::byte> saved = safetensors::to_bytes(other.optimizer.state());
      Walker<T> fresh(Options::of(sample.rule()), other.optimizer.execution().backend, other.theta);
      fresh.optimizer.load(safetensors::from_bytes(saved, "saved"));
      other = std::move(fresh);
    }
  }
}

class Walks : public ::testing::TestWithParam<Walk> {
 protected:
  template <class T>
  void take_walk() {
    const std::string_view rule = GetParam().parsed().rule().name;
#define THALWEG_TAKE_WALK(R) \
  if (rule == R::name) return take<R, T>(GetParam());
    THALWEG_RULES(THALWEG_TAKE_WALK)
  }
};

TEST_P(Walks, OfFloats) { take_walk<float>(); }
TEST_P(Walks, OfDoubles) { take_walk<double>(); }

INSTANTIATE_TEST_SUITE_P(Rules, Walks, ::testing::ValuesIn(kWalks), [](const auto& info) {
  return std::string(info.param.parsed().rule().name) + "_" + std::to_string(info.index);
});

TEST(Walking, EveryRuleDoes) {
  for (const RuleInfo* rule : rules()) {
    const auto walks = [&](const Walk& walk) { return walk.parsed().rule().name == rule->name; };
    EXPECT_TRUE(std::ranges::any_of(kWalks, walks)) << rule->name << " needs a line in tests/engine/walks_test.cc";
  }
}

}  // namespace
}  // namespace thalweg::tests
