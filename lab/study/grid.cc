// Grows a grid of learning rates.
#include "study/grid.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace thalweg::lab {
namespace {

/// To three digits: 0.3 / 0.1 is not 3 in binary.
double neat(double rate) {
  const std::string text = fmt::format("{:.2e}", rate);
  std::from_chars(text.data(), text.data() + text.size(), rate);
  return rate;
}

// With two ratios in turn, the next is the last but one. A grid of two rates has one ratio; one of a single rate has no
// edge.
double above(std::span<const double> rates) {
  const std::size_t n = rates.size();
  return neat(rates[n - 1] * (n > 2 ? rates[n - 2] / rates[n - 3] : rates[n - 1] / rates[n - 2]));
}

double below(std::span<const double> rates) {
  return neat(rates[0] * (rates.size() > 2 ? rates[1] / rates[2] : rates[0] / rates[1]));
}

}  // namespace

Grid::Grid(std::vector<double> begun, bool grows)
    : begun_(std::move(begun)), rates_(begun_), grows_(grows && begun_.size() > 1) {}

void Grid::extend(int below_count, int above_count) {
  below_ = std::min(below_count, kMostRatesASide);
  above_ = std::min(above_count, kMostRatesASide);
  rates_ = begun_;
  for (int i = 0; i < below_; ++i) rates_.insert(rates_.begin(), below(rates_));
  for (int i = 0; i < above_; ++i) rates_.push_back(above(rates_));
}

void Grid::resume(const nlohmann::json& outcome) {
  if (!grows_ || !outcome.is_object()) return;
  const auto found = outcome.find("grid");
  if (found == outcome.end() || !found->is_array()) return;
  int below_count = 0, above_count = 0;
  for (const nlohmann::json& rate : *found) {
    if (!rate.is_number()) continue;
    below_count += rate.get<double>() < begun_.front() ? 1 : 0;
    above_count += rate.get<double>() > begun_.back() ? 1 : 0;
  }
  extend(below_count, above_count);
}

std::vector<double> Grid::grow(std::span<const Choice> choices) {
  if (!grows_) return {};
  const auto chosen = [&](double rate) {
    return std::ranges::any_of(choices, [&](const Choice& choice) { return choice.lr == rate; });
  };
  const bool lower = below_ < kMostRatesASide && chosen(rates_.front());
  const bool higher = above_ < kMostRatesASide && chosen(rates_.back());
  extend(below_ + (lower ? 1 : 0), above_ + (higher ? 1 : 0));
  std::vector<double> added;
  if (lower) added.push_back(rates_.front());
  if (higher) added.push_back(rates_.back());
  return added;
}

}  // namespace thalweg::lab
