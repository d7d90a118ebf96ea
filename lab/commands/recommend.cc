// What a run's model recommends to a user.
#include "commands/recommend.h"

#include "commands/exit.h"
#include "data/ratings_dataset.h"
#include "report/csv_field.h"
#include "training/ranking.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace thalweg::lab {
namespace {

/// Its code. Throws Error.
std::int64_t code_of(const std::string& user, const std::vector<std::string>& ids, const Scaling& scaling) {
  const std::int64_t code = std::ranges::find(ids, user) - ids.begin() + 1;
  if (std::ranges::binary_search(scaling.known.at(0), code)) return code;
  std::vector<std::string> known;  // the data may have others, in the test part alone
  for (const std::int64_t each : scaling.known.at(0)) known.push_back(ids.at(static_cast<std::size_t>(each) - 1));
  throw Error(
      fmt::format("--user {}: is not among the {} users of the training part{}; nothing is known of others until "
                  "the run is trained anew with ratings of theirs",
                  printable(user), known.size(), suggest(user, known)));
}

}  // namespace

std::string recommended_text(const TrainedModel& trained, const TrainedRunFlags& flags, const std::string& user,
                             std::int64_t top, bool json) {
  const Checkpoint& checkpoint = trained.checkpoint;
  if (!has_ratings(checkpoint.dataset) || !can_rank(*trained.model)) {
    throw UsageError(fmt::format("--user: is for runs of --model factorization on ratings; this one has {} on {}",
                                 checkpoint.config.model, checkpoint.config.data));
  }
  const RatingIds ids = rating_ids(checkpoint.dataset.schema);
  const Scaling& scaling = checkpoint.scaling;
  const std::int64_t code = code_of(user, ids.users, scaling);
  Chosen chosen = open_chosen(trained, flags, false);
  if (flags.data.empty()) {
    chosen.examples = chosen.dataset.train;
    chosen.examples.insert(chosen.examples.end(), chosen.dataset.test.begin(), chosen.dataset.test.end());
  }
  const Histories rated(chosen.dataset, chosen.examples, scaling);
  const std::vector<std::int32_t> candidates(scaling.known.at(1).begin(), scaling.known.at(1).end());
  std::vector<float> scores;
  std::vector<std::int32_t> items = Ranker::recommend(*trained.model, code, candidates, rated.of(code), scores);
  items.resize(std::min<std::size_t>(items.size(), static_cast<std::size_t>(top)));

  const std::string what = checkpoint.dataset.target.loss.empty() ? "rating" : "score";
  nlohmann::json list = nlohmann::json::array();
  std::string csv = "item," + what + "\r\n";
  for (const std::int32_t item : items) {
    const std::string& id = ids.items.at(static_cast<std::size_t>(item) - 1);
    const double value =
        scaling.target_mean + static_cast<double>(scores[static_cast<std::size_t>(item)]) * scaling.target_deviation;
    csv += csv_field(id) + "," + fmt::format("{:.6g}", value) + "\r\n";
    list.push_back({{"item", id}, {what, value}});
  }
  if (!json) return csv;
  return nlohmann::json{{"user", user}, {"items", list}, {"left_out", rated.of(code).size()}}.dump(
             2, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

}  // namespace thalweg::lab
