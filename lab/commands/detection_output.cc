// False alarms and misses for a terminal and for programs.
#include "commands/detection_output.h"

#include "page/text.h"

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {

Table detection_table(const Detection& detection) {
  Table table({"threshold", "false alarms %", "unknown words %", "silence %", "misses %", "unheard %", "confused %"},
              {true, true, true, true, true, true, true});
  const auto part = [](std::int64_t count, std::int64_t whole) {
    return whole == 0 ? std::string("–") : percent(static_cast<double>(count) / static_cast<double>(whole));
  };
  for (const double threshold : kShownThresholds) {
    const Detection::Point* const point = detection.at(threshold);
    if (point == nullptr) continue;
    table.add({fmt::format("{}", threshold), percent(detection.false_alarms(*point)),
               part(point->alarms_unknown, detection.unknown), part(point->alarms_silence, detection.silence),
               percent(detection.misses(*point)), part(point->unheard, detection.keywords),
               part(point->confused, detection.keywords)});
  }
  return table;
}

nlohmann::json detection_json(const Detection& detection) {
  nlohmann::json points = nlohmann::json::array();
  for (const Detection::Point& point : detection.points) {
    points.push_back({{"threshold", point.threshold},
                      {"false_alarms", detection.false_alarms(point)},
                      {"misses", detection.misses(point)},
                      {"alarms_unknown", point.alarms_unknown},
                      {"alarms_silence", point.alarms_silence},
                      {"confused", point.confused},
                      {"unheard", point.unheard}});
  }
  return {{"keywords", detection.keywords},
          {"unknown", detection.unknown},
          {"silence", detection.silence},
          {"points", points}};
}

}  // namespace thalweg::lab
