// Tests of German credit: files of its layout, as tables and as data sets, and what is refused.
#include "data/german_credit.h"

#include "data/facts.h"
#include "dataset_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Two loans as the UCI's files have them: fields by single spaces, no header.
constexpr const char* kGood = "A11 6 A34 A43 1169 A65 A75 4 A93 A101 4 A121 67 A143 A152 2 A173 1 A192 A201 1\n";
constexpr const char* kBad = "A12 48 A32 A410 5951 A61 A73 2 A92 A103 2 A124 22 A141 A153 1 A174 2 A191 A202 2\n";
constexpr const char* kNumeric =
    "   1   6   4  12   5   5   3   4   1  67   3   2   1   2   1   0   0   1   0   0   1   0   0   1   1 \n"
    "   2  48   2  60   1   3   2   2   1  22   3   1   1   1   1   0   0   1   0   0   1   0   0   1   2 \n";

DataTable table_of(const std::string& text, const GermanCreditOptions& options = {}) {
  return read_german_credit_text(text, "x", options);
}

std::string word(const DataTable& table, const char* column, std::size_t row) {
  const TableColumn& found = table.column(column);
  return found.categories[static_cast<std::size_t>(found.codes[row])];
}

TEST(GermanCredit, CodesBecomeWords) {
  const DataTable table = table_of(std::string(kGood) + "\n" + kBad);
  EXPECT_EQ(table.rows, 2);
  EXPECT_EQ(table.place(1), "x:3");
  ASSERT_THAT(table.columns, SizeIs(21));
  EXPECT_EQ(word(table, "checking_status", 0), "< 0 DM");
  EXPECT_EQ(word(table, "checking_status", 1), "0 to 200 DM");
  EXPECT_EQ(word(table, "purpose", 0), "radio, television");
  EXPECT_EQ(word(table, "purpose", 1), "others");
  EXPECT_EQ(word(table, "housing", 0), "own");
  EXPECT_EQ(word(table, "foreign_worker", 0), "yes");
  EXPECT_EQ(word(table, "class", 0), "good");
  EXPECT_EQ(word(table, "class", 1), "bad");
  EXPECT_THAT(table.column("duration_months").numbers, ElementsAre(6, 48));
  EXPECT_THAT(table.column("amount").numbers, ElementsAre(1169, 5951));
  EXPECT_THAT(table.column("dependants").numbers, ElementsAre(1, 2));
  EXPECT_THAT(table.warnings, ElementsAre(HasSubstr("wrong in the data's own description")));
}

TEST(GermanCredit, AttributesHaveTheCodesOfTheirPlace) {
  // A<attribute><value>: attribute 1 has A11 to A14, attribute 4 also A410; what has no codes is a number.
  const std::vector<GermanAttribute>& attributes = german_attributes();
  ASSERT_THAT(attributes, SizeIs(20));
  const std::set<std::size_t> numbers{2, 5, 8, 11, 13, 16, 18};
  std::set<std::string> names, codes;
  for (std::size_t i = 1; i <= attributes.size(); ++i) {
    const GermanAttribute& attribute = attributes[i - 1];
    EXPECT_TRUE(names.insert(attribute.name).second);
    EXPECT_EQ(attribute.codes.empty(), numbers.contains(i)) << i;
    std::set<std::string> words;
    int value = i == 3 || i == 4 ? 0 : 1;
    for (const auto& [code, meaning] : attribute.codes) {
      EXPECT_EQ(code, fmt::format("A{}{}", i, value++));
      EXPECT_TRUE(codes.insert(code).second);
      EXPECT_TRUE(words.insert(meaning).second) << meaning;
    }
  }
  EXPECT_EQ(codes.size(), 4u + 5 + 11 + 5 + 5 + 5 + 3 + 4 + 3 + 3 + 4 + 2 + 2);
}

TEST(GermanCredit, TheNumericFileIsFoundOut) {
  const DataTable table = table_of(kNumeric);
  ASSERT_THAT(table.columns, SizeIs(25));
  EXPECT_THAT(table.column("attribute_1").numbers, ElementsAre(1, 2));
  EXPECT_THAT(table.column("attribute_10").numbers, ElementsAre(67, 22));
  EXPECT_EQ(word(table, "class", 1), "bad");
  EXPECT_TRUE(table.warnings.empty());
}

TEST(GermanCredit, Refusals) {
  const auto refusal = [](const std::string& text) { return error_of([&] { table_of(text); }); };
  const std::string good = kGood, bad = kBad;
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = bad;
    text.replace(text.find(from), from.size(), to);
    return good + text;
  };
  EXPECT_THAT(refusal(with(" A202 2", " A202")), HasSubstr("x:2: 20 fields; expected 21"));
  EXPECT_THAT(refusal(with(" A202 2", " A202 2 2")), HasSubstr("x:2: 22 fields; expected 21"));
  EXPECT_THAT(refusal(with("A12 ", "A30 ")),
              AllOf(HasSubstr("x:2: field 1 (checking_status): 'A30' is none of its codes, A11 to A14"),
                    HasSubstr("it is credit_history's")));
  EXPECT_THAT(refusal(with("A12 ", "A15 ")), HasSubstr("field 1 (checking_status)"));
  EXPECT_THAT(refusal(with(" 48 ", " four ")), HasSubstr("field 2 (duration_months): 'four' is no whole number"));
  EXPECT_THAT(refusal(with(" 48 ", " 4.5 ")), HasSubstr("is no whole number"));
  EXPECT_THAT(refusal(with(" A202 2", " A202 0")), HasSubstr("x:2: the class is '0'; expected 1 (good) or 2 (bad)"));
  EXPECT_THAT(refusal(with(" A202 2", " A202 good")), HasSubstr("the class is"));
  EXPECT_THAT(refusal(good + kNumeric), HasSubstr("x:2: 25 fields; expected 21"));
  EXPECT_THAT(refusal(kNumeric + good), HasSubstr("x:3: 21 fields; expected 25, as german.data-numeric has them"));
  EXPECT_THAT(refusal(""), HasSubstr("x: is empty"));
  EXPECT_THAT(refusal("\n \n"), HasSubstr("x: is empty"));
  EXPECT_THAT(refusal("a,b\n1,2\n"), HasSubstr("x:1: 1 field; expected 25"));
  EXPECT_THAT(refusal(std::string("A11\0", 4)), HasSubstr("x:1"));
  EXPECT_THAT(error_of([&] { table_of(good, {.ignored = {"ages"}}); }), HasSubstr("there is no column"));
}

TEST(GermanCredit, EveryCutOfAFileIsRefusedOrShorter) {
  const std::string text = std::string(kGood) + kBad;
  for (std::size_t size = 0; size < text.size(); ++size) {
    try {
      EXPECT_LE(table_of(text.substr(0, size)).rows, 2);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("x"));
    }
  }
}

/// So many loans; every third is bad, and those are of longer duration.
std::string loans(int count, bool classes = true) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += fmt::format("A1{} {} A3{} A4{} {} A61 A7{} 4 A9{} A101 4 A12{} {} A143 A152 1 A173 1 A191 A201", 1 + i % 4,
                        6 + (i % 3 == 0 ? 30 : 0) + i % 7, i % 5, i % 7, 1000 + 13 * i, 1 + i % 5, 1 + i % 4, 1 + i % 4,
                        20 + i % 50);
    text += classes ? fmt::format(" {}\n", i % 3 == 0 ? 2 : 1) : "\n";
  }
  return text;
}

TEST(GermanCredit, BadLoansAreToBeFound) {
  const Files files;
  const std::string spec = "german-credit:" + files.write("german.data", loans(90));
  const Dataset dataset = open_dataset(spec);
  EXPECT_THAT(dataset.target.class_names, ElementsAre("good", "bad"));
  EXPECT_EQ(dataset.target.name, "class");
  EXPECT_EQ(dataset.test.size(), 18u);
  EXPECT_TRUE(dataset.are_parts_drawn);
  EXPECT_THAT(loaded(dataset).labels, SizeIs(90));
  EXPECT_EQ(loaded(dataset).labels[0], 1) << "the first is bad";
  EXPECT_THAT(open_dataset(spec, {.positive = "good"}).target.class_names, ElementsAre("bad", "good"));
  EXPECT_THAT(open_dataset(spec, {.columns = {"personal_status=ignore"}}).inputs[1].columns,
              Each(testing::Ne("personal_status")));
  EXPECT_THAT(error_of([&] { open_dataset(spec, {.columns = {"age=category"}}); }), HasSubstr("expected NAME=ignore"));
  EXPECT_THAT(error_of([&] { open_dataset(spec, {.columns = {"class=ignore"}}); }), HasSubstr("what is predicted"));
  EXPECT_THAT(error_of([&] { open_dataset("german-credit:" + files.write("good", kGood)); }), HasSubstr("class"));
  const std::string other = "german-credit:" + files.write("later", loans(30));
  EXPECT_EQ(open_dataset(spec, {.test_data = other}).test.size(), 30u);
  EXPECT_THAT(open_dataset("german-credit:" + files.write("numeric", kNumeric), {.test_fraction = 0.5}).inputs,
              SizeIs(1));
}

TEST(GermanCredit, OtherFilesAreReadAsTheTrainedOneWas) {
  const Files files;
  const Dataset trained = open_dataset("german-credit:" + files.write("german.data", loans(90)));
  DataOptions options{.schema = trained.schema, .needs_target = false};
  const Dataset unknown = open_dataset("german-credit:" + files.write("new", loans(10, false)), options);
  EXPECT_EQ(unknown.test.size(), 10u);
  EXPECT_EQ(unknown.inputs[0].columns, trained.inputs[0].columns);
  EXPECT_EQ(unknown.inputs[1].sizes, trained.inputs[1].sizes);
  EXPECT_EQ(open_dataset("german-credit:" + files.write("new", loans(10)), options).test.size(), 10u);
  options.needs_target = true;
  EXPECT_THAT(error_of([&] { open_dataset("german-credit:" + files.write("new", loans(10, false)), options); }),
              HasSubstr("20 fields; expected 21"));
}

}  // namespace
}  // namespace thalweg::lab::test
