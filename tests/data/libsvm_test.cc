// LIBSVM: sparse rows are read into columns, and what is no such file is refused.
#include "data/libsvm.h"

#include "error_of.h"
#include "idx_files.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::gzip_bytes;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using tests::error_of;

DataTable read(std::string_view text, const LibsvmOptions& options = {}) {
  return read_libsvm_text(text, "in.svm", options);
}

std::string refusal(std::string_view text, const LibsvmOptions& options = {}) {
  return error_of([&] { read(text, options); });
}

TEST(Libsvm, ReadsRows) {
  const DataTable table = read("+1 1:0.5 3:-2e1\n-1 2:+1 # a comment, 3:x\n\n# another\n  0.5\t3:7 \r\n2");
  EXPECT_EQ(table.file, "in.svm");
  EXPECT_EQ(table.rows, 4);
  ASSERT_THAT(table.columns, SizeIs(4));
  EXPECT_EQ(table.columns[0].name, "label");
  EXPECT_EQ(table.columns[3].name, "f3");
  EXPECT_THAT(table.column("label").numbers, ElementsAre(1, -1, 0.5, 2));
  EXPECT_THAT(table.column("f1").numbers, ElementsAre(0.5, 0, 0, 0));
  EXPECT_THAT(table.column("f2").numbers, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(table.column("f3").numbers, ElementsAre(-20, 0, 7, 0));
  EXPECT_EQ(table.lines(1), 2);
  EXPECT_EQ(table.lines(2), 5);
  EXPECT_EQ(table.lines(3), 6);
}

TEST(Libsvm, HasAsManyFeaturesAsAskedFor) {
  LibsvmOptions options;
  options.features = 3;
  EXPECT_THAT(read("1 1:1\n", options).columns, SizeIs(4));
  EXPECT_EQ(refusal("1 1:1\n1 2:3 4:1\n", options), "in.svm:2: index 4 is beyond the 3 features that are expected");
  EXPECT_THAT(read("1\n", options).column("f3").numbers, ElementsAre(0));
}

TEST(Libsvm, RefusesWhatIsNoSuchFile) {
  EXPECT_EQ(refusal("1 1:1\nx 1:1\n"), "in.svm:2: the label: 'x' is not a number");
  EXPECT_EQ(refusal("1:1\n"), "in.svm:1: the label: '1:1' is not a number");
  EXPECT_EQ(refusal("nan 1:1\n"), "in.svm:1: the label: 'nan' is not a number");
  EXPECT_EQ(refusal("1,2 1:1\n"), "in.svm:1: the label: '1,2' is not a number");
  EXPECT_EQ(refusal("1 1:1 2:y\n"), "in.svm:1: the value of index 2: 'y' is not a number");
  EXPECT_EQ(refusal("1 1:inf\n"), "in.svm:1: the value of index 1: 'inf' is not a number");
  EXPECT_EQ(refusal("1 1:\n"), "in.svm:1: the value of index 1: '' is not a number");
  EXPECT_EQ(refusal("1 1:1e999\n"),
            "in.svm:1: the value of index 1: '1e999' is outside the range of doubles (4.9e-324 to 1.8e308)");
  EXPECT_EQ(refusal("1 5\n"), "in.svm:1: '5' is not index:value, as in 3:0.5");
  for (const char* const word : {"x:5", ":5", "-1:5", "+1:5", "1.5:5"})
    EXPECT_EQ(refusal("1 1:1\n1 " + std::string(word)),
              "in.svm:2: '" + std::string(word) + "' is not index:value, as in 3:0.5");
  EXPECT_EQ(refusal("1 1:1\r2:5\n"), "in.svm:1: the value of index 1: '1\\r2:5' is not a number");
  EXPECT_EQ(refusal("\n1 0:1 1:3\n"),
            "in.svm:2: index 0: indices count from 1; in a file that counts from 0, add 1 to all");
  EXPECT_EQ(refusal("1 2:1 1:3\n"), "in.svm:1: index 1 stands behind index 2; expected ascending indices");
  EXPECT_EQ(refusal("1 2:1 2:3\n"), "in.svm:1: index 2 stands behind index 2; expected ascending indices");
  EXPECT_EQ(refusal("1 1:1\n1 qid:3 2:3\n"),
            "in.svm:2: 'qid:3': groups for ranking are not supported; expected index:value");
  EXPECT_THAT(refusal("# nothing\n\n"), StartsWith("in.svm: is empty"));
  EXPECT_THAT(refusal(""), StartsWith("in.svm: is empty"));
  EXPECT_THAT(refusal("1\n2\n"), StartsWith("in.svm: holds labels alone"));
  EXPECT_THAT(refusal("1 1:1\n2 \xff\n"), StartsWith("in.svm:2: byte ff is not UTF-8"));
}

TEST(Libsvm, RefusesTablesThatAreTooLarge) {
  EXPECT_EQ(refusal("1 1048577:1\n"),
            "in.svm:1: index 1048577 is beyond 1048576, the most features that are supported");
  EXPECT_THAT(refusal("1 99999999999999999999999:1\n"),
              StartsWith("in.svm:1: index 99999999999999999999999 is beyond 1048576"));
  std::string text;
  for (int i = 0; i < 2048; ++i) text += "1 1048576:1\n";
  EXPECT_THAT(refusal(text), AllOf(StartsWith("in.svm: 2048 rows × 1048576 features"), HasSubstr("2147483648 values")));
  LibsvmOptions options;
  options.most_values = 6;
  EXPECT_EQ(read("1 2:1\n2 1:1\n", options).rows, 2);
  EXPECT_THAT(refusal("1 2:1\n2 1:1\n3\n", options), HasSubstr("3 rows × 2 features"));
  options.features = std::int64_t{1} << 62;
  EXPECT_THAT(refusal("1 2:1\n", options), HasSubstr("too many"));
}

TEST(Libsvm, RandomTablesAreReadBackPlainAndCompressed) {
  const TemporaryFolder folder;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random); };
    const int features = 1 + below(30);
    std::vector<std::map<int, double>> rows(static_cast<std::size_t>(1 + below(40)));
    std::string text;
    for (std::map<int, double>& row : rows) {
      row[0] = below(5) - 2;
      text += std::to_string(static_cast<int>(row[0]));
      for (int i = 1; i <= features; ++i) {
        if (below(4) > 0 && !(i == features && &row == &rows.front())) continue;
        row[i] = (below(2000) - 1000) / 8.0;
        text += (below(2) == 0 ? " " : "\t ") + std::to_string(i) + ":" + std::to_string(row[i]);
      }
      text += below(4) == 0 ? " # 1:2\r\n" : "\n";
    }
    const Bytes plain(text.begin(), text.end());
    write_bytes(folder.path() / "a", plain);
    write_bytes(folder.path() / "b", gzip_bytes(plain));
    for (const DataTable& table : {read_libsvm(folder.path() / "a"), read_libsvm(folder.path() / "b")}) {
      ASSERT_THAT(table.columns, SizeIs(features + 1)) << text;
      ASSERT_EQ(table.rows, static_cast<std::int64_t>(rows.size()));
      for (std::size_t row = 0; row < rows.size(); ++row) {
        for (int i = 0; i <= features; ++i) {
          ASSERT_EQ(table.columns[static_cast<std::size_t>(i)].numbers[row],
                    rows[row].count(i) > 0 ? rows[row][i] : 0.0)
              << text;
        }
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::lab
