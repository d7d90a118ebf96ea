// Tests of facts: columns, duplicates and remarks, of data made to have them.
#include "data/facts.h"

#include "data/csv.h"
#include "dataset_calls.h"
#include "npy_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::map<std::string, ColumnFacts> facts_of(const std::string& text, const std::string& target = "") {
  std::map<std::string, ColumnFacts> facts;
  for (const ColumnFacts& column : column_facts(read_csv_text(text, "in.csv"), target)) facts[column.name] = column;
  return facts;
}

TEST(Facts, OfColumns) {
  const auto facts = facts_of("n,c,none,one,gappy\n1,a,,5,7\n2,b,,5,\n,a,,5,7\n1.5,?,,5,7\n");
  const ColumnFacts& n = facts.at("n");
  EXPECT_EQ(n.kind, ColumnKind::numeric);
  EXPECT_EQ(n.missing, 1);
  EXPECT_EQ(n.distinct, 3);
  ASSERT_TRUE(n.numbers.has_value());
  EXPECT_EQ(n.numbers->least, 1);
  EXPECT_EQ(n.numbers->most, 2);
  EXPECT_DOUBLE_EQ(n.numbers->mean, 1.5);
  EXPECT_DOUBLE_EQ(n.numbers->deviation, std::sqrt(0.5 / 3));
  EXPECT_FALSE(n.is_constant);
  const ColumnFacts& c = facts.at("c");
  EXPECT_EQ(c.kind, ColumnKind::category);
  EXPECT_EQ(c.missing, 1);
  EXPECT_EQ(c.distinct, 2);
  EXPECT_FALSE(c.numbers.has_value());
  EXPECT_THAT(c.frequent, ElementsAre(Pair("a", 2), Pair("b", 1)));
  EXPECT_EQ(facts.at("none").missing, 4);
  EXPECT_FALSE(facts.at("none").numbers.has_value());
  EXPECT_TRUE(facts.at("none").is_constant);
  EXPECT_TRUE(facts.at("one").is_constant);
  EXPECT_FALSE(facts.at("gappy").is_constant);
}

TEST(Facts, IdentifiersAndLeaksAreFound) {
  std::string text = "id,name,x,code,cents,half,y,price\n";
  for (int i = 0; i < 60; ++i) {
    const double price = 0.37 * (i * i % 59) + 1;
    text += fmt::format("{},n{},{},c{},{},{},{},{}\n", i * 7, i, 0.1 * i, (i % 3 + 1) % 3, 100 * price + 5, i % 2,
                        "abc"[i % 3], price);
  }
  const auto of_class = facts_of(text, "y"), of_price = facts_of(text, "price");
  const auto names = [](const std::map<std::string, ColumnFacts>& facts, bool ColumnFacts::*what) {
    std::set<std::string> result;
    for (const auto& [name, column] : facts)
      if (column.*what) result.insert(name);
    return result;
  };
  EXPECT_THAT(names(of_class, &ColumnFacts::is_identifier), ElementsAre("id", "name"));
  EXPECT_THAT(names(of_class, &ColumnFacts::tells_target), ElementsAre("code"));
  EXPECT_THAT(names(of_class, &ColumnFacts::is_target), ElementsAre("y"));
  EXPECT_THAT(names(of_price, &ColumnFacts::tells_target), ElementsAre("cents"));
  EXPECT_THAT(names(facts_of(text), &ColumnFacts::tells_target), IsEmpty());
  const std::vector<ColumnFacts> columns = column_facts(read_csv_text(text, "in.csv"), "y");
  EXPECT_THAT(remarks(columns, 60),
              ElementsAre(HasSubstr("column id has another value in every row"), HasSubstr("column name has another"),
                          HasSubstr("column code says the target by itself; if it is not known beforehand, it is a "
                                    "leak: --column code=ignore")));
}

TEST(Facts, TextsAmongNumbersAreFound) {
  const auto stray_of = [](int texts, const std::string& text) {
    std::string table = "x\n";
    for (int i = 0; i < 40; ++i) table += (i % 10 == 3 && i / 10 < texts ? text : fmt::format("{}", 0.5 * i)) + "\n";
    return column_facts(read_csv_text(table, "in.csv"), "");
  };
  const auto two = stray_of(2, "inf");
  ASSERT_TRUE(two.front().stray.has_value());
  EXPECT_THAT(*two.front().stray, Pair("inf", 2));
  EXPECT_THAT(remarks(two, 40), ElementsAre("column x is a category, since 2 rows hold no number, as 'inf'; --column "
                                            "x=numeric tells the line"));
  EXPECT_FALSE(stray_of(2, "NA").front().stray.has_value()) << "a gap";
  EXPECT_FALSE(facts_of("x\n1\n2\n3\n4\n5\n6\na\nb\nc\nd\ne\n").at("x").stray.has_value()) << "mostly text";
}

TEST(Facts, ADifferentRowIsNoLeak) {
  std::string text = "code,y\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("c{},{}\n", i == 31 ? 2 : i % 3, "abc"[i % 3]);
  EXPECT_FALSE(facts_of(text, "y").at("code").tells_target);
  EXPECT_FALSE(facts_of("x,y\n1,2\n2,4\n3,6.001\n4,8\n", "y").at("x").tells_target);
  EXPECT_TRUE(facts_of("x,y\n1,-2\n2,-4\n3,-6\n4,-8\n", "y").at("x").tells_target);
}

TEST(Facts, DuplicateRows) {
  EXPECT_EQ(duplicate_rows(read_csv_text("x,y\n1,a\n1,b\n1,a\n,a\n1,a\n,a\n", "in.csv")), 3);
  std::string text = "x,y\n";
  for (int i = 0; i < 3000; ++i) text += fmt::format("{},{}\n", i % 50, i % 7);
  EXPECT_EQ(duplicate_rows(read_csv_text(text, "in.csv")), 3000 - 350);
}

TEST(Facts, DuplicatesWithinAndAcrossParts) {
  const Files files;
  const std::string test = files.write("test.csv", "x,c,y\n1,a,1\n5,a,5\n5,a,5\n1,b,2\n");
  const Dataset dataset =
      files.csv("x,c,y\n1,a,1\n2,b,2\n1,a,1\n1,a,7\n3,,3\n", {.target = "y", .test_data = "csv:" + test});
  const Duplicates duplicates = duplicates_of(dataset);
  EXPECT_EQ(duplicates.training, 2);
  EXPECT_EQ(duplicates.test, 1);
  EXPECT_EQ(duplicates.in_both, 1);
  EXPECT_EQ(duplicates.contradicting, 4);
  EXPECT_THAT(remarks(dataset, duplicates),
              ElementsAre("2 training examples have another one's inputs", "1 test example has another one's inputs",
                          HasSubstr("1 test example is in the training part too"),
                          "4 examples have another one's inputs and not its target"));
  const Dataset classes = files.csv("x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n", {.target = "y", .test_fraction = 0.2});
  EXPECT_THAT(remarks(classes, duplicates_of(classes)),
              ElementsAre(HasSubstr("the test part has no example of 1 class, ")));
}

TEST(Facts, DuplicateImagesAreCompared) {
  const TemporaryFolder folder;
  // Images 0 and 2, and test image 1, are equal.
  write_npy<std::uint8_t>(folder.path() / "x_train.npy", {3, 1, 2}, {1, 2, 3, 4, 1, 2});
  write_npy<std::uint8_t>(folder.path() / "y_train.npy", {3}, {0, 1, 0});
  write_npy<std::uint8_t>(folder.path() / "x_test.npy", {2, 1, 2}, {2, 1, 1, 2});
  write_npy<std::uint8_t>(folder.path() / "y_test.npy", {2}, {0, 0});
  const Duplicates duplicates = duplicates_of(open_dataset("npy:" + folder.path().string()));
  EXPECT_EQ(duplicates.training, 1);
  EXPECT_EQ(duplicates.test, 0);
  EXPECT_EQ(duplicates.in_both, 1);
  EXPECT_EQ(duplicates.contradicting, 0);
}

TEST(Facts, ArraysAsTables) {
  const TemporaryFolder folder;
  write_npy<double>(folder.path() / "x.npy", {4, 2}, {1, 5, 2, 5, 3, 5, 4, 5});
  write_npy<double>(folder.path() / "y.npy", {4}, {2, 4, 6, 8});
  const Dataset dataset = open_dataset("npy:" + folder.path().string());
  const std::optional<DataTable> table = inputs_table(dataset);
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->rows, 4);
  const std::vector<ColumnFacts> facts = column_facts(*table, "y");
  EXPECT_EQ(facts.size(), 3U);
  EXPECT_TRUE(facts[0].tells_target);
  EXPECT_TRUE(facts[1].is_constant);
  write_npy<double>(folder.path() / "x.npy", {4, 1, 2}, {1, 5, 2, 5, 3, 5, 4, 5});
  EXPECT_EQ(inputs_table(open_dataset("npy:" + folder.path().string()))->columns.size(), 2U);
}

TEST(Facts, CharactersAreCounted) {
  std::string text;
  for (int i = 0; i < 90; ++i) text += "aab"[i % 3];
  text += "aabxxaabaa";
  const Files files;
  const Dataset dataset = open_dataset("text:" + files.write("in.txt", text), {.window = 9});
  EXPECT_THAT(character_counts(dataset, dataset.train), ElementsAre(0, 54, 27));  // nine windows; the tail is none
  EXPECT_THAT(character_counts(dataset, dataset.test), ElementsAre(2, 5, 2));
  EXPECT_EQ(duplicates_of(dataset).training, 8);
}

}  // namespace
}  // namespace thalweg::lab::test
