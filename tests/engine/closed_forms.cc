// Every rule's closed forms, from mathematics alone.
#include "engine/closed_forms.h"

#include <thalweg/rules.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

double constant(double g, int) { return g; }
double once(double g, int t) { return t == 1 ? g : 0; }
double alternating(double g, int t) { return t % 2 == 1 ? g : -g; }

double sign(double x) { return x > 0 ? 1 : -1; }
/// The share of what came in in the running mean of t equal values.
double share(double decay, int t) { return 1 - std::pow(decay, t); }
/// 1 + r + … + rᵗ⁻¹.
double geometric(double ratio, int t) { return (1 - std::pow(ratio, t)) / (1 - ratio); }
double product(int first, int last, const std::function<double(int)>& f) {
  double result = 1;
  for (int k = first; k <= last; ++k) result *= f(k);
  return result;
}

/// The running mean of constant gradients, or of their square, after t steps.
Term mean(double decay) {
  return [=](double g, int t) { return share(decay, t) * g; };
}
Term mean_square(double decay, double first = 0) {
  return [=](double g, int t) { return std::pow(decay, t) * first + share(decay, t) * g * g; };
}
/// The same of a single gradient in step 1.
Term fading(double decay) {
  return [=](double g, int t) { return std::pow(decay, t - 1) * (1 - decay) * g; };
}
Term fading_square(double decay) {
  return [=](double g, int t) { return std::pow(decay, t - 1) * (1 - decay) * g * g; };
}

void add_sgd(std::vector<Form>& forms) {
  const auto b = [](double g, int t) { return g * (std::pow(0.7, t - 1) + 0.6 * geometric(0.7, t - 1)); };
  const auto b_once = [](double g, int t) { return std::pow(0.7, t - 1) * g; };
  const SGD momentum{.lr = 0.1, .momentum = 0.7, .dampening = 0.4};
  forms.push_back({"plain", SGD{.lr = 0.1}, constant, [](double g, int) { return 0.1 * g; }, {}});
  forms.push_back({"momentum", momentum, constant, [=](double g, int t) { return 0.1 * b(g, t); }, {{"b", b}}});
  SGD changed = momentum;
  changed.nesterov = true;
  forms.push_back({"Nesterov", changed, constant, [=](double g, int t) { return 0.1 * (g + 0.7 * b(g, t)); }, {}});
  changed = momentum;
  changed.lr_in_momentum = true;
  const auto step = [=](double g, int t) { return 0.1 * b(g, t); };
  forms.push_back({"η in momentum", changed, constant, step, {{"b", step}}});
  forms.push_back({"coasting", momentum, once, [=](double g, int t) { return 0.1 * b_once(g, t); }, {{"b", b_once}}});
}

void add_rmsprop(std::vector<Form>& forms) {
  const RMSprop plain{.lr = 0.02, .alpha = 0.85, .eps = 0.003};
  const Term v = mean_square(0.85);
  const auto u = [=](double g, int t) { return g / (std::sqrt(v(g, t)) + 0.003); };
  forms.push_back({"plain", plain, constant, [=](double g, int t) { return 0.02 * u(g, t); }, {{"v", v}}});
  RMSprop changed = plain;
  changed.eps_inside = true;
  changed.initial_accumulator_value = 0.2;
  const Term from = mean_square(0.85, 0.2);
  forms.push_back({"ε inside, first value",
                   changed,
                   constant,
                   [=](double g, int t) { return 0.02 * g / std::sqrt(from(g, t) + 0.003); },
                   {{"v", from}}});
  changed = plain;
  changed.bias_correction = true;
  forms.push_back({"corrected", changed, constant, [](double g, int) { return 0.02 * g / (std::abs(g) + 0.003); }, {}});
  changed = plain;
  changed.momentum = 0.7;
  const auto b = [=](double g, int t) { return sum(t, [&](int k) { return std::pow(0.7, t - k) * u(g, k); }); };
  forms.push_back({"momentum", changed, constant, [=](double g, int t) { return 0.02 * b(g, t); }, {{"b", b}}});
  const auto b_once = [=](double g, int t) { return std::pow(0.7, t - 1) * u(g, 1); };
  forms.push_back({"coasting",
                   changed,
                   once,
                   [=](double g, int t) { return 0.02 * b_once(g, t); },
                   {{"b", b_once}, {"v", fading_square(0.85)}}});
  changed.nesterov = changed.lr_in_momentum = true;
  forms.push_back(
      {"Nesterov", changed, constant, [=](double g, int t) { return 0.02 * (u(g, t) + 0.7 * b(g, t)); }, {}});
  // v − m² = g² αᵗ (1 − αᵗ)
  forms.push_back(
      {"centered",
       RMSprop{.lr = 0.02, .alpha = 0.95, .eps = 0.003, .centered = true},
       constant,
       [](double g, int t) { return 0.02 * g / (std::abs(g) * std::sqrt(std::pow(0.95, t) * share(0.95, t)) + 0.003); },
       {{"m", mean(0.95)}, {"v", mean_square(0.95)}}});
}

void add_sums_and_means_of_squares(std::vector<Form>& forms) {
  const auto v = [](double g, int t) { return 0.2 + t * g * g; };
  const Adagrad adagrad{.lr = 0.02, .lr_decay = 0.4, .eps = 0.003, .initial_accumulator_value = 0.2};
  forms.push_back({"plain",
                   adagrad,
                   constant,
                   [=](double g, int t) { return 0.02 / (1 + 0.4 * (t - 1)) * g / (std::sqrt(v(g, t)) + 0.003); },
                   {{"v", v}}});
  Adagrad inside = adagrad;
  inside.eps_inside = true;
  forms.push_back({"ε inside",
                   inside,
                   constant,
                   [=](double g, int t) { return 0.02 / (1 + 0.4 * (t - 1)) * g / std::sqrt(v(g, t) + 0.003); },
                   {}});
  forms.push_back({"Σ 1 / √k",
                   Adagrad{.lr = 0.02, .eps = 0},
                   constant,
                   [](double g, int t) { return 0.02 * sign(g) / std::sqrt(t); },
                   {}});

  // u + ε follows a linear recurrence, w ← c w + (1 − ρ) ε with c = ρ + (1 − ρ) g² / (v + ε), which is solved.
  constexpr double kEps = 0.003;
  const Term square = mean_square(0.8);
  const auto w = [=](double g, int t) {
    const auto c = [&](int k) { return 0.8 + 0.2 * g * g / (square(g, k) + kEps); };
    return kEps * (product(1, t, c) + 0.2 * sum(t, [&](int j) { return product(j + 1, t, c); }));
  };
  forms.push_back({"plain",
                   Adadelta{.lr = 0.5, .rho = 0.8, .eps = kEps},
                   constant,
                   [=](double g, int t) { return 0.5 * std::sqrt(w(g, t - 1) / (square(g, t) + kEps)) * g; },
                   {{"v", square}, {"u", [=](double g, int t) { return w(g, t) - kEps; }}}});
  forms.push_back({"without ε it never begins",
                   Adadelta{.lr = 0.5, .rho = 0.8, .eps = 0},
                   constant,
                   [](double, int) { return 0.0; },
                   {}});
}

/// Adam, AdamW and AMSGrad (R) alike.
template <class R>
void add_adam(std::vector<Form>& forms) {
  const auto plain = [] {
    R options{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 0.003};
    options.weight_decay = 0;
    return options;
  };
  const auto c1 = [](int t) { return share(0.8, t); };
  const auto c2 = [](int t) { return share(0.95, t); };
  // m̂ = g and v̂ = g²
  forms.push_back({"plain",
                   plain(),
                   constant,
                   [](double g, int) { return 0.02 * g / (std::abs(g) + 0.003); },
                   {{"m", mean(0.8)}, {"v", mean_square(0.95)}}});
  R changed = plain();
  changed.eps_root = 0.5;
  changed.nesterov = true;
  forms.push_back({"Nesterov, ε under the root",
                   changed,
                   constant,
                   [=](double g, int t) {
                     const double ahead = 0.8 * c1(t) / c1(t + 1) + 0.2 / c1(t);
                     return 0.02 * ahead * g / (std::sqrt(g * g + 0.5) + 0.003);
                   },
                   {}});
  changed = plain();
  changed.eps_before_correction = true;
  forms.push_back({"ε before the correction",
                   changed,
                   constant,
                   [=](double g, int t) { return 0.02 * g / (std::abs(g) + 0.003 / std::sqrt(c2(t))); },
                   {}});
  changed = plain();
  changed.correct_mean = changed.correct_spread = false;
  forms.push_back({"uncorrected",
                   changed,
                   constant,
                   [=](double g, int t) { return 0.02 * c1(t) * g / (std::sqrt(c2(t)) * std::abs(g) + 0.003); },
                   {}});
  // After one gradient v fades, and AMSGrad's maximum does not.
  const Term m = fading(0.8), v = fading_square(0.95);
  for (const bool of_corrected : {false, true}) {
    changed = plain();
    changed.maximum_of_corrected = of_corrected;
    const Term x = [=](double g, int) { return of_corrected ? g * g : 0.05 * g * g; };
    std::map<std::string, Term> columns = {{"m", m}, {"v", v}};
    if (changed.amsgrad) columns.emplace("x", x);
    const auto spread = [=, maximum = changed.amsgrad](double g, int t) {
      return maximum ? (of_corrected ? x(g, t) : x(g, t) / c2(t)) : v(g, t) / c2(t);
    };
    forms.push_back({"one gradient", changed, once,
                     [=](double g, int t) { return 0.02 * m(g, t) / c1(t) / (std::sqrt(spread(g, t)) + 0.003); },
                     columns});
  }
}

void add_adams_relatives(std::vector<Form>& forms) {
  const AdaMax adamax{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 0.003};
  const auto unit = [](double g, int) { return 0.02 * g / (std::abs(g) + 0.003); };
  const Term m = mean(0.8), v = mean_square(0.95), m_once = fading(0.8);
  forms.push_back(
      {"plain", adamax, constant, unit, {{"m", m}, {"u", [](double g, int) { return std::abs(g) + 0.003; }}}});
  const auto u = [](double g, int t) { return std::max(std::pow(0.95, t - 1) * (std::abs(g) + 0.003), 0.003); };
  const auto over_u = [=](double g, int t) { return 0.02 * m_once(g, t) / share(0.8, t) / u(g, t); };
  forms.push_back({"one gradient", adamax, once, over_u, {{"m", m_once}, {"u", u}}});
  AdaMax beside = adamax;
  beside.eps_beside = true;
  forms.push_back({"ε beside", beside, constant, unit, {{"u", [](double g, int) { return std::abs(g); }}}});

  const auto mu = [](int t) { return 0.8 * (1 - 0.5 * std::pow(0.96, 0.05 * t)); };
  const Nadam nadam{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 0.003, .eps_root = 0.5, .momentum_decay = 0.05};
  forms.push_back({"plain",
                   nadam,
                   constant,
                   [=](double g, int t) {
                     const double ahead = (1 - mu(t)) / (1 - product(1, t, mu)) +
                                          mu(t + 1) * share(0.8, t) / (1 - product(1, t + 1, mu));
                     return 0.02 * ahead * g / (std::sqrt(g * g + 0.5) + 0.003);
                   },
                   {{"m", m}, {"v", v}}});
  Nadam fixed = nadam;
  fixed.momentum_schedule = false;
  forms.push_back({"fixed momentum",
                   fixed,
                   constant,
                   [=](double g, int t) {
                     const double ahead = 0.2 / share(0.8, t) + 0.8 * share(0.8, t) / share(0.8, t + 1);
                     return 0.02 * ahead * g / (std::sqrt(g * g + 0.5) + 0.003);
                   },
                   {}});

  // With β₂ = 0.9 the first 5 steps do not divide.
  const auto length = [](int t) { return 19 - 2 * t * std::pow(0.9, t) / share(0.9, t); };
  const auto r = [=](int t) {
    const double n = length(t);
    return std::sqrt((n - 4) * (n - 2) * 19 / ((19.0 - 4) * (19.0 - 2) * n));
  };
  const RAdam radam{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.9, .eps = 0.003};
  forms.push_back({"plain",
                   radam,
                   constant,
                   [=](double g, int t) {
                     return 0.02 * g * (length(t) > 5 ? r(t) / (std::abs(g) + 0.003 / std::sqrt(share(0.9, t))) : 1);
                   },
                   {{"m", m}, {"v", mean_square(0.9)}}});
  RAdam after = radam;
  after.eps_before_correction = false;
  after.nesterov = true;
  forms.push_back({"Nesterov, ε after the correction",
                   after,
                   constant,
                   [=](double g, int t) {
                     const double ahead = 0.8 * share(0.8, t) / share(0.8, t + 1) + 0.2 / share(0.8, t);
                     return 0.02 * ahead * g * (length(t) > 5 ? r(t) / (std::abs(g) + 0.003) : 1);
                   },
                   {}});
}

void add_signs(std::vector<Form>& forms) {
  const Rprop rprop{.lr = 0.01, .eta_minus = 0.6, .eta_plus = 1.1, .step_min = 1e-4, .step_max = 0.1};
  const auto growing = [](double, int t) { return std::min(0.01 * std::pow(1.1, t - 1), 0.1); };
  forms.push_back({"growing",
                   rprop,
                   constant,
                   [=](double g, int t) { return growing(g, t) * sign(g); },
                   {{"step", growing}, {"prev", constant}}});
  // Where the gradient has turned, it is taken for 0, and so the step after it sees no turn.
  const auto shrinking = [](double, int t) { return std::max(0.01 * std::pow(0.6, t / 2), 1e-4); };
  forms.push_back({"shrinking",
                   rprop,
                   alternating,
                   [=](double g, int t) { return t % 2 == 1 ? shrinking(g, t) * sign(g) : 0; },
                   {{"step", shrinking}, {"prev", [](double g, int t) { return t % 2 == 1 ? g : 0; }}}});

  const Lion lion{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95};
  const auto unit = [](double g, int) { return 0.02 * sign(g); };
  forms.push_back({"plain", lion, constant, unit, {{"m", mean(0.95)}}});
  forms.push_back({"one gradient", lion, once, unit, {{"m", fading(0.95)}}});
}

/// Where the norms of the whole parameter do not count: without decay LAMB is Adam and LARS is SGD.
void add_layerwise(std::vector<Form>& forms) {
  const Options lamb = parse_options("lamb:lr=.02,beta1=.8,beta2=.95,eps=.003,always_adapt=false");
  const std::map<std::string, Term> moments = {{"m", mean(0.8)}, {"v", mean_square(0.95)}};
  forms.push_back(
      {"unadapted", lamb, constant, [](double g, int) { return 0.02 * g / (std::abs(g) + 0.003); }, moments, false});
  Options changed = lamb;
  changed.set("correct_bias", 0.0);
  changed.set("grad_averaging", 0.0);
  changed.set("eps_root", 0.5);
  const auto m = [](double g, int t) { return g * geometric(0.8, t); };
  const auto u = [=](double g, int t) { return m(g, t) / (std::sqrt(share(0.95, t) * g * g + 0.5) + 0.003); };
  forms.push_back(
      {"a sum, uncorrected", changed, constant, [=](double g, int t) { return 0.02 * u(g, t); }, {{"m", m}}, false});

  const Options lars = parse_options("lars:lr=.1,momentum=.7,dampening=.4");
  const auto b = [](double g, int t) { return g * (std::pow(0.7, t - 1) + 0.6 * geometric(0.7, t - 1)); };
  forms.push_back({"unadapted", lars, constant, [=](double g, int t) { return 0.1 * b(g, t); }, {{"b", b}}, false});
}

/// Of a vector: constant gradients have their own size for their mean square's root, and so steps are of one size.
void add_adafactor(std::vector<Form>& forms) {
  const Options plain = parse_options("adafactor:lr=.3,eps1=1e-6,scale_parameter=false");
  const auto rate = [](int t) { return std::min(0.3, 1 / std::sqrt(t)); };
  const auto square = [](double g, int) { return g * g; };
  forms.push_back(
      {"bounded by 1/√t", plain, constant, [=](double g, int t) { return rate(t) * sign(g); }, {{"v", square}}});
  Options changed = plain;
  changed.set("relative_step", 0.0);
  changed.set("clip_threshold", 0.5);
  changed.set("momentum", 0.7);
  const auto m = [](double g, int t) { return share(0.7, t) * 0.3 * 0.5 * sign(g); };
  forms.push_back({"clipped, a mean of steps", changed, constant, m, {{"m", m}}});
  // 1 − k is 0 in step 1, and (1 − 1/2)(1 − 1/3)… = 1/t with k = 1/t.
  changed = plain;
  changed.set("beta2_decay", -1.0);
  const auto fading = [](double g, int t) { return g * g / t; };
  forms.push_back(
      {"one gradient", changed, once, [](double g, int t) { return t == 1 ? 0.3 * sign(g) : 0; }, {{"v", fading}}});
}

}  // namespace

std::vector<Form> forms() {
  std::vector<Form> all;
  add_sgd(all);
  add_rmsprop(all);
  add_sums_and_means_of_squares(all);
  add_adam<Adam>(all);
  add_adam<AdamW>(all);
  add_adam<AMSGrad>(all);
  add_adams_relatives(all);
  add_signs(all);
  add_layerwise(all);
  add_adafactor(all);
  return all;
}

}  // namespace thalweg::tests
