// Draws rate maps.
#include "report/rate_map.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/names.h"
#include "report/shades.h"

#include <thalweg/description.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace thalweg::lab {
namespace {

// What its tuning trials ran, which differ in the rate alone: with the rule's own rate.
std::optional<Description> tuned_description(const Competitor& competitor) {
  if (competitor.tuning.empty()) return {};
  std::optional<Description> description = description_of(competitor.tuning.front()->config.optimizer);
  if (description) description->options.set("lr", Options(description->options.rule()).get("lr"));
  return description;
}

const LearningRatePoint* at(const Competitor& competitor, double lr) {
  const auto found =
      std::ranges::find_if(competitor.learning_rates, [&](const LearningRatePoint& point) { return point.lr == lr; });
  return found == competitor.learning_rates.end() ? nullptr : &*found;
}

bool share_rates(const Competitor& first, const Competitor& second) {
  return std::ranges::count_if(first.learning_rates, [&](const LearningRatePoint& point) {
           return point.lr > 0 && at(second, point.lr) != nullptr;
         }) >= 2;
}

std::set<double> rates_of(const Family& family, std::span<const Competitor> competitors) {
  std::set<double> rates;
  for (const Family::Member& member : family.members) {
    for (const LearningRatePoint& point : competitors[member.competitor].learning_rates)
      if (point.lr > 0) rates.insert(point.lr);
  }
  return rates;
}

// As far down as a quarter of the cells: those that are hopeless must not take the shades of those that matter.
struct Scale {
  double low = 0, high = 0;

  double part(double value) const { return high == low ? 1 : std::clamp((value - low) / (high - low), 0.0, 1.0); }
};

std::optional<Scale> scale_of(const Family& family, std::span<const Competitor> competitors, const Metric& metric) {
  std::vector<double> values;
  for (const Family::Member& member : family.members) {
    for (const LearningRatePoint& point : competitors[member.competitor].learning_rates)
      if (point.lr > 0 && point.value) values.push_back(*point.value);
  }
  if (values.empty()) return {};
  const bool higher = metric.better == Better::higher;
  return Scale{quantile(values, higher ? 0.25 : 0.75), higher ? std::ranges::max(values) : std::ranges::min(values)};
}

bool has_diverged(const LearningRatePoint& point) { return !point.value && point.diverged > 0; }

std::string cell_text(const LearningRatePoint* point, const Metric& metric) {
  if (point == nullptr) return "–";
  if (point->value) return plain_text(metric, *point->value);
  return has_diverged(*point) ? "diverged" : "–";
}

std::string row_svg(const Competitor& competitor, const std::set<double>& rates, const Scale& scale,
                    const Metric& metric) {
  std::string cells, label;
  std::size_t column = 0;
  for (const double lr : rates) {
    const LearningRatePoint* point = at(competitor, lr);
    const std::string text = cell_text(point, metric);
    label += fmt::format("{}{} at {}", label.empty() ? "" : ", ", text, learning_rate(lr));
    std::string look;
    if (point != nullptr && point->value) look = shade(scale.part(*point->value));
    if (point != nullptr && has_diverged(*point)) look = "class=\"broken\"";
    if (!look.empty()) {
      cells += fmt::format("<rect x=\"{}\" width=\"1\" height=\"1\" {}><title>{}: {}</title></rect>", column, look,
                           learning_rate(lr), text);
    }
    ++column;
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {} 1\" preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\" width=\"100%\" "
      "height=\"34\" role=\"img\" aria-label=\"{}\">{}</svg>",
      rates.size(), label, cells);
}

std::string axis(const std::set<double>& rates) {
  std::string html = "<div class=\"heat-name\"></div><div class=\"dots-axis\" aria-hidden=\"true\">";
  // No more than there is room for on a phone.
  const std::size_t every = (rates.size() + 5) / 6;
  std::size_t column = 0;
  for (const double lr : rates) {
    if (column % every == 0) {
      html +=
          fmt::format("<span style=\"left:{:.2f}%\">{}</span>",
                      (static_cast<double>(column) + 0.5) / static_cast<double>(rates.size()) * 100, learning_rate(lr));
    }
    ++column;
  }
  return html + "</div>";
}

std::string numbers(const Family& family, std::span<const Competitor> competitors, const std::set<double>& rates,
                    const Metric& metric) {
  std::vector<std::string> heads{"learning rate"};
  for (const Family::Member& member : family.members)
    heads.push_back(fmt::format("{} {:g}", family.option, member.value));
  std::string rows;
  for (const double lr : rates) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", learning_rate(lr));
    for (const Family::Member& member : family.members) {
      const Competitor& competitor = competitors[member.competitor];
      const std::string text = cell_text(at(competitor, lr), metric);
      rows += html_cell(competitor.lr == lr ? "<strong>" + text + " (chosen)</strong>" : text);
    }
    rows += "</tr>";
  }
  const std::string title = fmt::format("Learning rate and {}", family.option);
  return fmt::format("<details><summary>{}: the numbers</summary>{}</details>", title,
                     html_table(title + ", table", html_columns(heads), rows));
}

std::string map_html(const Family& family, const Summary& summary) {
  const Metric& metric = summary.metric();
  const std::span<const Competitor> competitors = summary.competitors;
  const std::optional<Scale> scale = scale_of(family, competitors, metric);
  if (!scale) return {};
  const std::set<double> rates = rates_of(family, competitors);
  bool any_diverged = false;
  std::string rows;
  for (const Family::Member& member : family.members) {
    const Competitor& competitor = competitors[member.competitor];
    any_diverged |= std::ranges::any_of(competitor.learning_rates, has_diverged);
    rows += fmt::format("<div class=\"heat-name\">{} {:g}</div><div>{}</div>", family.option, member.value,
                        row_svg(competitor, rates, *scale, metric));
  }
  const std::string at_most = metric.better == Better::higher ? " or less" : " or more";
  return fmt::format(
      "<figure><figcaption><h3>Learning rate and {}</h3><p>Validation {} with which the tuning runs of {} ended "
      "(median over the tuning seeds): the darker, the better.</p></figcaption>{}<div class=\"heat c0\">{}{}</div>"
      "<p class=\"unit\">learning rate</p>{}</figure>",
      family.option, metric.title, name_html(family.optimizer),
      shades_legend(value_text(metric, scale->low) + at_most, value_text(metric, scale->high),
                    any_diverged ? "diverged" : ""),
      rows, axis(rates), numbers(family, competitors, rates, metric));
}

}  // namespace

std::vector<Family> families_of(std::span<const Competitor> competitors) {
  // All that have the same text but for one option; the option's place among them is their order of appearance.
  std::vector<std::pair<std::string, Family>> found;
  for (std::size_t i = 0; i < competitors.size(); ++i) {
    const std::optional<Description> description = tuned_description(competitors[i]);
    if (!description) continue;
    for (const OptionInfo& option : description->options.rule().options) {
      if (option.name == "lr" || option.type == OptionType::boolean) continue;
      Description others = *description;
      others.options.set(option.name, option.default_value);
      const std::string key = fmt::format("{} {}", option.name, others.text());
      auto place = std::ranges::find_if(found, [&](const auto& each) { return each.first == key; });
      if (place == found.end()) {
        place = found.insert(found.end(),
                             {key, {.option = std::string(option.name), .optimizer = others.text(), .members = {}}});
      }
      place->second.members.push_back({.value = description->options.get(option.name), .competitor = i});
    }
  }
  std::vector<Family> families;
  for (auto& [key, family] : found) {
    const Competitor& first = competitors[family.members.front().competitor];
    std::erase_if(family.members,
                  [&](const Family::Member& member) { return !share_rates(first, competitors[member.competitor]); });
    std::ranges::stable_sort(family.members, {}, &Family::Member::value);
    if (family.members.size() > 1) families.push_back(std::move(family));
  }
  return families;
}

bool has_families(const Summary& summary) { return !families_of(summary.competitors).empty(); }

std::string rate_maps_html(const Summary& summary, Charts&) {
  std::string html;
  for (const Family& family : families_of(summary.competitors)) html += map_html(family, summary);
  return html;
}

}  // namespace thalweg::lab
