// Ratings as data sets: codes of users and items, parts by time or at random.
#pragma once

#include "data/dataset.h"
#include "data/ratings.h"

#include <string>
#include <vector>

namespace thalweg::lab {

/// How options have a file of ratings be read. Throws thalweg::Error, which names the flag, for a split, scale,
/// duplicates or implicit loss that is none.
RatingsOptions ratings_options(const DataOptions& options);

/// Examples are ratings: categories [user, item], and as target the rating; with `implicit` ratings are choices,
/// without a target. A code is an id's place from 1; 0 is an id that the training part does not have.
///
/// The test part is, by `split`, of each user the last test fraction (.2) of the ratings in time, ratings of equal
/// times in the rows' order, to the nearest whole number, and never all of them; or a fraction of all, drawn by the
/// split's seed. By default it is by time where there are times. With `test` (which was read by the ids of `ratings`)
/// it is that. With a schema all are the test part.
Dataset ratings_dataset(Ratings ratings, const DataOptions& options, const Ratings* test = nullptr);

/// Is it one of these?
bool has_ratings(const Dataset& dataset);

/// Ids by code − 1, of a data set of ratings.
struct RatingIds {
  std::vector<std::string> users, items;
};
RatingIds rating_ids(const nlohmann::json& schema);

}  // namespace thalweg::lab
