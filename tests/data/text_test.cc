// Texts: code points of UTF-8 as they are, line ends alike, and what is no such text refused with offset and line.
#include "data/text.h"

#include "data/utf8_reader.h"
#include "error_of.h"
#include "idx_files.h"

#include <gmock/gmock.h>

#include <string>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::gzip_bytes;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::error_of;

class TextFile : public ::testing::Test {
 protected:
  std::u32string read(const Bytes& bytes) {
    write_bytes(file, bytes);
    const std::vector<char32_t> characters = read_text(file);
    return {characters.begin(), characters.end()};
  }
  std::u32string read(const std::string& text) { return read(Bytes(text.begin(), text.end())); }
  std::string error(const std::string& text) {
    const std::string error = error_of([&] { read(text); });
    EXPECT_THAT(error, HasSubstr(file.string() + ": offset "));
    return error;
  }
  TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "text.txt";
};

TEST_F(TextFile, IsItsCodePoints) {
  EXPECT_EQ(read("a\u00e9\u20ac\U0001f600\n"), U"a\u00e9\u20ac\U0001f600\n");
  EXPECT_EQ(
      read("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
      U"\x7f\x80\x7ff\x800\xd7ff\xe000\xffff\x10000\x10ffff");
}

TEST_F(TextFile, LineEndsBecomeLf) {
  EXPECT_EQ(read("a\r\nb\nc\rd\r\r\n\r"), U"a\nb\nc\rd\r\n\r");
  EXPECT_EQ(read("\r\n"), U"\n");
}

TEST_F(TextFile, AByteOrderMarkIsDroppedAtTheBeginningAlone) {
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "a"),
            U"a");
  EXPECT_EQ(read("a\xef\xbb\xbf"), U"a\xfeff");
  EXPECT_EQ(read("\xef\xbb\xbf\xef\xbb\xbf"), U"\xfeff");
}

TEST_F(TextFile, GzipIsKnownByItsMagicNotItsName) { EXPECT_EQ(read(gzip_bytes({'a', '\r', '\n'})), U"a\n"); }

// Characters and line ends may lie across the pieces in which a file is read.
TEST_F(TextFile, LongTextsAreReadPieceByPiece) {
  for (std::size_t before = 65530; before < 65540; ++before) {
    const std::string text = std::string(before, 'x') + "\U0001f600\r\n\u20ac";
    EXPECT_EQ(read(text), std::u32string(before, U'x') + U"\U0001f600\n\u20ac") << before;
  }
  EXPECT_EQ(read(std::string(65536, 'x')).size(), 65536u);
}

TEST_F(TextFile, RefusesEmptyTexts) {
  EXPECT_THAT(error(""), HasSubstr("empty"));
  EXPECT_THAT(error("\xef\xbb\xbf"), HasSubstr("empty"));
  EXPECT_THAT(error_of([&] { read(gzip_bytes({})); }), HasSubstr("empty"));
  EXPECT_THAT(error_of([&] { read_text(folder.path()); }), HasSubstr("is a folder"));
  EXPECT_THAT(error_of([&] { read_text(folder.path() / "none"); }), HasSubstr("No such file"));
}

TEST_F(TextFile, RefusesWhatIsNotUtf8WithOffsetAndLine) {
  EXPECT_THAT(error("a\nb\n\xff"), AllOf(HasSubstr("offset 4"), HasSubstr("line 3"), HasSubstr("byte ff")));
  EXPECT_THAT(error("a\r\n\xe9t\xe9"), AllOf(HasSubstr("offset 4"), HasSubstr("line 2"), HasSubstr("iconv")));
  EXPECT_THAT(error("\xff\xfe"), HasSubstr("UTF-16"));
  EXPECT_THAT(error(std::string("a\nb\0c", 5)), AllOf(HasSubstr("offset 3"), HasSubstr("line 2"), HasSubstr("NUL")));
  for (const char* wrong :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3(", "\xe2\x82(", "\xf0\x9f\x98z"}) {
    EXPECT_THAT(error(std::string("ab") + wrong), HasSubstr("UTF-8"));
  }
  for (const char* cut : {"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98"}) {
    EXPECT_THAT(error(std::string("ab") + cut), HasSubstr("ends within a character"));
  }
}

TEST_F(TextFile, EveryTruncationOfACompressedTextIsRefused) {
  const Bytes whole = gzip_bytes({'h', 'e', 'l', 'l', 'o'});
  for (std::size_t length = 2; length < whole.size(); ++length) {
    EXPECT_THAT(error_of([&] { read(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))); }),
                HasSubstr("offset"))
        << length;
  }
}

// Every scalar value, encoded by the rule, comes back; nothing else is taken.
TEST(Utf8Reader, TakesEveryScalarValueAndNoOther) {
  for (char32_t value = 0; value < 0x120000; ++value) {
    Bytes bytes;
    if (value < 0x80) {
      bytes = {static_cast<std::uint8_t>(value)};
    } else {
      const int more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
      constexpr std::uint32_t kFirst[] = {0, 0xc0, 0xe0, 0xf0};
      bytes.push_back(static_cast<std::uint8_t>(kFirst[more] | value >> (6 * more)));
      for (int k = more; k-- > 0;) bytes.push_back(static_cast<std::uint8_t>(0x80 | (value >> (6 * k) & 0x3f)));
    }
    Utf8Reader reader;
    bool taken = true;
    for (const std::uint8_t byte : bytes) taken = taken && reader.take(byte);
    const bool scalar = value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    ASSERT_EQ(taken, scalar) << static_cast<std::uint32_t>(value);
    if (scalar) {
      ASSERT_EQ(reader.completed(), value);
    }
  }
}

TEST(Utf8Reader, PrintableIsUtf8WithoutControls) {
  EXPECT_TRUE(is_printable("T-shirt/top \u00e9\u20ac"));
  EXPECT_TRUE(is_printable(""));
  for (const char* text : {"a\n", "\x1b[2J", "\x7f", "\xc2\x85", "\xff", "\xc3"}) EXPECT_FALSE(is_printable(text));
}

}  // namespace
}  // namespace thalweg::lab
