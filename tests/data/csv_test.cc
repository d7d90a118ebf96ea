// CSV: what is found out, and what is read.
#include "data/csv.h"

#include "csv_calls.h"
#include "error_of.h"
#include "idx_files.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::category;
using test::gzip_bytes;
using test::names;
using test::numeric;
using test::read;
using test::refusal;
using test::TemporaryFolder;
using test::texts;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::NanSensitiveDoubleEq;
using ::testing::SizeIs;
using ::testing::StartsWith;
using tests::error_of;

const double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Csv, ReadsNumbersAndCategoriesByTheirValues) {
  const DataTable table = read("x,kind,y\n1,b,-2.5\n+3,a,1e-3\n.5,b,5.\n");
  EXPECT_EQ(table.rows, 3);
  EXPECT_EQ(table.file, "in.csv");
  EXPECT_THAT(names(table), ElementsAre("x", "kind", "y"));
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(1, 3, 0.5));
  EXPECT_THAT(table.columns[0].codes, IsEmpty());
  EXPECT_THAT(table.columns[1].categories, ElementsAre("a", "b"));
  EXPECT_THAT(table.columns[1].codes, ElementsAre(1, 0, 1));
  EXPECT_THAT(table.columns[1].numbers, IsEmpty());
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(-2.5, 1e-3, 5));
  EXPECT_THAT(table.warnings, IsEmpty());
}

TEST(Csv, FindsColumnsByNameAndSuggests) {
  const DataTable table = read("height,weight\n1,2\n");
  ASSERT_NE(table.find("weight"), nullptr);
  EXPECT_THAT(table.find("weight")->numbers, ElementsAre(2));
  EXPECT_EQ(table.find("wight"), nullptr);
  EXPECT_EQ(&table.column("height"), table.columns.data());
  EXPECT_THAT(error_of([&] { (void)table.column("wight"); }),
              AllOf(StartsWith("in.csv: no column 'wight'"), HasSubstr("did you mean weight")));
}

TEST(Csv, FindsTheSeparator) {
  for (const char separator : {',', ';', '\t', '|'}) {
    std::string text = "a,b,c\n1,x y,2\n\"3\",\"p,q;r\ts|t\",4\n";
    for (const std::size_t at : {1, 3, 7, 11, 17, 29}) {
      ASSERT_EQ(text.at(at), ',') << at;
      text[at] = separator;
    }
    const DataTable table = read(text);
    EXPECT_THAT(names(table), ElementsAre("a", "b", "c")) << separator;
    EXPECT_THAT(texts(table.columns[1]), ElementsAre("x y", "p,q;r\ts|t")) << separator;
    EXPECT_THAT(table.columns[2].numbers, ElementsAre(2, 4)) << separator;
  }
}

TEST(Csv, SeparatorIsTheOneByWhichRowsAgree) {
  EXPECT_THAT(read("a;b\n1,5;x\n2,5;y\n").columns, SizeIs(2));
  EXPECT_THAT(read("a;b\n1,5;2,5\n").columns, SizeIs(2));
  EXPECT_THAT(read("1,5;2,5\n3,5;4,5\n").columns, SizeIs(2)) << "the rarer in text wins";
  EXPECT_THAT(read("name,tags\nx,p|q\ny,p\n").columns, SizeIs(2));
  EXPECT_THAT(names(read("just\none\ncolumn\n")), ElementsAre("just"));
  EXPECT_THAT(refusal("a,b\n1,2\n3,4,5\n6,7\n"), StartsWith("in.csv:3: ")) << "most rows agree on the comma";
  CsvOptions options;
  options.separator = ',';
  EXPECT_THAT(read("1,5;2,5\n3,5;4,5\n", options).columns, SizeIs(3));
}

TEST(Csv, FindsWhetherThereIsAHeader) {
  EXPECT_THAT(names(read("5.1,3.5,setosa\n4.9,3.0,other\n")), ElementsAre("c1", "c2", "c3"));
  EXPECT_EQ(read("5.1,3.5,setosa\n4.9,3.0,other\n").rows, 2);
  EXPECT_THAT(names(read("red,small\nblue,large\n")), ElementsAre("red", "small")) << "no number: names";
  EXPECT_THAT(names(read("id,2019,2020\n1,5,6\n2,7,8\n")), ElementsAre("id", "2019", "2020")) << "a word above numbers";
  EXPECT_THAT(names(read("name,2019\nbob,5\n")), ElementsAre("c1", "c2")) << "nothing says that these are names";
  EXPECT_THAT(names(read("?,1\n2,3\n")), ElementsAre("c1", "c2")) << "a missing value is no name";
  EXPECT_THAT(names(read(",a,b\n0,1,2\n")), ElementsAre("c1", "a", "b")) << "a column without a name";
  EXPECT_THAT(names(read("1\n2\n")), ElementsAre("c1"));
  CsvOptions options;
  options.header = true;
  EXPECT_THAT(names(read("1,2\n3,4\n", options)), ElementsAre("1", "2"));
  options.header = false;
  EXPECT_THAT(texts(read("a,b\nc,d\n", options).columns[0]), ElementsAre("a", "c"));
}

TEST(Csv, ReadsQuotes) {
  const DataTable table = read("\"a \"\"1\"\"\",b\n\"x,\ny\",\"\"\n\" p \" , \"say \"\"hi\"\"\" \nq\"q,\"\"\"\"\n");
  EXPECT_THAT(names(table), ElementsAre("a \"1\"", "b"));
  EXPECT_THAT(texts(table.columns[0]), ElementsAre("x,\ny", " p ", "q\"q"));
  EXPECT_THAT(texts(table.columns[1]), ElementsAre("-", "say \"hi\"", "\""));
}

TEST(Csv, QuotedValuesAreNumbersToo) {
  EXPECT_THAT(read("a,b\n\"1.5\",\"2\"\n\"NA\",3\n").columns[0].numbers,
              ElementsAre(DoubleEq(1.5), NanSensitiveDoubleEq(kNaN)));
  EXPECT_EQ(read("a,b\n\" 1\",2\n").columns[0].kind, ColumnKind::category) << "in quotes, spaces are part of a value";
}

TEST(Csv, ReadsMarksLineEndsBlankLinesAndSpaces) {
  const DataTable table = read("\xef\xbb\xbf a , b\r\n\r\n  \n 1 ,\tx y\t\r\n2, z\n\n3,w");
  EXPECT_THAT(names(table), ElementsAre("a", "b"));
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(1, 2, 3));
  EXPECT_THAT(texts(table.columns[1]), ElementsAre("x y", "z", "w"));
  EXPECT_EQ(table.lines(0), 4);
  EXPECT_EQ(table.lines(1), 5);
  EXPECT_EQ(table.lines(2), 7);
  EXPECT_EQ(table.place(2), "in.csv:7");
}

TEST(Csv, KnowsTheLineOfEachRow) {
  const DataTable table = read("a,b\n\"1\n2\n3\",4\n5,\"\n\"\n6,7\n\n\n8,9\n10,11\n");
  std::vector<std::int64_t> lines;
  for (std::int64_t row = 0; row < table.rows; ++row) lines.push_back(table.lines(row));
  EXPECT_THAT(lines, ElementsAre(2, 5, 7, 10, 11));
}

TEST(Csv, KnowsMissingValues) {
  const DataTable table = read("n,k\n1,a\n,\nNA,NA\nN/A,N/A\nNaN,NaN\nnan,nan\nnull,null\nNULL,NULL\nNone,None\n?,?\n");
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(std::isnan(table.columns[0].numbers.at(i)), i > 0) << i;
    EXPECT_EQ(table.columns[1].codes.at(i), i > 0 ? kMissingCode : 0) << i;
  }
  EXPECT_THAT(table.columns[1].categories, ElementsAre("a"));
  EXPECT_EQ(read("n\nna\n1\n").columns[0].kind, ColumnKind::category) << "other words are values";
}

TEST(Csv, AColumnOfNothingIsNumeric) {
  const DataTable table = read("a,b\n,1\nNA,2\n");
  EXPECT_EQ(table.columns[0].kind, ColumnKind::numeric);
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(NanSensitiveDoubleEq(kNaN), NanSensitiveDoubleEq(kNaN)));
}

TEST(Csv, InfinityIsNoNumber) {
  for (const char* const word :
       {"inf", "-inf", "Infinity", "1x", "--1", "+-1", "1e", ".", "-", "0x10", "1 2", "-nan"}) {
    EXPECT_EQ(read("a,b\n1,2\n" + std::string(word) + ",3\n").columns[0].kind, ColumnKind::category) << word;
  }
}

TEST(Csv, AColumnThatLateTurnsOutToBeACategoryIsOneFromItsBeginning) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 500; ++i) text += std::to_string(i % 12) + "," + std::to_string(i) + ",k\n";
  text += "x,500,k\n";
  const DataTable table = read(text);
  EXPECT_EQ(table.columns[0].kind, ColumnKind::category);
  EXPECT_THAT(table.columns[0].categories,
              ElementsAre("0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9", "x"));
  EXPECT_EQ(texts(table.columns[0]).at(310), "10");
  EXPECT_THAT(table.columns[1].numbers, SizeIs(501));
  EXPECT_EQ(table.columns[1].numbers.at(500), 500);
}

TEST(Csv, CategoriesThatAreNumbersAreSortedAsNumbers) {
  CsvOptions options;
  options.columns = {{"a", ColumnUse::category}};
  const DataTable table = read("a,b\n10,1\n9,1\n-1,1\n9.0,1\n1e1,1\n,2\n", options);
  EXPECT_THAT(table.columns[0].categories, ElementsAre("-1", "9", "9.0", "10", "1e1"));
  EXPECT_THAT(table.columns[0].codes, ElementsAre(3, 1, 0, 2, 4, kMissingCode));
}

TEST(Csv, ColumnsAreReadAsAsked) {
  CsvOptions options;
  options.columns = {{"a", ColumnUse::category}, {"b", ColumnUse::ignore}, {"c", ColumnUse::numeric}};
  const DataTable table = read("a,b,c\n1,x,\n2,\"y\nz\",NA\n", options);
  EXPECT_THAT(names(table), ElementsAre("a", "c"));
  EXPECT_THAT(texts(table.columns[0]), ElementsAre("1", "2"));
  EXPECT_EQ(table.columns[1].kind, ColumnKind::numeric);
}

TEST(Csv, WarnsOfDecimalCommas) {
  const DataTable table = read("a;b;c\n1,5;x,5;1\n2;y;2\n;z;3\n");
  EXPECT_THAT(table.warnings, ElementsAre(AllOf(StartsWith("in.csv: column 'a' is a category"), HasSubstr("'1,5'"),
                                                HasSubstr("decimal commas"))));
}

TEST(Csv, ReadsAnotherFileByTheSameColumns) {
  CsvOptions options;
  options.schema = {{category("k", {"b", "a"}), numeric("x"), numeric("target", true)}};
  const DataTable table = read("more,x,k\nm,1,a\nm,,b\nm,3,zz\nm,4,\nm,5,q\nm,6,zz\n", options);
  EXPECT_THAT(names(table), ElementsAre("k", "x"));
  EXPECT_THAT(table.columns[0].categories, ElementsAre("b", "a"));
  EXPECT_THAT(table.columns[0].codes, ElementsAre(1, 0, kUnseenCode, kMissingCode, kUnseenCode, kUnseenCode));
  EXPECT_THAT(table.columns[0].unseen, ElementsAre("q", "zz"));
  EXPECT_THAT(names(read("k,target,x\na,7,1\n", options)), ElementsAre("k", "x", "target"));
}

TEST(Csv, TheOthersNamesAreAHeaderWhateverTheyLookLike) {
  CsvOptions options;
  options.schema = {{numeric("2019"), category("name", {"bob"})}};
  EXPECT_THAT(read("name,2019\nbob,5\n", options).columns[0].numbers, ElementsAre(5));
  options.schema = {{category("c1", {"bob"}), numeric("c2")}};
  EXPECT_THAT(read("bob,5\n", options).columns[1].numbers, ElementsAre(5)) << "neither had a header";
}

TEST(Csv, ReadsFilesPlainAndCompressed) {
  const TemporaryFolder folder;
  std::string text = "a,b\n";
  for (int i = 0; i < 30000; ++i) text += std::to_string(i) + ",k" + std::to_string(i % 7) + "\n";
  const Bytes plain(text.begin(), text.end());
  write_bytes(folder.path() / "plain.csv", plain);
  write_bytes(folder.path() / "small.csv", gzip_bytes(plain));  // compressed, named as if it were not
  for (const char* const name : {"plain.csv", "small.csv"}) {
    const DataTable table = read_csv(folder.path() / name);
    EXPECT_EQ(table.rows, 30000);
    EXPECT_EQ(table.file, (folder.path() / name).string());
    EXPECT_EQ(table.columns[0].numbers.at(29999), 29999);
    EXPECT_THAT(table.columns[1].categories, SizeIs(7));
  }
  Bytes damaged = gzip_bytes(plain);
  damaged.resize(damaged.size() - 9);
  write_bytes(folder.path() / "damaged.csv", damaged);
  EXPECT_THAT(error_of([&] { read_csv(folder.path() / "damaged.csv"); }),
              AllOf(HasSubstr("damaged.csv"), HasSubstr("end too early")));
  write_bytes(folder.path() / "zeros.csv", gzip_bytes(Bytes(std::size_t{1} << 24)));
  EXPECT_THAT(error_of([&] { read_csv(folder.path() / "zeros.csv"); }), HasSubstr("zeros.csv:1: byte 00 is a control"));
  EXPECT_THAT(error_of([&] { read_csv(folder.path() / "none.csv"); }), HasSubstr("none.csv"));
  EXPECT_THAT(error_of([&] { read_csv(folder.path()); }), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace thalweg::lab
