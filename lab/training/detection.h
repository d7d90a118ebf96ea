// Detection: how a model of spoken words does when it must also stay silent: false alarms against misses.
#pragma once

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// The classes `unknown` and `silence` (data/clip_dataset.h) are no keywords; all others are. At a threshold t the
/// model says the keyword with the highest probability (the first of equals), if that is at least t, and else nothing.
struct Detection {
  /// What came of the examples at one threshold.
  struct Point {
    double threshold = 0;
    std::int64_t alarms_unknown = 0;  ///< false alarms: a keyword was said at an unknown word …
    std::int64_t alarms_silence = 0;  ///< … or in silence
    std::int64_t confused = 0;        ///< misses: at a keyword another one was said …
    std::int64_t unheard = 0;         ///< … or none

    bool operator==(const Point&) const = default;
  };
  std::int64_t keywords = 0, unknown = 0, silence = 0;  ///< examples of each
  std::vector<Point> points{};                          ///< by rising threshold, those of detection_thresholds()

  /// Shares of the examples they are of; NaN where there are none.
  double false_alarms(const Point& point) const;  ///< of unknown words and silence together
  double misses(const Point& point) const;        ///< of keywords
  /// The point where the two shares differ least, the first of equals; they are about equal there.
  const Point& equal_point() const;
  /// The point of this threshold, or nullptr.
  const Point* at(double threshold) const;

  /// Adds another model's counts. Only of the same thresholds.
  Detection& operator+=(const Detection& other);
  bool operator==(const Detection&) const = default;
};

/// 0, .01, …, .99, then 1 − 10^(−k/4) up to 1 − 10⁻⁵.
const std::vector<double>& detection_thresholds();

/// Those of tables.
inline constexpr std::array kShownThresholds{.1, .3, .5, .7, .9, .95, .99};

/// Are some of the classes keywords, and some not?
bool has_detection(const std::vector<std::string>& classes);

/// Sees predictions one by one.
class Detector {
 public:
  explicit Detector(const std::vector<std::string>& classes);
  /// Of one example its class and the probability of each class.
  void see(std::int64_t truth, std::span<const float> probabilities);
  Detection detection() const;

 private:
  std::vector<bool> is_keyword_;
  std::int64_t unknown_;
  // Of each example the highest probability of a keyword: by what it is of, and whether that keyword is right.
  std::vector<double> unknown_scores_, silence_scores_, right_, wrong_;
};

void to_json(nlohmann::json& json, const Detection& detection);
/// Throws as nlohmann-json does, or thalweg::Error for counts that cannot be, or thresholds that do not rise.
void from_json(const nlohmann::json& json, Detection& detection);

}  // namespace thalweg::lab
