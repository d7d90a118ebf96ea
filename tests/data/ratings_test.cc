// Tests of ratings: layouts that are found out, what is refused, duplicates, parts by time and at random.
#include "data/ratings.h"

#include "data/parts.h"
#include "data/ratings_dataset.h"
#include "data/ratings_generator.h"
#include "dataset_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Ratings read(const std::string& text, const RatingsOptions& options = {}) {
  return read_ratings_text(text, "in", options);
}

std::string refusal(const std::string& text, const RatingsOptions& options = {}) {
  return error_of([&] { read(text, options); });
}

/// `user item rating time`, by ids.
std::vector<std::string> rows_of(const Ratings& ratings) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < ratings.users.size(); ++i) {
    rows.push_back(ratings.user_ids[static_cast<std::size_t>(ratings.users[i]) - 1] + " " +
                   ratings.item_ids[static_cast<std::size_t>(ratings.items[i]) - 1] +
                   (ratings.values.empty() ? "" : fmt::format(" {}", ratings.values[i])) +
                   (ratings.times.empty() ? "" : fmt::format(" {}", ratings.times[i])));
  }
  return rows;
}

TEST(Ratings, LayoutsAreFoundByContent) {
  const std::vector<std::string> same{"196 242 3 881250949", "186 302 3 891717742", "22 377 1 878887116"};
  EXPECT_EQ(rows_of(read("196\t242\t3\t881250949\n186\t302\t3\t891717742\n22\t377\t1\t878887116\n")), same);
  EXPECT_EQ(rows_of(read("196::242::3::881250949\n186::302::3::891717742\n22::377::1::878887116\n")), same);
  EXPECT_EQ(
      rows_of(read("userId,movieId,rating,timestamp\n196,242,3,881250949\n186,302,3,891717742\r\n22,377,1,878887116")),
      same);
  EXPECT_EQ(
      rows_of(read("time;Item_ID;x;USER;Rating\n881250949;242;a;196;3\n891717742;302;b;186;3\n878887116;377;c;22;1\n")),
      same);
  EXPECT_EQ(rows_of(read("s,d,y\n1,1002,5\n", {.columns = {{"user", "s"}, {"item", "d"}, {"rating", "y"}}})),
            std::vector<std::string>{"1 1002 5"});
  EXPECT_EQ(rows_of(read("user,item\nann,tea\nbob,milk\n", {.needs_ratings = false})),
            (std::vector<std::string>{"ann tea", "bob milk"}));
  EXPECT_EQ(rows_of(read("1,2,-3.5\n", {})), std::vector<std::string>{"1 2 -3.5"});
  EXPECT_THAT(read("9::1::4::1\n10::1::4::1\n").user_ids, ElementsAre("9", "10"));  // by number
}

TEST(Ratings, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_THAT(refusal(""), HasSubstr("in: is empty"));
  EXPECT_THAT(
      refusal("1\t1\t3\t5\n1\t2\t6\t5\n"),
      HasSubstr("in:2: column 'c3': the rating 6 is outside the scale of MovieLens 100K, 1 to 5 in steps of 1"));
  EXPECT_THAT(refusal("1::1::3::5\n1::2::0::5\n"),
              HasSubstr("in:2: column 'c3': the rating 0 is outside the scale of MovieLens 1M"));
  EXPECT_THAT(refusal("1::1::3::5\n1::2::3.5::5\n"), HasSubstr("3.5 is outside the scale"));
  EXPECT_THAT(refusal("userId,movieId,rating,timestamp\n1,1,4.5,3\n1,2,4.2,3\n"),
              HasSubstr("in:3: column 'rating': the rating 4.2"));
  EXPECT_THAT(refusal("user,item,rating\n1,1,7\n", {.scale = parse_scale("1,5")}),
              HasSubstr("outside the scale of --scale, 1 to 5"));
  EXPECT_EQ(read("1\t1\t9\t5\n", {.scale = parse_scale("1,10")}).values.front(), 9);
  EXPECT_THAT(refusal("user,item,rating\n1,1,good\n"), HasSubstr("in:2: column 'rating': 'good' is not a number"));
  EXPECT_THAT(refusal("1::1::3::5\n1::2::x::5\n"), AllOf(HasSubstr("in:2:"), HasSubstr("'x' is not a number")));
  EXPECT_THAT(refusal("1::1::3::5\n1::2::3\n"), AllOf(HasSubstr("in:2:"), HasSubstr("3 fields; expected 4")));
  EXPECT_THAT(refusal("user,item,rating\n1,,3\n"), HasSubstr("in:2: column 'item': the item is missing"));
  EXPECT_THAT(refusal("user,item,rating\n,1,3\n"), HasSubstr("the user is missing"));
  EXPECT_THAT(refusal("user,item,rating\n1,1,\n"), HasSubstr("the rating is missing"));
  EXPECT_THAT(refusal("user,item,rating,time\n1,1,2,\n"), HasSubstr("the time is missing"));
  EXPECT_THAT(refusal("user,item,rating,time\n1,1,2,2020-01-01\n"), HasSubstr("not a number"));
  EXPECT_THAT(refusal("user,rating\n1,2\n"),
              HasSubstr("there is no column of items; the columns are 'user', 'rating'; --column NAME=item"));
  EXPECT_THAT(refusal("user,item\n1,2\n"), AllOf(HasSubstr("no column of ratings"), HasSubstr("--implicit")));
  EXPECT_THAT(refusal("a,b,c,d,e\n1,2,3,4,5\n"), HasSubstr("there is no column of users"));
  EXPECT_THAT(refusal("1,2,3,4,5\n"), HasSubstr("5 columns and no header"));
  EXPECT_THAT(refusal("user,userid,item,rating\n1,2,3,4\n"), HasSubstr("both 'user' and 'userid' may be the user"));
  EXPECT_THAT(refusal("user,item,rating\n1,2,3\n", {.columns = {{"user", "who"}}}),
              HasSubstr("there is no column 'who' for user"));
  EXPECT_THAT(refusal("user,item,rating\n1,2,1e300\n"), HasSubstr("outside ±1e+15"));
  for (const char* const bad : {"", "5", "5,1", "1,x", "1,5,0", "1,2,3,4", "1,", "nan,5"})
    EXPECT_THAT(error_of([&] { parse_scale(bad); }), HasSubstr("expected LOW,HIGH")) << bad;
}

TEST(Ratings, DuplicatesAreRefusedUnlessAsked) {
  const std::string text = "user,item,rating,time\nb,1,1,9\na,1,5,3\na,2,2,1\na,1,4,2\nb,1,2,9\n";
  EXPECT_THAT(refusal(text), HasSubstr("in:5: user 'a' has rated item '1' before, on line 3; --duplicates last"));
  const Ratings last = read(text, {.duplicates = Duplicates::last});
  EXPECT_THAT(rows_of(last), ElementsAre("a 1 5 3", "a 2 2 1", "b 1 2 9"));  // of equal times the last row
  EXPECT_THAT(last.notes,
              ElementsAre(HasSubstr("2 ratings are left out, since the same user rated the item again later")));
  EXPECT_EQ(read(text, {.duplicates = Duplicates::keep}).count(), 5);
}

Dataset opened(const std::string& text, DataOptions options = {}) {
  const Files files;
  return open_dataset("ratings:" + files.write("r.csv", text), options);
}

/// Codes and ratings of a part, as `user item rating`.
std::vector<std::string> part_of(const Dataset& dataset, const std::vector<std::int64_t>& part) {
  Scaling scaling = dataset.examples->measure(dataset.train);
  scaling.target_mean = 0;
  scaling.target_deviation = 1;
  std::vector<std::int64_t> codes(2 * part.size());
  std::vector<float> targets(part.size());
  dataset.examples->load(part, scaling, {{std::span(codes)}, std::span(targets)});
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < part.size(); ++i)
    rows.push_back(fmt::format("{} {} {}", codes[2 * i], codes[2 * i + 1], targets[i]));
  return rows;
}

TEST(RatingsDataset, TheLastOfEachUserTestWhateverTheOrderOfRows) {
  // Users a (5 ratings) and b (4), times out of order; c has one rating and is never tested.
  const std::string text =
      "user,item,rating,time\na,1,1,50\nb,1,11,4\na,2,2,10\nc,9,21,1\na,3,3,40\nb,2,12,2\na,4,4,20\nb,3,13,3\na,5,5,"
      "30\nb,4,14,1\n";
  const Dataset dataset = opened(text, {.test_fraction = .4});
  EXPECT_TRUE(dataset.has_histories);
  EXPECT_THAT(dataset.notes, testing::Contains(HasSubstr("split by time")));
  // a: 2 of 5, those of times 50 and 40; b: 1.6, so 2 of 4: times 4 and 3.
  EXPECT_THAT(part_of(dataset, dataset.test), ElementsAre("1 0 1", "2 0 11", "1 0 3", "2 0 13"));
  EXPECT_EQ(dataset.train.size(), 6U);
  EXPECT_THAT(dataset.notes, testing::Contains(HasSubstr("of 4 test ratings 0 are of users and 4 of items")));
  EXPECT_THAT(error_of([&] { opened("user,item,rating\n1,1,1\n1,2,3\n", {.split = "time"}); }),
              HasSubstr("no column of times"));
  EXPECT_THAT(error_of([&] { opened("user,item,rating,time\n1,1,1,1\n2,2,3,1\n"); }),
              HasSubstr("no user has enough ratings"));
  EXPECT_THAT(error_of([&] { opened(text, {.split = "sometimes"}); }),
              HasSubstr("--split sometimes: expected time or random"));
  Dataset folds = dataset;
  EXPECT_THAT(error_of([&] { take_fold(folds, 3, 1, 0); }), HasSubstr("--split random"));
}

TEST(RatingsDataset, EqualTimesKeepTheRowsOrder) {
  std::string text = "user,item,rating,time\n";
  for (int i = 1; i <= 10; ++i) text += fmt::format("u,{},{},7\n", i, i);
  const Dataset dataset = opened(text);
  EXPECT_THAT(dataset.test, ElementsAre(8, 9));
}

TEST(RatingsDataset, AtRandomAShareOfAllTests) {
  std::string text = "user,item,rating\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("{},{},{}\n", i / 10, i % 10, i % 5);
  const Dataset dataset = opened(text), again = opened(text), other = opened(text, {.split_seed = 5});
  EXPECT_FALSE(dataset.has_histories);
  EXPECT_EQ(dataset.test.size(), 20U);
  EXPECT_EQ(dataset.test, again.test);
  EXPECT_NE(dataset.test, other.test);
  EXPECT_EQ(dataset.fingerprint, again.fingerprint);
  EXPECT_THAT(dataset.notes, testing::Contains(HasSubstr("split at random: 20 %")));
}

TEST(RatingsDataset, AnotherFileIsReadByTheIdsOfTheFirst) {
  const Dataset first = opened("user,item,rating\nx,1,1\ny,1,2\nx,2,3\ny,2,4\ny,3,5\n");
  EXPECT_THAT(first.inputs.front().sizes, ElementsAre(3, 4));
  const Dataset second = opened("user,item\nz,2\ny,7\ny,1\n", {.schema = first.schema, .needs_target = false});
  EXPECT_EQ(second.test.size(), 3U);
  Scaling all;
  all.known = {{1, 2}, {1, 2, 3}};
  std::vector<std::int64_t> codes(6);
  std::vector<float> targets(3);
  second.examples->load(second.test, all, {{std::span(codes)}, std::span(targets)});
  EXPECT_THAT(codes, ElementsAre(0, 2, 2, 0, 2, 1));
}

TEST(RatingsDataset, CodesThatTheTrainingPartLacksAre0) {
  std::string text = "user,item,rating\n";
  for (int i = 1; i <= 40; ++i) text += fmt::format("{},{},1\n", i, 100 - i);
  const Dataset dataset = opened(text);
  const Scaling scaling = dataset.examples->measure(dataset.train);
  const std::vector<std::int64_t> everything = all_of(dataset);
  std::vector<std::int64_t> codes(80);
  std::vector<float> targets(40);
  dataset.examples->load(everything, scaling, {{std::span(codes)}, std::span(targets)});
  const std::set<std::int64_t> test(dataset.test.begin(), dataset.test.end());
  for (std::size_t i = 0; i < 40; ++i) {
    const bool is_test = test.contains(static_cast<std::int64_t>(i));
    EXPECT_EQ(codes[2 * i], is_test ? 0 : static_cast<std::int64_t>(i) + 1) << i;
    EXPECT_EQ(codes[2 * i + 1], is_test ? 0 : 40 - static_cast<std::int64_t>(i)) << i;
  }
}

TEST(RatingsDataset, ChoicesHaveNoTarget) {
  const Dataset dataset = opened("user,item\na,1\na,2\nb,1\nb,3\nb,2\n", {.implicit = "bpr"});
  EXPECT_EQ(dataset.target.task, "ranking");
  EXPECT_EQ(dataset.target.loss, "bpr");
  EXPECT_THAT(error_of([&] { opened("user,item\na,1\n", {.implicit = "hinge"}); }),
              HasSubstr("--implicit hinge: expected bpr or softmax"));
}

TEST(RatingsGenerator, RatingsAreTheTruthAndNoiseAndEachPairIsOnce) {
  const auto [generator, options] = parse_generator("ratings,users=200,items=100,rows=4000,rank=3,noise=0.25,seed=4");
  const DataTable table = generator->make(options);
  const RatingsTruth truth(options);
  std::set<std::pair<std::int32_t, std::int32_t>> pairs;
  double squares = 0, liked = 0;
  for (std::size_t row = 0; row < 4000; ++row) {
    const std::int32_t user = table.columns[0].codes[row], item = table.columns[1].codes[row];
    EXPECT_TRUE(pairs.insert({user, item}).second);
    squares += std::pow(table.columns[2].numbers[row] - truth(user, item), 2);
    liked += truth.affinity(user, item) / 4000;
  }
  EXPECT_NEAR(std::sqrt(squares / 4000), 0.25, 0.25 * 4 / std::sqrt(2 * 4000));  // 4 standard errors
  EXPECT_GT(liked, 0.2);                                                         // chosen is what is liked
  double moments = 0;
  for (std::int64_t u = 0; u < 200; ++u)
    for (std::int64_t i = 0; i < 100; ++i) moments += std::pow(truth.affinity(u, i), 2) / 20000;
  EXPECT_NEAR(std::sqrt(moments), 0.8, 0.2);
  EXPECT_THAT(error_of([] { open_dataset("make:ratings,users=10,items=10,rows=26"); }),
              HasSubstr("more than a quarter"));
  EXPECT_THAT(error_of([] { open_dataset("make:line", {.implicit = "bpr"}); }),
              HasSubstr("--implicit: means nothing for make:line"));
}

}  // namespace
}  // namespace thalweg::lab::test
