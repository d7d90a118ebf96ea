// Makes reviews out of evaluations.
#include "training/reviewer.h"

#include "data/example_view.h"
#include "training/evaluate.h"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace thalweg::lab {
namespace {

std::string base64(std::vector<std::uint8_t> bytes) {
  const std::size_t padding = (3 - bytes.size() % 3) % 3;
  bytes.resize(bytes.size() + padding);  // the iterators read whole groups
  using SixBits = boost::archive::iterators::transform_width<std::vector<std::uint8_t>::const_iterator, 6, 8>;
  using Letters = boost::archive::iterators::base64_from_binary<SixBits>;
  std::string text(Letters(bytes.begin()), Letters(bytes.end()));
  return text.replace(text.size() - padding, padding, padding, '=');
}

}  // namespace

Reviewer::Reviewer(const Dataset& dataset, const Scaling& scaling, const Objective& objective, std::size_t examples)
    : dataset_(dataset),
      scaling_(scaling),
      objective_(objective),
      every_(std::max<std::int64_t>(1, (static_cast<std::int64_t>(examples) + kMostPairs - 1) / kMostPairs)) {
  if (dataset.target.kind == TargetKind::label) review_.classes = dataset.target.names();
  if (dataset.inputs.front().kind == InputKind::waveform && has_detection(review_.classes)) {
    detector_.emplace(review_.classes);
  }
}

void Reviewer::see(std::span<const std::int64_t> examples, const torch::Tensor& outputs, const torch::Tensor& target) {
  Predictions predictions;
  switch (dataset_.target.kind) {
    case TargetKind::label:
      objective_.predict(outputs, predictions);
      see_labels(examples, target, predictions);
      break;
    case TargetKind::number:
      if (!dataset_.target.loss.empty()) break;  // of a ranking: scores, which mean nothing by themselves
      objective_.predict(outputs, predictions);
      see_numbers(examples, target, predictions);
      break;
    case TargetKind::characters:  // each is followed by the next one's input
      if (!review_.prompt.empty()) break;
      for (std::int64_t i = 0; i < target.size(1); ++i)
        review_.prompt += dataset_.target.class_names[static_cast<std::size_t>(target.data_ptr<std::int64_t>()[i])];
      break;
  }
  review_.examples += std::ssize(examples);
}

void Reviewer::see_labels(std::span<const std::int64_t> examples, const torch::Tensor& target,
                          const Predictions& predictions) {
  const std::int64_t* truth = target.data_ptr<std::int64_t>();
  const std::size_t classes = review_.classes.size();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::int64_t label = truth[i], prediction = predictions.labels[i];
    ++counts_[{label, prediction}];
    if (detector_) detector_->see(label, std::span(predictions.probabilities).subspan(i * classes, classes));
    if (label == prediction) continue;
    const double probability =
        static_cast<double>(predictions.probabilities[i * classes + static_cast<std::size_t>(label)]);
    keep({.badness = -probability,
          .example = examples[i],
          .miss = {.row = review_.examples + static_cast<std::int64_t>(i) + 1,
                   .truth = static_cast<double>(label),
                   .prediction = static_cast<double>(prediction),
                   .probability = probability}});
  }
}

void Reviewer::see_numbers(std::span<const std::int64_t> examples, const torch::Tensor& target,
                           const Predictions& predictions) {
  const float* scaled = target.data_ptr<float>();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::int64_t row = review_.examples + static_cast<std::int64_t>(i);
    const double truth = scaling_.target_mean + static_cast<double>(scaled[i]) * scaling_.target_deviation;
    const double prediction = predictions.numbers[i];
    if (row % every_ == 0) review_.pairs.push_back({truth, prediction});
    keep({.badness = std::abs(prediction - truth),
          .example = examples[i],
          .miss = {.row = row + 1, .truth = truth, .prediction = prediction}});
  }
}

/// Where it is among the worst; of equal ones the first.
void Reviewer::keep(Seen seen) {
  const auto place = std::ranges::upper_bound(worst_, seen.badness, std::ranges::greater{}, &Seen::badness);
  if (place == worst_.end() && worst_.size() == kMostMisses) return;
  worst_.insert(place, std::move(seen));
  if (worst_.size() > kMostMisses) worst_.pop_back();
}

Review Reviewer::review() {
  for (const auto& [pair, count] : counts_) review_.confusions.push_back({pair.first, pair.second, count});
  for (Seen& seen : worst_) {
    seen.miss.inputs = row_text(dataset_, scaling_, seen.example);
    if (seen.miss.inputs.empty()) seen.miss.inputs = dataset_.examples->name(seen.example);
    seen.miss.picture = base64(picture_of(dataset_, scaling_, seen.example));
    review_.misses.push_back(std::move(seen.miss));
  }
  if (detector_) review_.detection = detector_->detection();
  return std::move(review_);
}

Evaluation evaluate_and_review(Model& model, const Objective& objective, const Dataset& dataset,
                               std::span<const std::int64_t> examples, const Scaling& scaling,
                               const Negatives* negatives) {
  Reviewer reviewer(dataset, scaling, objective, examples.size());
  const Tally tally = evaluate(
      model, objective, dataset, examples, scaling,
      [&](auto part, const auto& outputs, const auto& target) { reviewer.see(part, outputs, target); }, negatives);
  return {tally, reviewer.review()};
}

}  // namespace thalweg::lab
