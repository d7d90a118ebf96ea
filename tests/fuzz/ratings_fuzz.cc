// libFuzzer target: any bytes as ratings, with and without a scale and what is made of duplicates. They are refused by
// an Error, or are codes of ids and finite numbers; without duplicates each user and item stands once; and their CSV is
// read as the same.
#include "data/ratings.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace {

using thalweg::lab::Duplicates;
using thalweg::lab::Ratings;
using thalweg::lab::RatingsOptions;
using thalweg::lab::test::require;

void check(const Ratings& ratings, const RatingsOptions& options) {
  const std::size_t count = ratings.users.size();
  require(ratings.items.size() == count && (ratings.values.empty() || ratings.values.size() == count) &&
              (ratings.times.empty() || ratings.times.size() == count),
          "columns of different lengths");
  std::set<std::pair<std::int32_t, std::int32_t>> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    require(ratings.users[i] >= 1 && static_cast<std::size_t>(ratings.users[i]) <= ratings.user_ids.size(),
            "a user without an id");
    require(ratings.items[i] >= 1 && static_cast<std::size_t>(ratings.items[i]) <= ratings.item_ids.size(),
            "an item without an id");
    const bool is_new = pairs.emplace(ratings.users[i], ratings.items[i]).second;
    require(is_new || options.duplicates == Duplicates::keep, "a pair twice");
    if (ratings.values.empty()) continue;
    require(std::isfinite(ratings.values[i]), "a rating that is not finite");
    require(!options.scale || options.scale->contains(static_cast<double>(ratings.values[i])),
            "a rating outside the scale");
  }
  for (const double time : ratings.times) require(std::isfinite(time), "a time that is not finite");
}

/// Codes in place of ids, so that nothing has to be quoted.
Ratings again(const Ratings& ratings) {
  std::string csv = "user,item,rating,time\n";
  for (std::size_t i = 0; i < ratings.users.size(); ++i) {
    csv += fmt::format("u{},i{},{},{}\n", ratings.users[i], ratings.items[i],
                       ratings.values.empty() ? 0 : ratings.values[i], ratings.times.empty() ? 0 : ratings.times[i]);
  }
  return thalweg::lab::read_ratings_text(csv, "again", {.duplicates = Duplicates::keep});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  RatingsOptions options;
  options.duplicates = static_cast<Duplicates>(data[0] % 3);
  options.needs_ratings = (data[0] & 4) != 0;
  if ((data[0] & 8) != 0) options.scale = thalweg::lab::parse_scale("1,5,0.5");
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const Ratings ratings = thalweg::lab::read_ratings_text(text, "x", options);
    check(ratings, options);
    if (ratings.count() == 0 || ratings.count() > 1000) return 0;
    const Ratings copy = again(ratings);
    require(copy.count() == ratings.count(), "another number of ratings");
    for (std::size_t i = 0; i < ratings.values.size(); ++i)
      require(copy.values[i] == ratings.values[i], "another rating");
    for (std::size_t i = 0; i < ratings.times.size(); ++i) require(copy.times[i] == ratings.times[i], "another time");
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
  return 0;
}
