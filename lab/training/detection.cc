// Detection: how a model of spoken words does when it must also stay silent: false alarms against misses.
#include "training/detection.h"

#include "data/clip_dataset.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace thalweg::lab {
namespace {

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::numeric_limits<double>::quiet_NaN();
}

bool is_keyword(const std::string& name) { return name != kUnknownWord && name != kSilence; }

std::int64_t at_least(const std::vector<double>& scores, double threshold) {
  return std::ranges::count_if(scores, [&](double score) { return score >= threshold; });
}

}  // namespace

double Detection::false_alarms(const Point& point) const {
  return share(point.alarms_unknown + point.alarms_silence, unknown + silence);
}
double Detection::misses(const Point& point) const { return share(point.confused + point.unheard, keywords); }

const Detection::Point& Detection::equal_point() const {
  return *std::ranges::min_element(points, {},
                                   [&](const Point& point) { return std::abs(false_alarms(point) - misses(point)); });
}

const Detection::Point* Detection::at(double threshold) const {
  const auto place = std::ranges::find(points, threshold, &Point::threshold);
  return place == points.end() ? nullptr : &*place;
}

Detection& Detection::operator+=(const Detection& other) {
  keywords += other.keywords;
  unknown += other.unknown;
  silence += other.silence;
  for (std::size_t i = 0; i < points.size() && i < other.points.size(); ++i) {
    points[i].alarms_unknown += other.points[i].alarms_unknown;
    points[i].alarms_silence += other.points[i].alarms_silence;
    points[i].confused += other.points[i].confused;
    points[i].unheard += other.points[i].unheard;
  }
  return *this;
}

const std::vector<double>& detection_thresholds() {
  static const std::vector<double> all = [] {
    std::vector<double> thresholds;
    for (int i = 0; i < 100; ++i) thresholds.push_back(i / 100.0);
    for (int k = 9; k <= 20; ++k) thresholds.push_back(1 - std::pow(10, -k / 4.0));
    return thresholds;
  }();
  return all;
}

bool has_detection(const std::vector<std::string>& classes) {
  return std::ranges::any_of(classes, is_keyword) && !std::ranges::all_of(classes, is_keyword);
}

Detector::Detector(const std::vector<std::string>& classes)
    : unknown_(std::ranges::find(classes, kUnknownWord) - classes.begin()) {
  for (const std::string& name : classes) is_keyword_.push_back(is_keyword(name));
}

void Detector::see(std::int64_t truth, std::span<const float> probabilities) {
  std::int64_t word = -1;
  double score = -1;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (!is_keyword_[i] || static_cast<double>(probabilities[i]) <= score) continue;
    score = static_cast<double>(probabilities[i]);
    word = static_cast<std::int64_t>(i);
  }
  if (is_keyword_[static_cast<std::size_t>(truth)]) {
    (word == truth ? right_ : wrong_).push_back(score);
  } else {
    (truth == unknown_ ? unknown_scores_ : silence_scores_).push_back(score);
  }
}

Detection Detector::detection() const {
  Detection detection{.keywords = std::ssize(right_) + std::ssize(wrong_),
                      .unknown = std::ssize(unknown_scores_),
                      .silence = std::ssize(silence_scores_)};
  for (const double threshold : detection_thresholds()) {
    const std::int64_t right = at_least(right_, threshold), wrong = at_least(wrong_, threshold);
    detection.points.push_back({.threshold = threshold,
                                .alarms_unknown = at_least(unknown_scores_, threshold),
                                .alarms_silence = at_least(silence_scores_, threshold),
                                .confused = wrong,
                                .unheard = detection.keywords - right - wrong});
  }
  return detection;
}

void to_json(nlohmann::json& json, const Detection& detection) {
  json = {{"keywords", detection.keywords}, {"unknown", detection.unknown}, {"silence", detection.silence}};
  json["points"] = nlohmann::json::array();
  for (const Detection::Point& point : detection.points) {
    json["points"].push_back(
        {point.threshold, point.alarms_unknown, point.alarms_silence, point.confused, point.unheard});
  }
}

void from_json(const nlohmann::json& json, Detection& detection) {
  detection = {};
  json.at("keywords").get_to(detection.keywords);
  json.at("unknown").get_to(detection.unknown);
  json.at("silence").get_to(detection.silence);
  const auto count = [&](const nlohmann::json& number, std::int64_t most) {
    const std::int64_t value = number.get<std::int64_t>();
    if (value < 0 || value > most) throw Error(fmt::format("detection: {} of {} examples", value, most));
    return value;
  };
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  for (const char* const name : {"keywords", "unknown", "silence"}) count(json.at(name), kMost);
  double before = -1;
  for (const nlohmann::json& each : json.at("points")) {
    Detection::Point& point = detection.points.emplace_back();
    each.at(0).get_to(point.threshold);
    if (!(point.threshold > before && point.threshold <= 1)) {
      throw Error(
          fmt::format("detection: threshold {} behind {}; expected rising ones in [0, 1]", point.threshold, before));
    }
    before = point.threshold;
    point.alarms_unknown = count(each.at(1), detection.unknown);
    point.alarms_silence = count(each.at(2), detection.silence);
    point.confused = count(each.at(3), detection.keywords);
    point.unheard = count(each.at(4), detection.keywords - point.confused);
  }
  if (detection.points.empty()) throw Error("detection: there are no thresholds");
}

}  // namespace thalweg::lab
