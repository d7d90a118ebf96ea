// Variants: made from the rules' own lists of options; those that do the same are found by running them.
#include "identify/variants.h"

#include "identify/model.h"
#include "identify/trait.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

namespace thalweg::lab::identify {
namespace {

constexpr int kProbes = 3;

/// A run in which everything happens: gradients of several sizes, zeros, turns, rates that change and pass 1/√t, a
/// missing gradient, a matrix that is small beside its gradients and a vector that is large.
const View& made_up_run() {
  static const View run = [] {
    constexpr std::size_t kElements = 8, kMatrix = 6;
    constexpr std::int64_t kSteps = 14, kMissing = 5;
    View view;
    view.elements = kElements;
    view.shapes = {{2, 3}, {2}};
    view.steps = kSteps;
    view.lrs = {{4, 0.03}, {9, 0.2}, {12, 0.6}};
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      view.marks.push_back({step - 1, step});
      std::vector<double>& gradient = view.gradients.emplace_back();
      for (std::size_t i = 0; i < kElements; ++i) {
        const auto t = static_cast<double>(step), k = static_cast<double>(i);
        view.before.push_back((i < kMatrix ? 1 : 20) * std::cos(1.3 * k) + 0.1 * std::sin(t + k));
        const double size = std::array{1.0, 0.01, 8.0, 0.3, 1.0, 2.0, 0.02, 0.1}[i] / (i == 4 ? t : 1);
        if (step != kMissing) gradient.push_back(i == 5 && step < 3 ? 0 : size * std::sin(2.1 * t + 1.7 * k * k + 0.4));
      }
    }
    view.changes.assign(view.before.size(), 0);
    return view;
  }();
  return run;
}

/// The value that the option has in this made-up set of options. Two of them have no more digits than they need: there
/// RAdam's step 6 meets the threshold exactly.
double probe_value(const OptionInfo& option, std::size_t index, int probe) {
  static constexpr double kPower = 0.875 * 0.875 * 0.875 * 0.875 * 0.875 * 0.875;
  const auto p = static_cast<std::size_t>(probe);
  if (option.name == "lr") return std::array{0.1, 0.03, 0.2}[p];
  if (option.name == "beta2") return std::array{0.7, 0.95, 0.875}[p];
  if (option.name == "threshold") return std::array{5.0, 4.5, 15 - 2 * 6 * kPower / (1 - kPower)}[p];
  if (option.name == "beta2_decay") return std::array{-0.8, -0.5, -1.0}[p];
  if (option.name == "clip_threshold") return std::array{1.0, 0.4, 2.5}[p];
  if (option.default_value > 1 && option.range.low == 0) return option.default_value * std::array{1.0, 0.02, 0.005}[p];
  if (option.range.low > 0) return option.default_value * std::array{1.0, 1.1, 1.3}[p];
  const double shift = 1 + 0.01 * static_cast<double>(index);
  if (option.range.high <= 1) return std::array{0.6, 0.85, 0.4}[p] * shift;
  return std::array{1e-3, 0.05, 0.3}[p] * shift;
}

bool is_on(const Variant& variant, std::size_t option) {
  return std::ranges::find(variant.on, option) != variant.on.end();
}

constexpr std::size_t kNone = SIZE_MAX;

/// What the variant does on this run under the made-up sets of options; `shifted` has the value of the next set.
std::vector<double> signature(const View& view, const Variant& variant, std::size_t shifted = kNone) {
  std::vector<double> result;
  const std::vector<OptionInfo>& infos = variant.options.rule().options;
  for (int probe = 0; probe < kProbes; ++probe) {
    Options options = variant.options;
    for (std::size_t i = 0; i < infos.size(); ++i) {
      if (infos[i].type != OptionType::real || (is_optional(infos[i]) && !is_on(variant, i))) continue;
      options.set(infos[i].name, probe_value(infos[i], i, i == shifted ? (probe + 1) % kProbes : probe));
    }
    const std::vector<double> changes = changes_of(view, options, variant.step_count);
    result.insert(result.end(), changes.begin(), changes.end());
  }
  return result;
}

bool is_same(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0, apart = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (std::isfinite(a[k])) largest = std::max(largest, std::abs(a[k]));
    if (a[k] != b[k] && !(std::isnan(a[k]) && std::isnan(b[k]))) apart = std::max(apart, std::abs(a[k] - b[k]));
  }
  return apart <= 1e-12 * largest;
}

/// A rule's options sorted by what is done about them.
struct Choices {
  std::vector<std::size_t> booleans, optional, free;
};

Choices choices_of(const Known::Possible& possible) {
  Choices choices;
  const std::vector<OptionInfo>& infos = possible.rule->options;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (possible.values.contains(i) || infos[i].name == "maximize" || is_of_shapes(infos[i])) continue;
    std::vector<std::size_t>& list = infos[i].type == OptionType::boolean ? choices.booleans
                                     : is_optional(infos[i])              ? choices.optional
                                                                          : choices.free;
    list.push_back(i);
  }
  return choices;
}

/// Bits of 0 … 2^count − 1, those with fewer bits set first.
std::vector<unsigned> subsets(std::size_t count) {
  std::vector<unsigned> result(std::size_t{1} << count);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<unsigned>(i);
  std::ranges::stable_sort(result, {}, [](unsigned bits) { return std::popcount(bits); });
  return result;
}

/// Takes out what does nothing beside the others; false if that is an option that would be off otherwise.
bool drop_idle(Variant& variant) {
  const auto is_idle = [&](std::size_t option) {
    return is_same(signature(made_up_run(), variant, option), variant.signature);
  };
  if (std::ranges::any_of(variant.on, is_idle)) return false;
  std::erase_if(variant.free, is_idle);
  return true;
}

/// Is it what another rule says with fewer words? LAMB and LARS that do not adapt are Adam and SGD.
bool is_another_rule(const Variant& variant) {
  const Options& options = variant.options;
  const int decay = options.rule().find_option("weight_decay");
  return options.has("always_adapt") && options.get("always_adapt") == 0 && decay >= 0 &&
         !is_on(variant, static_cast<std::size_t>(decay));
}

/// Variants that differ in booleans alone, each formula once.
std::vector<Variant> boolean_variants(const Variant& base, const std::vector<std::size_t>& booleans,
                                      const std::vector<StepCount>& step_counts) {
  std::vector<Variant> result;
  const std::vector<OptionInfo>& infos = base.options.rule().options;
  for (const StepCount step_count : step_counts) {
    for (const unsigned bits : subsets(booleans.size())) {
      Variant variant = base;
      variant.step_count = step_count;
      variant.distance = std::popcount(bits);
      for (std::size_t k = 0; k < booleans.size(); ++k) {
        const bool changed = (bits >> k & 1) != 0, by_default = infos[booleans[k]].default_value != 0;
        variant.options.set(infos[booleans[k]].name, changed != by_default ? 1 : 0);
      }
      if (is_another_rule(variant)) continue;
      variant.signature = signature(made_up_run(), variant);
      const auto is_known = [&](const Variant& other) { return is_same(other.signature, variant.signature); };
      if (std::ranges::none_of(result, is_known) && drop_idle(variant)) result.push_back(std::move(variant));
    }
  }
  return result;
}

/// Values of the option from which a matrix is factored, that make a difference between matrices of the view: what it
/// is by default, and one above each smaller side but the largest, which is another boolean's matter.
std::vector<double> least_sides(const View& view, const Known::Possible& possible) {
  const int index = possible.rule->find_option("min_dim_size_to_factor");
  if (index < 0) return {0};
  if (const auto told = possible.values.find(static_cast<std::size_t>(index)); told != possible.values.end()) {
    return {told->second};
  }
  std::set<double> sides;
  for (const Shape& shape : view.shapes) {
    const Layout layout = layout_of(shape);
    if (layout.is_matrix()) sides.insert(static_cast<double>(std::min(layout.rows, layout.columns)));
  }
  std::vector<double> result{0};
  for (const double side : sides) result.push_back(side + 1);
  if (result.size() > 1) result.pop_back();
  return result;
}

void add_groups(std::vector<Group>& groups, const View& view, std::vector<Variant> variants) {
  std::vector<std::vector<double>> signatures;  // of the groups' first ones, on the recording
  const std::size_t begin = groups.size();
  for (Variant& variant : variants) {
    const std::vector<double> here = signature(view, variant);
    const auto same = std::ranges::find_if(signatures, [&](const auto& other) { return is_same(other, here); });
    if (same == signatures.end()) {
      signatures.push_back(here);
      groups.push_back({std::move(variant)});
    } else {
      groups[begin + static_cast<std::size_t>(same - signatures.begin())].push_back(std::move(variant));
    }
  }
}

}  // namespace

std::vector<Group> all_variants(const Views& views, const Known& known, bool maximize,
                                const std::vector<StepCount>& step_counts) {
  std::vector<Group> groups;
  for (const Known::Possible& possible : known.possible()) {
    const std::vector<OptionInfo>& infos = possible.rule->options;
    const View& view = views(*possible.rule);
    if (view.elements == 0) continue;
    const Choices choices = choices_of(possible);
    for (const double least_side : least_sides(view, possible)) {
      for (const unsigned bits : subsets(choices.optional.size())) {
        Variant base{Options(*possible.rule), {}, {}, {}, choices.free, {}, 0};
        if (least_side != 0) base.options.set("min_dim_size_to_factor", least_side);
        for (const auto& [index, value] : possible.values) {
          base.options.set(infos[index].name, value);
          if (is_optional(infos[index]) && value != 0) base.on.push_back(index);
        }
        if (!possible.values.contains(static_cast<std::size_t>(possible.rule->find_option("maximize")))) {
          base.options.set("maximize", maximize ? 1 : 0);
        }
        for (std::size_t k = 0; k < choices.optional.size(); ++k) {
          const bool on = (bits >> k & 1) != 0;
          (on ? base.on : base.off).push_back(choices.optional[k]);
          if (on) base.free.push_back(choices.optional[k]);
        }
        add_groups(groups, view, boolean_variants(base, choices.booleans, step_counts));
      }
    }
  }
  std::ranges::stable_sort(groups, {}, [](const Group& group) {
    const Variant& first = group.front();
    return std::pair(!first.options.rule().sums.empty(), first.on.size());
  });
  return groups;
}

std::vector<std::size_t> could_be_on(const Variant& variant) {
  std::vector<std::size_t> result;
  for (const std::size_t option : variant.off) {
    Variant longer = variant;
    longer.on.push_back(option);
    if (!is_same(signature(made_up_run(), longer), variant.signature)) result.push_back(option);
  }
  return result;
}

bool extends(const Variant& longer, const Variant& shorter) {
  if (&longer.options.rule() != &shorter.options.rule() || longer.on.size() <= shorter.on.size()) return false;
  const auto is_in_longer = [&](std::size_t option) { return is_on(longer, option); };
  if (!std::ranges::all_of(shorter.on, is_in_longer)) return false;
  Variant cut = longer;
  cut.on = shorter.on;
  return is_same(signature(made_up_run(), cut), shorter.signature);
}

std::vector<Options> with_idle_booleans(const Options& options, StepCount step_count) {
  Options plain = options;
  std::vector<std::string_view> idle;
  for (const OptionInfo& info : options.rule().options) {
    if (info.type != OptionType::boolean) continue;
    Options flipped = plain;
    flipped.set(info.name, 1 - plain.get(info.name));
    if (!same_formula(flipped, step_count, plain, step_count)) continue;
    idle.push_back(info.name);
    plain.set(info.name, info.default_value);
  }
  std::vector<Options> result;
  for (const unsigned bits : subsets(idle.size())) {
    Options other = plain;
    for (std::size_t k = 0; k < idle.size(); ++k) {
      if ((bits >> k & 1) != 0) other.set(idle[k], 1 - other.get(idle[k]));
    }
    if (bits == 0 || same_formula(other, step_count, plain, step_count)) result.push_back(std::move(other));
  }
  return result;
}

bool same_formula(const Options& a, StepCount a_count, const Options& b, StepCount b_count) {
  return is_same(changes_of(made_up_run(), a, a_count), changes_of(made_up_run(), b, b_count));
}

}  // namespace thalweg::lab::identify
