// Ratings: reads files of users, items, ratings and times, finding out how they are written.
#pragma once

#include "data/table.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// What ratings may be.
struct RatingScale {
  double low = 1, high = 5;
  double step = 0;  ///< > 0: ratings are whole steps from `low`
  std::string of;   ///< whose it is, for errors: `MovieLens 1M`, `--scale`

  bool contains(double rating) const;
  std::string text() const;  ///< `1 to 5 in steps of 0.5`
};

/// Reads `LOW,HIGH` or `LOW,HIGH,STEP`. Throws thalweg::Error that names --scale.
RatingScale parse_scale(const std::string& text);

/// What becomes of a user's second rating of an item.
enum class Duplicates {
  refuse,
  last,  ///< the latest in time counts, of equal or no times the one that stands last
  keep,  ///< all count
};

/// How a file is read. Whatever is not given is found out.
struct RatingsOptions {
  std::map<std::string, std::string> columns{};  ///< by role (user, item, rating, time): the column's name
  std::optional<RatingScale> scale{};
  Duplicates duplicates = Duplicates::refuse;
  bool needs_ratings = true;  ///< false: the column may be missing
  /// Ids that codes count by; others are then unknown.
  const std::vector<std::string>*users = nullptr, *items = nullptr;
};

/// Ratings, a row each, in the file's order.
struct Ratings {
  std::string file;                                 ///< as errors call it
  std::vector<std::int32_t> users{}, items{};       ///< places among the ids from 1; 0: of none of the ids given
  std::vector<float> values{};                      ///< empty where there is no such column
  std::vector<double> times{};                      ///< likewise
  std::vector<std::string> user_ids{}, item_ids{};  ///< distinct; by number if all are numbers, else by bytes
  std::map<std::string, std::string> columns{};     ///< by role: names of the columns that were read
  std::optional<RatingScale> scale{};
  std::vector<std::string> notes{};  ///< what a person should know: a line each

  std::int64_t count() const { return static_cast<std::int64_t>(users.size()); }
};

/// Reads a file, plain or gzip. Layouts:
///
/// - fields between `::`, no header: MovieLens 1M's `user::item::rating::seconds`, rated 1 to 5 in whole steps;
/// - four fields between tabs, no header: MovieLens 100K's, likewise;
/// - the header `userId,movieId,rating,timestamp`: MovieLens' CSV editions, rated 0.5 to 5 in steps of 0.5;
/// - other tables as read_csv reads them: with a header columns are known by their names (user, user_id, userId, …,
///   item, movie, rating, time, timestamp, …) or as the options say, without one by their order. Rating and time may
///   be missing; ratings have no scale unless one is given.
///
/// A time is a number, whatever its unit. Throws thalweg::Error, which names file and line: for what read_csv refuses,
/// a missing column or value, a rating outside its scale, and a second rating of an item by a user.
Ratings read_ratings(const std::filesystem::path& file, const RatingsOptions& options = {});

/// The same of a text in memory, which is not compressed; `name` is what errors call it.
Ratings read_ratings_text(std::string_view text, const std::string& name, const RatingsOptions& options = {});

/// The same of a table whose columns are called user, item, rating and time, which has no gaps.
Ratings ratings_of(const DataTable& table, const std::map<std::string, std::string>& columns,
                   const RatingsOptions& options);

/// Of a list of users (codes from 0) by row: rows user by user, in their order; user u's are
/// `rows[begins[u]] … rows[begins[u + 1] - 1]`.
struct RowsByUser {
  std::vector<std::int32_t> begins, rows;
};
RowsByUser rows_by_user(const std::vector<std::int32_t>& users, std::int64_t user_count);

}  // namespace thalweg::lab
