// ranking: what a user chose stands above items that were drawn, by one of two losses.
#include "tasks/entries.h"
#include "tasks/objective.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace thalweg::lab {
namespace {

/// log(1 + exp(x)), without overflow.
double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

double sigmoid(double x) { return x > 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

/// Outputs are scores of [batch, 1 + k] items, the first of which was chosen. A target is log(unseen / k): how many
/// items of the user's each drawn one stands for (training/negatives.h).
///
/// - bpr: Bayesian personalised ranking (Rendle et al. 2009, "BPR", eq. 4, without its regularisation): the mean over
/// the
///   drawn items of −log σ(s₀ − sⱼ).
/// - softmax: −log of the chosen one's share, exp(s₀) / (exp(s₀) + unseen / k · Σ exp(sⱼ)): the sum over all unseen
/// items
///   is estimated by those drawn, each of which has the same probability (Bengio and Senécal 2008, "Adaptive Importance
///   Sampling", section III; Jean et al. 2015, eq. 8).
class Ranking : public Objective {
 public:
  explicit Ranking(bool is_softmax) : is_softmax_(is_softmax) {}

  std::int64_t outputs() const override { return 1; }

  Tally score(const torch::Tensor& outputs, const torch::Tensor& target, torch::Tensor* gradient,
              bool /*ranked*/) const override {
    const std::int64_t rows = outputs.size(0);
    const auto width = static_cast<std::size_t>(outputs.size(1));
    std::vector<float> unused(width);
    Tally tally{.examples = rows};
    if (width < 2) return tally;  // nothing was drawn
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::span scores(outputs.data_ptr<float>() + i * outputs.size(1), width);
      const std::span to =
          gradient != nullptr ? std::span(gradient->data_ptr<float>() + i * outputs.size(1), width) : std::span(unused);
      const double weight = 1 / static_cast<double>(rows);
      tally.loss += is_softmax_ ? softmax(scores, static_cast<double>(target.data_ptr<float>()[i]), weight, to)
                                : bpr(scores, weight, to);
    }
    return tally;
  }

  MetricValues values(const Tally& tally) const override { return {{"loss", tally.mean_loss()}}; }

  void predict(const torch::Tensor& outputs, Predictions& predictions) const override {
    for (std::int64_t i = 0; i < outputs.size(0); ++i)
      predictions.numbers.push_back(static_cast<double>(outputs.data_ptr<float>()[i * outputs.size(1)]));
  }

 private:
  static double bpr(std::span<const float> scores, double weight, std::span<float> gradient) {
    const double each = weight / static_cast<double>(scores.size() - 1);
    double loss = 0, sum = 0;
    for (std::size_t j = 1; j < scores.size(); ++j) {
      const double behind = static_cast<double>(scores[j]) - static_cast<double>(scores[0]);
      loss += softplus(behind);
      const double slope = sigmoid(behind) * each;
      gradient[j] = static_cast<float>(slope);
      sum += slope;
    }
    gradient[0] = static_cast<float>(-sum);
    return loss / static_cast<double>(scores.size() - 1);
  }

  static double softmax(std::span<const float> scores, double log_weight, double weight, std::span<float> gradient) {
    const auto shifted = [&](std::size_t j) { return static_cast<double>(scores[j]) + (j > 0 ? log_weight : 0); };
    double most = shifted(0), sum = 0;
    for (std::size_t j = 1; j < scores.size(); ++j) most = std::max(most, shifted(j));
    for (std::size_t j = 0; j < scores.size(); ++j) sum += std::exp(shifted(j) - most);
    for (std::size_t j = 0; j < scores.size(); ++j)
      gradient[j] = static_cast<float>((std::exp(shifted(j) - most) / sum - (j == 0 ? 1 : 0)) * weight);
    return most + std::log(sum) - shifted(0);
  }

  bool is_softmax_;
};

}  // namespace

Task ranking_task() {
  return {.name = "ranking",
          .loss = "of a choice among drawn items (nats)",
          .metrics = {"ndcg@10", "recall@10"},
          .example = "rating",
          .target = TargetKind::number,
          .objective = [](const Target& target, const ObjectiveOptions&) -> std::unique_ptr<Objective> {
            return std::make_unique<Ranking>(target.loss == "softmax");
          }};
}

}  // namespace thalweg::lab
