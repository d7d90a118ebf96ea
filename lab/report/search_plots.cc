// Draws a search's values.
#include "report/search_plots.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/parameter_axis.h"
#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostDots = 600, kMostRows = 300;

// For whoever points at a mark.
std::string title_of(const TuneTrial& trial, const Search& search) {
  const std::string value = trial.value ? value_text(*search.metric, *trial.value) : to_string(trial.state);
  return escape_html(fmt::format("trial {}: {}{}; {}", trial.number, value,
                                 trial.state == TrialState::pruned ? ", stopped early" : "",
                                 parameters_text(trial, search.space)));
}

bool is_lost(const TuneTrial& trial) {
  return trial.state == TrialState::diverged || trial.state == TrialState::failed;
}

// Trials with a mark: those that have begun.
std::vector<std::size_t> marked(const Search& search) {
  std::vector<std::size_t> trials;
  for (std::size_t i = 0; i < search.trials.size(); ++i) {
    const TuneTrial& trial = search.trials[i];
    if (is_lost(trial) || (trial.value && trial.state != TrialState::unfinished)) trials.push_back(i);
  }
  return trials;
}

std::string mark(const TuneTrial& trial, double x, double part, const ValueAxis& axis, const Search& search) {
  const std::string title = title_of(trial, search);
  if (trial.state == TrialState::failed) return sign(x, axis.edge(), "+", title);
  if (trial.state == TrialState::diverged) return sign(x, axis.edge(), "×", title);
  return dot(x, axis.place(*trial.value), part, trial.state == TrialState::pruned ? "ring" : "dot", title);
}

// What the marks are, as far as there are any.
std::string key_html(const Search& search) {
  std::string html;
  const auto add = [&](TrialState state, const char* character, bool is_sign, const char* meaning) {
    if (search.count(state) > 0)
      html += fmt::format("<li><b class=\"{}\" aria-hidden=\"true\">{}</b> {}</li>", is_sign ? "sign" : "dot",
                          character, meaning);
  };
  add(TrialState::complete, "●", false, "complete");
  add(TrialState::pruned, "○", false, "stopped early: its value is of a shorter training");
  add(TrialState::diverged, "×", true, "diverged");
  add(TrialState::failed, "+", true, "failed");
  return "<ul class=\"key\">" + html + "</ul>";
}

std::string details(const std::string& title, const std::string& head, const std::string& rows) {
  return fmt::format("<details><summary>{0}: the numbers</summary>{1}</details>", title,
                     html_table(title + ", table", head, rows));
}

std::string value_cell(const TuneTrial& trial, const Search& search) {
  if (!trial.value) return html_cell(to_string(trial.state));
  const std::string state = trial.state == TrialState::complete ? "" : " <small>" + to_string(trial.state) + "</small>";
  return html_cell(plain_text(*search.metric, *trial.value) + state);
}

std::string rows_note(std::size_t rows) {
  return rows > kMostRows ? fmt::format("<p class=\"note\">The first {} of {} rows.</p>", kMostRows, rows) : "";
}

std::string slice_html(const Search& search, std::size_t dimension, const Sample& sample, const ValueAxis& y) {
  const Dimension& range = search.space.dimensions[dimension];
  const ParameterAxis x(range);
  const std::string name = isolated(range.name), plain_name = escape_html(range.name);
  std::string marks;
  std::size_t drawn = 0;
  for (const std::size_t i : sample.trials) {
    const std::optional<double> value = search.points[i][dimension];
    if (!value) continue;
    ++drawn;
    double place = x.place(value);
    // Side by side in their column, by number, so that they do not hide each other.
    if (x.is_choice()) {
      const double width = 60 / static_cast<double>(range.choices.size());
      place += width *
               (static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(search.trials.size() - 1, 1)) - 0.5);
    }
    marks +=
        mark(search.trials[i], place, static_cast<double>(i) / static_cast<double>(search.trials.size()), y, search);
  }
  if (drawn == 0) return {};
  std::vector<std::size_t> rows_of;
  for (std::size_t i = 0; i < search.trials.size(); ++i)
    if (search.points[i][dimension]) rows_of.push_back(i);
  std::ranges::stable_sort(rows_of, {}, [&](std::size_t i) { return *search.points[i][dimension]; });
  std::string rows;
  for (std::size_t i = 0; i < std::min(rows_of.size(), kMostRows); ++i) {
    const TuneTrial& trial = search.trials[rows_of[i]];
    rows +=
        fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>{}</tr>",
                    isolated(parameter_text(trial.parameters.at(range.name))), trial.number, value_cell(trial, search));
  }
  const std::string label = fmt::format("{} trials: {} against {}", drawn, escape_html(search.title), plain_name);
  const std::vector<Axis::Tick> y_ticks = y.axis.ticks();
  return fmt::format(
      "<figure><figcaption><h4>{}</h4></figcaption>{}{}{}</figure>", name,
      plot_html({.x = x.ticks(),
                 .y = y_ticks,
                 .x_label = name + (range.condition ? ", where it counts" : "") + (range.log ? " (logarithmic)" : ""),
                 .columns = x.is_choice()},
                plot_svg(label, y_ticks, marks)),
      details(plain_name, html_columns({name, "trial", search.axis_html()}), rows), rows_note(rows_of.size()));
}

}  // namespace

bool has_several(const Search& search) { return search.trials.size() > 1 && value_axis(search).has_value(); }

std::string history_html(const Search& search, nlohmann::json&) {
  const ValueAxis y = *value_axis(search);
  const Dimension numbers{.name = "trial",
                          .kind = DimensionKind::integer,
                          .low = static_cast<double>(search.trials.front().number),
                          .high = static_cast<double>(search.trials.back().number),
                          .choices = {}};
  const ParameterAxis x(numbers);
  const auto place = [&](std::size_t trial) { return x.place(static_cast<double>(search.trials[trial].number)); };
  std::string marks, rows;
  std::optional<std::size_t> so_far;  // the best
  const auto go_on = [&](double to) {
    marks += stroke(place(*so_far), y.place(*search.trials[*so_far].value), to, y.place(*search.trials[*so_far].value),
                    "so-far");
  };
  for (std::size_t i = 0; i < search.trials.size(); ++i) {
    const TuneTrial& trial = search.trials[i];
    const bool better = trial.state == TrialState::complete && trial.value &&
                        (!so_far || search.metric->is_better(*trial.value, *search.trials[*so_far].value));
    if (!better) continue;
    if (so_far) {
      go_on(place(i));
      marks += stroke(place(i), y.place(*search.trials[*so_far].value), place(i), y.place(*trial.value), "so-far");
    }
    so_far = i;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", trial.number,
                        plain_text(*search.metric, *trial.value));
  }
  if (so_far) go_on(100);
  const Sample sample = sample_of(search, marked(search), kMostDots);
  for (const std::size_t i : sample.trials) marks += mark(search.trials[i], place(i), 1, y, search);
  const std::vector<Axis::Tick> y_ticks = y.axis.ticks();
  const std::string label =
      fmt::format("{} of {} trials by number, and the best so far", escape_html(search.title), sample.trials.size());
  return fmt::format(
      "<figure><figcaption><h3>History</h3><p>Each trial’s {} by its number; the line is the best so far. {} "
      "{}</p></figcaption>{}{}{}</figure>",
      search.axis_html(), y.text(), sample.text(),
      plot_html({.x = x.ticks(), .y = y_ticks, .x_label = "trial"}, plot_svg(label, y_ticks, marks)), key_html(search),
      rows.empty() ? "" : details("Each new best", html_columns({"trial", search.axis_html()}), rows));
}

bool has_shares(const Search& search) {
  return std::ranges::any_of(search.shares, [](double share) { return share > 0; });
}

std::string importance_html(const Search& search, nlohmann::json&) {
  std::string bars;
  for (const std::size_t i : search.by_share) {
    const double share = 100 * search.shares[i];
    bars += fmt::format(
        "<dt>{}</dt><dd><svg aria-hidden=\"true\"><rect width=\"{:.2f}%\" height=\"100%\"/></svg><span>{:.0f} "
        "%</span></dd>",
        isolated(search.space.dimensions[i].name), share, share);
  }
  return fmt::format(
      "<h3>Importance</h3><dl class=\"bars c0\">{}</dl><p class=\"note\">How much of the differences between trials a "
      "parameter explains by itself: ε² of the values’ ranks over its choices, or over groups of its values (analysis "
      "of variance, less what groups explain by chance). Shares need not add up to 100 %: what parameters do together "
      "counts for none of them, and one that the sampler hardly varied looks less important than it is.</p>",
      bars);
}

std::string slices_html(const Search& search, nlohmann::json&) {
  const ValueAxis y = *value_axis(search);
  const Sample sample = sample_of(search, marked(search), kMostDots);
  std::string figures;
  for (const std::size_t dimension : search.by_share) figures += slice_html(search, dimension, sample, y);
  if (figures.empty()) return {};
  return fmt::format(
      "<h3>One parameter at a time</h3><p class=\"note\">Each trial’s {} against one of its parameters; the later the "
      "trial, the darker. The others differ as well. {} {}</p>{}<div class=\"charts\">{}</div>",
      search.axis_html(), y.text(), sample.text(), key_html(search), figures);
}

}  // namespace thalweg::lab
