// Review: what a trained model got right and wrong on the test part, as the report shows it.
#pragma once

#include "risk/column_effect.h"
#include "risk/drift.h"
#include "risk/risk.h"
#include "tasks/metric.h"
#include "training/detection.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// How many examples of class `truth` were taken for `prediction`; both are indices into Review::classes.
struct Confusion {
  std::int64_t truth = 0, prediction = 0, count = 0;

  bool operator==(const Confusion&) const = default;
};

/// One number that was predicted.
struct NumberPair {
  double truth = 0, prediction = 0;  ///< in the target's units

  bool operator==(const NumberPair&) const = default;
};

/// One of the examples that a model got most wrong.
struct Miss {
  std::int64_t row = 0;              ///< its place in the test part, from 1: the row of `predict --part test`
  double truth = 0, prediction = 0;  ///< numbers, or indices into Review::classes
  double probability = 0;            ///< that the model gave the true class; 0 of numbers
  std::string inputs{};              ///< a table's values in words; may be empty
  std::string picture{};             ///< of an image: a PNG file in base64; else empty

  bool operator==(const Miss&) const = default;
};

/// What a simple rival reaches on the same examples.
struct Baseline {
  std::string name;       ///< for people: `popularity`
  MetricValues values{};  ///< those that it has

  bool operator==(const Baseline&) const = default;
};

/// Of classes `classes`, `confusions` and `misses` are there; of numbers `pairs` and `misses`; of characters the texts.
struct Review {
  std::int64_t examples = 0;            ///< of the test part
  std::vector<std::string> classes{};   ///< names
  std::vector<Confusion> confusions{};  ///< those that occur, by truth, then by prediction
  std::vector<NumberPair> pairs{};      ///< evenly out of all, kMostPairs at most
  std::vector<Miss> misses{};           ///< worst first, kMostMisses at most; of classes only what was taken for others
  std::string prompt{}, continuation{};  ///< how the test part begins, and what the model writes behind it
  std::vector<Baseline> baselines{};     ///< simple rivals
  std::vector<std::string> notes{};      ///< how metrics were measured, where that has to be said: whole sentences

  std::optional<RiskReview> risk{};        ///< of two classes
  std::optional<ColumnEffects> effects{};  ///< of a table
  std::optional<Drift> drift{};            ///< of a table, between training and test part
  std::optional<Detection> detection{};    ///< of spoken words, where some classes are none

  bool operator==(const Review&) const = default;
};

constexpr std::int64_t kMostPairs = 500;
constexpr std::size_t kMostMisses = 24;
constexpr std::int64_t kReviewCharacters = 400;  ///< of the continuation …
constexpr double kReviewTemperature = 0.7;       ///< … and the temperature that they are drawn at

/// How well one class is told from the others.
struct ClassScore {
  std::int64_t examples = 0, predicted = 0, correct = 0;

  double precision() const;  ///< correct / predicted; NaN where nothing was predicted to be of it
  double recall() const;     ///< correct / examples; NaN where there are none
  double f1() const;         ///< 2 correct / (examples + predicted) (van Rijsbergen 1979); NaN where both are 0
};
/// Of each class.
std::vector<ClassScore> class_scores(const Review& review);

void to_json(nlohmann::json& json, const Review& review);
/// Throws as nlohmann-json does, or thalweg::Error for a class that is none.
void from_json(const nlohmann::json& json, Review& review);

}  // namespace thalweg::lab
