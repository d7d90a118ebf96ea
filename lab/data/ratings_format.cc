// The format ratings: what users think of items, or that they chose them.
#include "data/formats.h"
#include "data/ratings_dataset.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

namespace thalweg::lab {
namespace {

/// `-` is standard input.
Ratings read(const std::string& file, const RatingsOptions& options) {
  if (file != "-") return read_ratings(file, options);
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  return read_ratings_text(text, "standard input", options);
}

std::string absolute(const std::string& file) { return std::filesystem::absolute(file).lexically_normal().string(); }

Dataset open_ratings(const std::string& file, const DataOptions& options) {
  RatingsOptions how = ratings_options(options);
  RatingIds ids;
  if (!options.schema.is_null()) {
    ids = rating_ids(options.schema);
    how.users = &ids.users;
    how.items = &ids.items;
  }
  Ratings ratings = read(file, how);
  std::optional<Ratings> test;
  std::vector<std::string> files{absolute(file)};
  if (!options.test_data.empty()) {
    const auto [format, other] = parse_data_spec(options.test_data);
    if (format->name != "ratings")
      throw Error(fmt::format("--test-data {}: expected ratings:FILE, as the training data", options.test_data));
    RatingsOptions like = how;
    // Ids that only it has come behind the training part's.
    const Ratings look = read(other, like);
    const auto merge = [](std::vector<std::string>& all, const std::vector<std::string>& more) {
      std::vector<std::string> sorted = all;
      std::ranges::sort(sorted);
      for (const std::string& id : more)
        if (!std::ranges::binary_search(sorted, id)) all.push_back(id);
    };
    merge(ratings.user_ids, look.user_ids);
    merge(ratings.item_ids, look.item_ids);
    like.users = &ratings.user_ids;
    like.items = &ratings.item_ids;
    test = read(other, like);
    files.push_back(absolute(other));
  }
  const bool from_stdin = file == "-";
  Dataset dataset = ratings_dataset(std::move(ratings), options, test ? &*test : nullptr);
  if (from_stdin) return dataset;
  dataset.origin = files.front();
  dataset.files = std::move(files);
  return dataset;
}

}  // namespace

Format ratings_format() {
  return {.name = "ratings",
          .argument = "FILE",
          .meaning = "what users think of items: MovieLens' files, or any table of user, item, rating and time",
          .options = {"column", "split", "scale", "duplicates", "implicit", "test_fraction", "test_data"},
          .open = open_ratings,
          .column_kinds = {"user", "item", "rating", "time"}};
}

}  // namespace thalweg::lab
