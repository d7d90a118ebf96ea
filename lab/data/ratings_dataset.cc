// Ratings as data sets: codes of users and items, parts by time or at random.
#include "data/ratings_dataset.h"

#include "data/fingerprint.h"
#include "data/parts.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr double kTestShare = .2;

/// Is it one of these, which are ascending and from 1 on? Mostly nearly all are there, and none is far from its place.
bool is_among(std::int64_t code, const std::vector<std::int64_t>& known) {
  if (code < 1 || known.empty() || code > known.back()) return false;
  const std::int64_t missing = known.back() - std::ssize(known);
  if (missing == 0) return true;
  const auto last = known.begin() + std::min(code, std::ssize(known));
  return std::binary_search(known.begin() + std::max<std::int64_t>(0, code - 1 - missing), last, code);
}

class RatingExamples : public Examples {
 public:
  explicit RatingExamples(Ratings ratings, std::int64_t user_count)
      : users_(std::move(ratings.users)), items_(std::move(ratings.items)), values_(std::move(ratings.values)) {
    // Of each rating its place among its user's.
    RowsByUser by_user = rows_by_user(users_, user_count + 1);
    places_.resize(users_.size());
    for (std::size_t user = 0; user + 1 < by_user.begins.size(); ++user) {
      const auto begin = by_user.rows.begin() + by_user.begins[user],
                 end = by_user.rows.begin() + by_user.begins[user + 1];
      if (!ratings.times.empty()) {
        std::stable_sort(begin, end, [&](std::int32_t a, std::int32_t b) {
          return ratings.times[static_cast<std::size_t>(a)] < ratings.times[static_cast<std::size_t>(b)];
        });
      }
      for (auto row = begin; row != end; ++row)
        places_[static_cast<std::size_t>(*row)] = static_cast<std::int32_t>(row - begin);
    }
  }

  Scaling measure(std::span<const std::int64_t> training) const override {
    Scaling scaling;
    scaling.known = {known(users_, training), known(items_, training)};
    if (values_.empty() || training.empty()) return scaling;
    const auto count = static_cast<double>(training.size());
    const double first = value(training.front());  // sums of differences are exact where all are equal
    double sum = 0, squares = 0;
    for (const std::int64_t example : training) sum += value(example) - first;
    scaling.target_mean = first + sum / count;
    for (const std::int64_t example : training) squares += std::pow(value(example) - scaling.target_mean, 2);
    if (squares > 0) scaling.target_deviation = std::sqrt(squares / count);
    return scaling;
  }

  void load(std::span<const std::int64_t> examples, const Scaling& scaling, const BatchMemory& memory) const override {
    std::int64_t* to = std::get<std::span<std::int64_t>>(memory.inputs.front()).data();
    float* target = std::get<std::span<float>>(memory.target).data();
    const double per_unit = 1 / scaling.target_deviation;
    for (const std::int64_t example : examples) {
      const auto row = static_cast<std::size_t>(example);
      *to++ = is_among(users_[row], scaling.known[0]) ? users_[row] : 0;
      *to++ = is_among(items_[row], scaling.known[1]) ? items_[row] : 0;
      *target++ = values_.empty() ? 0.0f : static_cast<float>((value(example) - scaling.target_mean) * per_unit);
    }
  }

  std::int64_t label(std::int64_t /*example*/) const override { return 0; }
  std::uint64_t input_hash(std::int64_t example) const override {
    const std::int32_t pair[] = {users_[static_cast<std::size_t>(example)], items_[static_cast<std::size_t>(example)]};
    return hash_of(std::span<const std::int32_t>(pair));
  }
  bool have_same_inputs(std::int64_t a, std::int64_t b) const override {
    return users_[static_cast<std::size_t>(a)] == users_[static_cast<std::size_t>(b)] &&
           items_[static_cast<std::size_t>(a)] == items_[static_cast<std::size_t>(b)];
  }
  bool have_same_target(std::int64_t a, std::int64_t b) const override {
    return values_.empty() || value(a) == value(b);
  }

  std::vector<std::int64_t> latest(std::span<const std::int64_t> examples, double share) const override {
    std::vector<std::int32_t> users;
    users.reserve(examples.size());
    for (const std::int64_t example : examples) users.push_back(users_[static_cast<std::size_t>(example)]);
    const std::int64_t count = users.empty() ? 0 : *std::ranges::max_element(users) + std::int64_t{1};
    const RowsByUser by_user = rows_by_user(users, count);
    std::vector<std::int64_t> drawn, own;
    for (std::size_t user = 0; user + 1 < by_user.begins.size(); ++user) {
      own.clear();
      for (std::int32_t i = by_user.begins[user]; i < by_user.begins[user + 1]; ++i)
        own.push_back(examples[static_cast<std::size_t>(by_user.rows[static_cast<std::size_t>(i)])]);
      const std::int64_t last =
          std::min<std::int64_t>(std::llround(static_cast<double>(own.size()) * share), std::ssize(own) - 1);
      if (last <= 0) continue;
      std::ranges::sort(own, {}, [&](std::int64_t example) { return places_[static_cast<std::size_t>(example)]; });
      drawn.insert(drawn.end(), own.end() - last, own.end());
    }
    std::ranges::sort(drawn);
    return drawn;
  }

  /// What the examples hold, order within users included.
  std::string checksums() const {
    return fmt::format("{:08x}-{:08x}-{:08x}-{:08x}", checksum_of(std::span<const std::int32_t>(users_)),
                       checksum_of(std::span<const std::int32_t>(items_)), checksum_of(std::span<const float>(values_)),
                       checksum_of(std::span<const std::int32_t>(places_)));
  }

  /// How many of the part's users, or items, the training part does not have.
  std::pair<std::int64_t, std::int64_t> unknown(std::span<const std::int64_t> part, const Scaling& scaling) const {
    std::pair<std::int64_t, std::int64_t> counts;
    for (const std::int64_t example : part) {
      counts.first += is_among(users_[static_cast<std::size_t>(example)], scaling.known[0]) ? 0 : 1;
      counts.second += is_among(items_[static_cast<std::size_t>(example)], scaling.known[1]) ? 0 : 1;
    }
    return counts;
  }

 private:
  double value(std::int64_t example) const { return static_cast<double>(values_[static_cast<std::size_t>(example)]); }
  static std::vector<std::int64_t> known(const std::vector<std::int32_t>& codes,
                                         std::span<const std::int64_t> training) {
    std::vector<char> seen;
    for (const std::int64_t example : training) {
      const auto code = static_cast<std::size_t>(codes[static_cast<std::size_t>(example)]);
      if (code >= seen.size()) seen.resize(code + 1);
      seen[code] = 1;
    }
    std::vector<std::int64_t> list;
    for (std::size_t code = 1; code < seen.size(); ++code)
      if (seen[code] != 0) list.push_back(static_cast<std::int64_t>(code));
    return list;
  }

  std::vector<std::int32_t> users_, items_, places_;
  std::vector<float> values_;
};

template <class T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// Divides all of them; gives the note that says how.
std::string divide_ratings(Dataset& dataset, std::int64_t count, bool has_times, const DataOptions& options,
                           const std::string& file) {
  const double share = options.test_fraction > 0 ? options.test_fraction : kTestShare;
  dataset.has_histories = options.split == "time" || (options.split.empty() && has_times);
  if (dataset.has_histories && !has_times) throw Error(fmt::format("--split time: {} has no column of times", file));
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  if (!dataset.has_histories) {
    divide(
        dataset, std::move(all),
        [&] {
          DataOptions drawn = options;
          drawn.test_fraction = share;
          return drawn;
        }(),
        file);
    return fmt::format("split at random: {:g} % of the ratings test", share * 100);
  }
  dataset.test = dataset.examples->latest(all, share);
  std::ranges::set_difference(all, dataset.test, std::back_inserter(dataset.train));
  dataset.are_parts_drawn = true;
  if (dataset.test.empty()) {
    throw Error(
        fmt::format("{}: no user has enough ratings for a test fraction of {}; give another --test-fraction, or "
                    "--split random",
                    file, share));
  }
  return fmt::format("split by time: of each user the last {:g} % of the ratings test, and never all", share * 100);
}

}  // namespace

RatingsOptions ratings_options(const DataOptions& options) {
  const auto check = [](const char* flag, const std::string& value, std::initializer_list<const char*> allowed) {
    if (value.empty() || std::ranges::find(allowed, value) != allowed.end()) return;
    throw Error(
        fmt::format("--{} {}: expected {} or {}", flag, printable(value), *allowed.begin(), *(allowed.end() - 1)));
  };
  check("split", options.split, {"time", "random"});
  check("duplicates", options.duplicates, {"last", "keep"});
  check("implicit", options.implicit, {"bpr", "softmax"});
  RatingsOptions ratings;
  if (!options.scale.empty()) ratings.scale = parse_scale(options.scale);
  if (!options.duplicates.empty())
    ratings.duplicates = options.duplicates == "last" ? Duplicates::last : Duplicates::keep;
  ratings.needs_ratings = options.implicit.empty() && options.needs_target;
  for (const std::string& text : options.columns) {
    const std::size_t equals = text.rfind('=');
    const std::string role = text.substr(equals + 1);
    if (!ratings.columns.try_emplace(role, text.substr(0, equals)).second) {
      throw Error(fmt::format("--column {}: {} is to be the {} already", printable(text),
                              printable(ratings.columns[role]), role));
    }
  }
  return ratings;
}

Dataset ratings_dataset(Ratings ratings, const DataOptions& options, const Ratings* test) {
  Dataset dataset;
  dataset.notes = ratings.notes;
  if (ratings.scale) dataset.notes.push_back("ratings are " + ratings.scale->text());
  const std::int64_t count = ratings.count(), test_count = test == nullptr ? 0 : test->count();
  const bool has_times = !ratings.times.empty(), is_again = !options.schema.is_null();
  if (test != nullptr) {
    if (has_times != !test->times.empty()) ratings.times.clear();
    append(ratings.users, test->users);
    append(ratings.items, test->items);
    append(ratings.values, test->values);
    if (!ratings.times.empty()) append(ratings.times, test->times);
  }
  if (!options.implicit.empty()) ratings.values.clear();
  dataset.inputs = {{.kind = InputKind::categories,
                     .shape = {2},
                     .sizes = {std::ssize(ratings.user_ids) + 1, std::ssize(ratings.item_ids) + 1},
                     .columns = {ratings.columns["user"], ratings.columns["item"]}}};
  const std::string name = ratings.columns.contains("rating") ? ratings.columns["rating"] : "rating";
  dataset.target = {.kind = TargetKind::number,
                    .name = name,
                    .task = options.implicit.empty() ? "rating" : "ranking",
                    .loss = options.implicit};
  if (!options.implicit.empty()) dataset.notes.push_back("each row is a choice, whatever its rating");
  dataset.schema = {{"users", ratings.user_ids}, {"items", ratings.item_ids}};
  if (is_again) dataset.schema = options.schema;
  const std::string file = ratings.file;
  const std::string schema = dataset.schema.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto user_count = std::ssize(ratings.user_ids);
  const auto examples = std::make_shared<const RatingExamples>(std::move(ratings), user_count);
  dataset.fingerprint = fmt::format("{}+{}-{}-{:08x}", count, test_count, examples->checksums(),
                                    checksum_of(std::span<const char>(schema)));
  dataset.examples = examples;
  if (is_again) {
    give_parts(dataset, 0, count);
    return dataset;
  }
  if (test != nullptr) {
    give_parts(dataset, count, test_count);
    dataset.has_histories = has_times && options.split != "random";
  } else {
    dataset.notes.push_back(divide_ratings(dataset, count, has_times, options, file));
  }
  const auto [users, items] = examples->unknown(dataset.test, examples->measure(dataset.train));
  if (users > 0 || items > 0) {
    dataset.notes.push_back(
        fmt::format("of {} test ratings {} are of users and {} of items that the training part does "
                    "not have: what is known of the other predicts them",
                    dataset.test.size(), users, items));
  }
  return dataset;
}

bool has_ratings(const Dataset& dataset) { return dataset.schema.is_object() && dataset.schema.contains("users"); }

RatingIds rating_ids(const nlohmann::json& schema) {
  return {schema.at("users").get<std::vector<std::string>>(), schema.at("items").get<std::vector<std::string>>()};
}

}  // namespace thalweg::lab
