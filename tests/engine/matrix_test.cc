// Every rule × options × type × length × shape × misalignment × instruction set, element by element, against the
// oracle.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr std::size_t kLanes = 16;    // floats in the widest vector of x86-64
constexpr std::size_t kBlock = 4096;  // elements that the engine plans as one piece
constexpr std::uint64_t kSeed = 1;

#ifdef __has_feature
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

/// A length, the offsets in elements of parameter and gradient from a 64-byte boundary, and a shape, if not a vector's.
struct Place {
  std::size_t length, parameter_offset, gradient_offset;
  std::vector<std::int64_t> shape = {};
};

Place shaped(const std::vector<std::int64_t>& shape) {
  const std::size_t length = Shape(shape).elements();
  return {length, length % 3, length % 5, shape};
}

/// All lengths 0 … 2N + 1 at all offsets 0 … N.
std::vector<Place> short_places() {
  std::vector<Place> places;
  for (std::size_t length = 0; length <= 2 * kLanes + 1; ++length) {
    for (std::size_t offset = 0; offset <= kLanes; ++offset) {
      places.push_back({length, offset, (5 * offset + 3 * length) % (kLanes + 1)});
    }
  }
  return places;
}

/// Lengths around the edges of blocks, at a few offsets.
std::vector<Place> block_places() {
  std::vector<Place> places;
  for (const std::size_t blocks : {1, 2, 3}) {
    for (const std::size_t length : {blocks * kBlock - kLanes - 1, blocks * kBlock - 1, blocks * kBlock,
                                     blocks * kBlock + 1, blocks * kBlock + kLanes + 1}) {
      places.push_back({length, length % 3, (length / 3) % (kLanes + 1)});
    }
  }
  return places;
}

std::vector<Place> few_places() { return {{1, 0, 0}, {2 * kLanes + 5, 3, 1}, {7, 1, 2}, shaped({5, 7})}; }

/// Matrices both ways round, thin, wide, of one row or column, and stacks of them.
std::vector<Place> small_shapes() {
  std::vector<Place> places;
  for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{
           {1, 1}, {1, 37}, {37, 1}, {3, 5}, {5, 3}, {33, 2}, {2, 33}, {2, 3, 4}, {3, 2, 1, 5}, {0, 4}, {4, 0}, {6}}) {
    places.push_back(shaped(shape));
  }
  return places;
}

/// Sums of rows and columns in several pieces: many rows, rows longer than a piece, long rows in a stack.
std::vector<Place> large_shapes() { return {shaped({4097, 3}), shaped({3, 20'000}), shaped({2, 65, 1025})}; }

/// One kind of numbers, parameters' or a column's, of all places one after another. Some places have no such column.
struct Numbers {
  std::vector<double> all;
  std::vector<std::size_t> begins = {0};  ///< where each place's begin, and the end

  std::size_t count(std::size_t place) const { return begins[place + 1] - begins[place]; }
};

/// One run's inputs, and what the oracle makes of them. All places lie one after another in each array.
template <class T>
struct Expected {
  std::vector<T> start;
  std::vector<std::vector<T>> gradients;
  std::vector<double> lrs;                            ///< one a step
  std::vector<std::map<std::string, Numbers>> after;  ///< one a step, by column; the parameters are "theta"
};

std::map<std::string, Numbers> numbers_of(const std::vector<oracle::Parameter>& parameters) {
  std::map<std::string, Numbers> result;
  for (const oracle::Parameter& parameter : parameters) {
    for (const auto& column : parameter.columns) result[column.first];
  }
  result["theta"];
  for (auto& [name, numbers] : result) {
    for (const oracle::Parameter& parameter : parameters) {
      const auto column = parameter.columns.find(name);
      const std::vector<double> none;
      const std::vector<double>& its = name == "theta"                     ? parameter.theta
                                       : column == parameter.columns.end() ? none
                                                                           : column->second;
      numbers.all.insert(numbers.all.end(), its.begin(), its.end());
      numbers.begins.push_back(numbers.all.size());
    }
  }
  return result;
}

template <class T>
Expected<T> expect(const Sample& sample, Options options, const std::vector<Place>& places) {
  std::size_t elements = 0;
  for (const Place& place : places) elements += place.length;
  Expected<T> expected;
  expected.start = random_numbers<T>(elements, kSeed, "theta");
  for (T& x : expected.start) x /= 4;  // so that g + λθ loses few digits
  std::vector<oracle::Parameter> parameters;
  for (std::size_t begin = 0; const Place& place : places) {
    oracle::Parameter& parameter = parameters.emplace_back();
    parameter.theta = to_double<T>(std::span<const T>(expected.start).subspan(begin, place.length));
    parameter.shape.assign(place.shape.begin(), place.shape.end());
    begin += place.length;
  }
  const double lr = options.get("lr");
  for (std::uint32_t step = 0; step < sample.steps; ++step) {
    expected.lrs.push_back(lr * (step < 2 ? 1 : step == 2 ? 0.25 : 1.5));
    options.set("lr", expected.lrs.back());
    expected.gradients.push_back(random_numbers<T>(elements, kSeed, "gradient", step));
    const std::vector<double> gradient = to_double<T>(expected.gradients.back());
    std::span<const double> rest = gradient;
    for (oracle::Parameter& parameter : parameters) {
      const std::size_t length = parameter.theta.size();
      if (length > 0) sample.oracle(options, parameter, {step + 1, rest.first(length), std::numeric_limits<T>::min()});
      rest = rest.subspan(length);
    }
    expected.after.push_back(numbers_of(parameters));
  }
  return expected;
}

/// Runs the engine and compares every element after every step. Returns the bits of the reports' norms, and of
/// parameters and state at the end.
template <class T>
std::vector<T> run(const Options& options, const std::string& backend, const std::vector<Place>& places,
                   const Expected<T>& expected) {
  SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
  std::vector<typename Arena<T>::Slot> parameter_slots, gradient_slots;
  for (const Place& place : places) {
    parameter_slots.push_back({place.length, place.parameter_offset});
    gradient_slots.push_back({place.length, place.gradient_offset});
  }
  Arena<T> parameters(parameter_slots), gradients(gradient_slots);
  parameters.fill(expected.start);

  Optimizer optimizer(options, {}, {.backend = backend});
  EXPECT_EQ(optimizer.target(), backend) << "another instruction set ran";
  std::vector<Handle> handles;
  std::vector<Gradient> step_gradients;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string name = std::to_string(i);
    handles.push_back(places[i].shape.empty() ? optimizer.add(name, parameters[i])
                                              : optimizer.add(name, parameters[i], Shape(places[i].shape)));
    step_gradients.emplace_back(handles[i], gradients[i]);
  }

  std::map<std::string, Magnitudes> magnitudes;
  const auto compare = [&](std::size_t t) {
    const std::map<std::string, Numbers>& after = expected.after[t];
    for (const auto& [name, numbers] : after) magnitudes[name].see(numbers.all);
    const auto is_close = [&](std::size_t i, std::span<const T> ours, const std::string& name) {
      const Numbers& theirs = after.at(name);
      std::string difference = first_difference<T>(ours, theirs.all, tolerance<T>, magnitudes[name], theirs.begins[i]);
      if (ours.size() != theirs.count(i)) difference = "length " + std::to_string(ours.size());
      if (!difference.empty()) {
        ADD_FAILURE() << "step " << t + 1 << ", length " << places[i].length << ", shape "
                      << Shape(places[i].shape).text() << ", offsets " << places[i].parameter_offset << " and "
                      << places[i].gradient_offset << ", " << name << ": " << difference;
      }
      return difference.empty();
    };
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!is_close(i, parameters[i], "theta")) return false;
      for (const std::string& name : column_names(optimizer)) {
        const auto column = optimizer.column<T>(handles[i], name);
        if (!after.contains(name)) {
          EXPECT_TRUE(column.empty()) << name << " is in use without need";
        } else if (!is_close(i, column, name)) {
          return false;
        }
      }
    }
    return true;
  };

  std::vector<T> norms;
  for (std::size_t t = 0; t < expected.gradients.size(); ++t) {
    optimizer.set("lr", expected.lrs[t]);
    gradients.fill(expected.gradients[t]);
    optimizer.set_report(t % 2 == 0 ? Reporting::totals : Reporting::none);  // kernels go another way for each
    const StepReport& report = optimizer.step(step_gradients);
    for (const std::optional<double>& norm : {report.gradient_norm, report.update_norm, report.parameter_norm}) {
      if (norm) norms.push_back(static_cast<T>(*norm));
    }
    if (!compare(t)) return {};  // one message for each run is enough
    EXPECT_TRUE(parameters.sentinels_are_whole()) << "written beside a parameter in step " << t + 1;
    EXPECT_TRUE(gradients.sentinels_are_whole()) << "written beside a gradient in step " << t + 1;
  }
  for (std::size_t i = 0, begin = 0; i < places.size(); begin += places[i].length, ++i) {
    const auto handed_over = std::span(expected.gradients.back()).subspan(begin, places[i].length);
    EXPECT_TRUE(std::ranges::equal(gradients[i], handed_over)) << "step wrote to a gradient";
  }
  std::vector<T> all = std::move(norms);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::vector<T> one = everything<T>(optimizer, handles[i], parameters[i]);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

/// All instruction sets agree with the oracle, and with each other in every bit; `reference` too where θ is double.
template <class T>
void check(const Sample& sample, const Options& options, const std::vector<Place>& places) {
  const Expected<T> expected = expect<T>(sample, options, places);

  const std::vector<std::string> targets = cpu_targets();
  ASSERT_FALSE(targets.empty());
  const std::vector<T> first = run<T>(options, targets.front(), places, expected);
  for (const std::string& target : targets) {
    if (target == targets.front()) continue;
    const std::vector<T> other = run<T>(options, target, places, expected);
    EXPECT_EQ(first_bit_difference<T>(first, other), "")
        << options.text() << ", " << type_name<T> << ": " << targets.front() << " against " << target;
  }
  const std::vector<T> reference = run<T>(options, "reference", places, expected);
  if constexpr (std::is_same_v<T, double>) {
    EXPECT_EQ(first_bit_difference<T>(first, reference), "")
        << options.text() << ": " << targets.front() << " against reference";
  }
}

class Matrix : public ::testing::TestWithParam<Sample> {
 protected:
  void check_both(const std::vector<Options>& option_sets, const std::vector<Place>& places) {
    for (const Options& options : option_sets) {
      check<float>(GetParam(), options, places);
      check<double>(GetParam(), options, places);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(Matrix, ShortLengthsAtAllOffsets) { check_both(pairwise_option_sets(GetParam()), short_places()); }

TEST_P(Matrix, AroundBlockEdges) {
  std::vector<Options> sets = pairwise_option_sets(GetParam());
  if (kSanitized) sets = {sets.front(), sets.back()};  // the other sets compute otherwise, in the same memory
  check_both(sets, block_places());
}

TEST_P(Matrix, SmallShapes) { check_both(pairwise_option_sets(GetParam()), small_shapes()); }

TEST_P(Matrix, LargeShapes) {
  const std::vector<Options> sets = pairwise_option_sets(GetParam());
  check_both({sets.front(), sets.back()}, large_shapes());
}

TEST_P(Matrix, EveryOptionSet) { check_both(every_option_set(GetParam()), few_places()); }

INSTANTIATE_TEST_SUITE_P(Rules, Matrix, ::testing::ValuesIn(samples()),
                         [](const auto& info) { return info.param.rule(); });

TEST(Samples, EveryRuleHasOne) {
  for (const RuleInfo* rule : rules()) {
    const auto count = std::ranges::count(samples(), rule->name, &Sample::rule);
    EXPECT_EQ(count, 1) << "rule " << rule->name << " needs one sample in tests/engine/samples.h, has " << count;
  }
  EXPECT_EQ(samples().size(), rules().size());
}

TEST(Samples, AreNeverTheDefaults) {
  for (const Sample& sample : samples()) {
    const Options options = parse_options(sample.options);
    for (const OptionInfo& option : options.rule().options) {
      if (option.type == OptionType::boolean) continue;
      EXPECT_NE(options.get(option.name), option.default_value) << sample.rule() << ", " << option.name;
    }
  }
}

TEST(Samples, MeetPairwise) {
  for (const Sample& sample : samples()) {
    const auto every = every_option_set(sample), pairwise = pairwise_option_sets(sample);
    EXPECT_LE(pairwise.size(), every.size());
    EXPECT_GE(pairwise.size(), every.size() > 1 ? 4u : 1u) << sample.rule();
  }
}

}  // namespace
}  // namespace thalweg::tests
