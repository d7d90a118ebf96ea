// Draws the heat map.
#include "report/heat_map.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/shades.h"
#include "training/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::size_t kTicks = 5;

using Columns = std::vector<const DiagnosticRecord*>;

double rms(const LayerRecord& layer) { return root_mean_square(layer.gradient_norm, layer.elements); }

bool is_broken(const LayerRecord& layer) { return layer.non_finite > 0 || !std::isfinite(layer.gradient_norm); }

/// Powers of ten between which the sizes lie.
struct Scale {
  double low = HUGE_VAL, high = -HUGE_VAL;

  void include(double size) {
    low = std::min(low, std::floor(std::log10(size)));
    high = std::max(high, std::ceil(std::log10(size)) + 0.0);  // no -0
  }
  /// In [0, 1].
  double part(double size) const { return high > low ? (std::log10(size) - low) / (high - low) : 1; }
};

/// As fill and opacity of what a cell shows; nothing of a gradient that is 0.
std::string look_of(const LayerRecord& layer, const Scale& scale) {
  if (is_broken(layer)) return "class=\"broken\"";
  if (!(layer.gradient_norm > 0)) return {};
  return shade(scale.part(rms(layer)));
}

std::string cell_text(const LayerRecord& layer) {
  return is_broken(layer) ? "not finite" : fmt::format("{:.1e}", rms(layer));
}

// Neighbours that look alike are one rectangle.
std::string row_svg(const Columns& columns, std::size_t place, const Scale& scale) {
  const LayerRecord &first = columns.front()->layers[place], &last = columns.back()->layers[place];
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} 1\" preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\" width=\"100%\" "
      "height=\"20\" role=\"img\" aria-label=\"from {} in step {} to {} in step {}\">",
      columns.size(), cell_text(first), columns.front()->step, cell_text(last), columns.back()->step);
  for (std::size_t begin = 0, end = 0; begin < columns.size(); begin = end) {
    const std::string look = look_of(columns[begin]->layers[place], scale);
    for (end = begin + 1; end < columns.size() && look_of(columns[end]->layers[place], scale) == look;) ++end;
    if (!look.empty()) svg += fmt::format("<rect x=\"{}\" width=\"{}\" height=\"1\" {}/>", begin, end - begin, look);
  }
  return svg + "</svg>";
}

std::string axis(const Columns& columns) {
  std::string html = "<div class=\"heat-name\"></div><div class=\"dots-axis\" aria-hidden=\"true\">";
  const std::size_t ticks = std::min(kTicks, columns.size());
  for (std::size_t tick = 0; tick < ticks; ++tick) {
    const std::size_t at = tick * (columns.size() - 1) / std::max<std::size_t>(ticks - 1, 1);
    html += fmt::format("<span style=\"left:{:.2f}%\">{}</span>",
                        (static_cast<double>(at) + 0.5) / static_cast<double>(columns.size()) * 100, columns[at]->step);
  }
  return html + "</div>";
}

std::string numbers(const Columns& columns) {
  std::vector<std::string> heads{"step"};
  for (const LayerRecord& layer : columns.front()->layers)
    heads.push_back("<bdi>" + escape_html(layer.parameter) + "</bdi>");
  std::string rows;
  for (const DiagnosticRecord* column : columns) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", column->step);
    for (const LayerRecord& layer : column->layers) rows += html_cell(cell_text(layer));
    rows += "</tr>";
  }
  return "<details><summary>Gradients by layer: the numbers</summary>" +
         html_table("Gradients by layer, table", html_columns(heads), rows) + "</details>";
}

}  // namespace

std::string heat_map(std::span<const DiagnosticRecord> records) {
  Columns columns;
  for (const DiagnosticRecord& record : records) {
    if (!record.layers.empty() && (columns.empty() || columns.front()->layers.size() == record.layers.size()))
      columns.push_back(&record);
  }
  Scale scale;
  bool any_broken = false;
  for (const DiagnosticRecord* column : columns) {
    for (const LayerRecord& layer : column->layers) {
      if (is_broken(layer)) {
        any_broken = true;
      } else if (layer.gradient_norm > 0) {
        scale.include(rms(layer));
      }
    }
  }
  if (columns.size() < 2 || scale.low > scale.high) return {};
  std::string html =
      "<figure><figcaption><h3>Gradients by layer</h3><p>Root mean square of the elements of each parameter’s "
      "gradient, "
      "before clipping, on a logarithmic scale; empty where all are 0. A column is a step that was looked into: they "
      "are "
      "closer together at the beginning.</p></figcaption>" +
      shades_legend(fmt::format("1e{:.0f}", scale.low), fmt::format("1e{:.0f}", scale.high),
                    any_broken ? "not finite" : "") +
      "<div class=\"heat c0\">";
  for (std::size_t place = 0; place < columns.front()->layers.size(); ++place) {
    html += fmt::format("<div class=\"heat-name\"><bdi>{}</bdi></div><div>{}</div>",
                        escape_html(columns.front()->layers[place].parameter), row_svg(columns, place, scale));
  }
  return html + axis(columns) + "</div><p class=\"unit\">step</p>" + numbers(columns) + "</figure>";
}

}  // namespace thalweg::lab
