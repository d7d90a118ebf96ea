// Checks the inclusion of SGD with momentum in RMSprop.
#include "report/inclusion.h"

#include "page/text.h"
#include "report/names.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

// √v is the root mean square of a gradient's element: of a mean loss it is below 1 wherever training works.
constexpr double kLarge = 10;

struct Inclusion {
  const Comparison* pair;
  std::size_t rmsprop, sgd;       // competitors
  double rmsprop_rate, sgd_rate;  // the first divided by ε
  bool corresponds() const { return std::abs(rmsprop_rate - sgd_rate) <= 0.01 * sgd_rate; }
};

double divisor_of(const Options& rmsprop) {
  const double eps = rmsprop.get("eps");
  return rmsprop.get("eps_inside") != 0 ? std::sqrt(eps) : eps;
}

// All that both rules have beside the rate, and what is around them.
bool alike(const Description& rmsprop, const Description& sgd) {
  for (const char* option : {"momentum", "nesterov", "lr_in_momentum", "weight_decay", "maximize"})
    if (rmsprop.options.get(option) != sgd.options.get(option)) return false;
  const bool decouples =
      rmsprop.options.get("decoupled_weight_decay") != 0 || sgd.options.get("decoupled_weight_decay") != 0;
  if (decouples && sgd.options.get("weight_decay") != 0) return false;  // by different rates
  const auto around = [](const Description& description) {
    return Description(Options::of("sgd"), description.settings, description.schedule).text();
  };
  return rmsprop.groups.empty() && sgd.groups.empty() && around(rmsprop) == around(sgd);
}

std::optional<Inclusion> inclusion(const Summary& summary, const Comparison& pair, std::size_t first,
                                   std::size_t second) {
  const std::optional<Description> rmsprop = description_of(summary.competitors[first].options),
                                   sgd = description_of(summary.competitors[second].options);
  if (!rmsprop || !sgd || rmsprop->options.rule().name != "rmsprop" || sgd->options.rule().name != "sgd") return {};
  if (!(rmsprop->options.get("momentum") > 0) || sgd->options.get("dampening") != 0 || !alike(*rmsprop, *sgd))
    return {};
  const double divisor = divisor_of(rmsprop->options);
  if (!(divisor >= kLarge)) return {};
  return Inclusion{&pair, first, second, rmsprop->options.get("lr") / divisor, sgd->options.get("lr")};
}

std::vector<Inclusion> inclusions_of(const Summary& summary) {
  std::vector<Inclusion> all;
  for (const Comparison& pair : summary.comparisons) {
    for (const auto& [first, second] : {std::pair(pair.first, pair.second), std::pair(pair.second, pair.first)})
      if (const auto found = inclusion(summary, pair, first, second)) all.push_back(*found);
  }
  return all;
}

std::string finding(const Inclusion& found, const Metric& metric) {
  if (!found.corresponds()) {
    return fmt::format(
        "Their rates do not correspond (lr / ε = {} against {}), so that they need not agree: a grid that has both "
        "would tell.",
        learning_rate(found.rmsprop_rate), learning_rate(found.sgd_rate));
  }
  const Comparison& pair = *found.pair;
  if (pair.verdict == Verdict::too_few_seeds)
    return fmt::format("Their rates correspond; below {} common seeds nothing can be told.", kSeedsForVerdict);
  const std::string interval =
      fmt::format("{} to {}", signed_text(metric, pair.interval.low), signed_text(metric, pair.interval.high));
  return pair.verdict == Verdict::no_difference
             ? fmt::format("They agree: the interval of their difference, {}, contains 0.", interval)
             : fmt::format("They do not agree, although they should: the interval of their difference is {}.",
                           interval);
}

}  // namespace

bool has_inclusions(const Summary& summary) { return !inclusions_of(summary).empty(); }

std::string inclusions_html(const Summary& summary, Charts&) {
  std::string html =
      "<h3>Inclusion</h3><p class=\"note\">Where ε is far greater than √v, RMSprop with momentum is SGD with the same "
      "momentum at the rate lr / ε.</p>";
  for (const Inclusion& found : inclusions_of(summary)) {
    html += fmt::format("<p>{} and {}: {}</p>", name_html(summary.competitors[found.rmsprop].name),
                        name_html(summary.competitors[found.sgd].name), finding(found, summary.metric()));
  }
  return html;
}

}  // namespace thalweg::lab
