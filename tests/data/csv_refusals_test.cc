// CSV: what is refused, with which words.
#include "csv_calls.h"

#include <gmock/gmock.h>

namespace thalweg::lab {
namespace {

using test::category;
using test::numeric;
using test::read;
using test::refusal;
using test::texts;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(CsvRefusals, RefusesToReadColumnsThatAreNotThere) {
  CsvOptions options;
  options.columns = {{"hieght", ColumnUse::category}};
  EXPECT_THAT(refusal("height,b\n1,2\n", options),
              AllOf(StartsWith("in.csv: no column 'hieght'"), HasSubstr("did you mean height?")));
  options.columns = {{"height", ColumnUse::ignore}, {"b", ColumnUse::ignore}};
  EXPECT_EQ(refusal("height,b\n1,2\n", options), "in.csv: no column is left to read");
}

TEST(CsvRefusals, RefusesWordsInNumericColumns) {
  CsvOptions options;
  options.columns = {{"a", ColumnUse::numeric}};
  EXPECT_EQ(refusal("b,a\n1,2\n\n3,x y\n", options), "in.csv:4: column 'a': 'x y' is not a number");
  EXPECT_EQ(refusal("b;a\n1;2\n3;1,5\n", options),
            "in.csv:3: column 'a': '1,5' is not a number; decimals are written with a point, not a comma");
  EXPECT_EQ(refusal("b,a\n1,2\n3,inf\n", options), "in.csv:3: column 'a': 'inf' is not a number");
  EXPECT_EQ(refusal("b,a\n1,\"x\n\"\"y\"\n", options), "in.csv:2: column 'a': 'x\\n\"y' is not a number");
  EXPECT_THAT(refusal("b,a\n1," + std::string(1000, 'x') + "\n", options),
              AllOf(HasSubstr("xxx… (1000 bytes)' is not a number"), SizeIs(Lt(150U))));
}

TEST(CsvRefusals, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_EQ(refusal("b,a\n1,2\n3,-1e999\n4,1e999\n"),
            "in.csv:3: column 'a': '-1e999' is outside the range of doubles (4.9e-324 to 1.8e308)");
  EXPECT_THAT(refusal("b,a\n1,1e-999\n"), StartsWith("in.csv:2: column 'a': '1e-999' is outside"));
  EXPECT_THAT(refusal("a,b\n1,1e999\n1e999,1\n"), StartsWith("in.csv:2: column 'b'")) << "the first in the file";
  EXPECT_THAT(read("b,a\n1,4.9e-324\n2,1.7976931348623157e308\n").columns[1].numbers,
              ElementsAre(4.9e-324, 1.7976931348623157e308));
  EXPECT_THAT(texts(read("b,a\n1,1e999\n2,x\n").columns[1]), ElementsAre("1e999", "x")) << "a text as others";
  CsvOptions options;
  options.columns = {{"a", ColumnUse::numeric}};
  EXPECT_THAT(refusal("b,a\n1,1e999\n", options), StartsWith("in.csv:2: column 'a': '1e999' is outside"));
}

TEST(CsvRefusals, RefusesRowsOfAnotherNumberOfFields) {
  EXPECT_EQ(refusal("a,b,c\n1,2,3\n4,5\n"), "in.csv:3: the row has 2 fields; expected 3, as in the header");
  EXPECT_EQ(refusal("a,b,c\n1,2,3\n4\n"), "in.csv:3: the row has 1 field; expected 3, as in the header");
  EXPECT_EQ(refusal("1,2,3\n4,5,6,\"7\",8\n9,9,9\n"),
            "in.csv:2: the row has 5 fields; expected 3, as in the first row");
  EXPECT_EQ(refusal("a,b\n1,\"2\n\"\n3\n"), "in.csv:4: the row has 1 field; expected 2, as in the header");
}

TEST(CsvRefusals, RefusesBrokenQuotes) {
  EXPECT_EQ(refusal("a,b\n1,2\n3,\"4\n5,6\n"), "in.csv:3: the quote that opens here is never closed");
  EXPECT_EQ(refusal("a,b\n1,2\n3,\""), "in.csv:3: the quote that opens here is never closed");
  EXPECT_EQ(refusal("\"a,b\n1,2\n"), "in.csv:1: the quote that opens here is never closed");
  EXPECT_THAT(refusal("a,b\n1,\"2\n3\"ä\n"),
              AllOf(StartsWith("in.csv:3: 'ä' follows a closing quote"), HasSubstr("written twice")));
  EXPECT_THAT(refusal("a,b\n1,2\n\"say \"hi\"\",2\n"), StartsWith("in.csv:3: 'h' follows a closing quote"));
}

TEST(CsvRefusals, RefusesEqualNames) {
  EXPECT_EQ(refusal("a,b,a\n1,2,3\n"), "in.csv:1: columns 1 and 3 are both called 'a'; give each a name of its own");
  EXPECT_THAT(refusal("\nc2,\n1,2\n"), StartsWith("in.csv:2: columns 1 and 2 are both called 'c2'"));
}

TEST(CsvRefusals, RefusesFilesWithoutRows) {
  for (const char* const text : {"", "\xef\xbb\xbf", "\n", " \r\n\n"})
    EXPECT_THAT(refusal(text), StartsWith("in.csv: is empty; expected rows of values"));
  EXPECT_EQ(refusal("\na,b\n\n"), "in.csv:2: the file has a header (2 columns) and no rows of values");
}

TEST(CsvRefusals, RefusesWhatIsNoText) {
  using namespace std::string_literals;
  EXPECT_THAT(refusal("a,b\n1,\0\n"s), StartsWith("in.csv:2: byte 00 is a control character"));
  EXPECT_THAT(refusal("a,b\n1,2\n\x7f,3\n"), StartsWith("in.csv:3: byte 7f is a control character"));
  EXPECT_THAT(refusal("a,b\nstra\xdf"
                      "e,2\n"),
              AllOf(StartsWith("in.csv:2: byte df is not UTF-8"), HasSubstr("iconv -f LATIN1")));
  for (const char* const wrong : {"\x80", "\xc1\x81", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff"})
    EXPECT_THAT(refusal("a\n" + std::string(wrong)), AllOf(StartsWith("in.csv:2: byte"), HasSubstr("is not UTF-8")));
  EXPECT_THAT(refusal("\xff\xfe"
                      "a\0\n\0"s),
              AllOf(StartsWith("in.csv:1: is UTF-16"), HasSubstr("iconv")));
  EXPECT_THAT(refusal("\x1f\x8b\x08"), HasSubstr("compressed by gzip"));
  EXPECT_THAT(refusal("a,b\n1,2\r3,4\n"), StartsWith("in.csv:2: a carriage return without a line feed"));
  EXPECT_THAT(texts(read("a,ä\nü,€\n𝄞,\xed\x9f\xbf\n").columns[0]), ElementsAre("ü", "𝄞"));
}

TEST(CsvRefusals, RefusesFilesThatLackColumnsOfTheOther) {
  CsvOptions options;
  options.schema = {{category("kind", {"b", "a"}), numeric("x")}};
  EXPECT_THAT(refusal("kin,x\na,1\n", options),
              AllOf(StartsWith("in.csv: no column 'kind', which must be there"), HasSubstr("did you mean kin?")));
  EXPECT_THAT(refusal("a,1\nb,2\n", options),
              HasSubstr("no column 'kind', which must be there (the first row is no header)"));
  EXPECT_EQ(refusal("kind,x\na,1\na,b\n", options), "in.csv:3: column 'x': 'b' is not a number");
  options.schema = {{numeric("x"), numeric("x")}};
  EXPECT_EQ(refusal("x,y\n1,2\n", options), "in.csv: column 'x' is asked for twice");
}

}  // namespace
}  // namespace thalweg::lab
