// Text from outside in messages: nothing in it reaches the terminal as a command, and nothing is repeated at length.
#include "text.h"

#include "checkpoint/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Printable, LeavesPlainTextAlone) {
  for (const std::string_view text : {"", "layer1.weight", "C:\\data \"x\" 'y'", "Größe θ 学習率 🙂"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ShowsWhatATerminalWouldObeyAsEscapes) {
  EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(printable("\x1b[2J\x1b]0;title\a"), "\\x1b[2J\\x1b]0;title\\x07");
  EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  EXPECT_EQ(printable("\u009b2J"), "\\u009b2J");  // ESC [ as one character
  EXPECT_EQ(printable("\u202etxt\u2066\u2028\u200f\ufeff"), "\\u202etxt\\u2066\\u2028\\u200f\\ufeff");
  EXPECT_EQ(printable("layer\xff\xc3"), "layer\\xff\\xc3");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half a surrogate pair
}

TEST(Printable, CutsWhatIsLong) {
  EXPECT_EQ(printable(std::string(200, 'a')), std::string(200, 'a'));
  const std::string cut = printable(std::string(1 << 20, 'a'));
  EXPECT_EQ(cut.size(), 200u);
  EXPECT_THAT(cut, StartsWith("aaaaaaaaaa"));
  EXPECT_THAT(cut, HasSubstr("aaa… (1048576 bytes)"));
  EXPECT_EQ(printable(std::string(100, '\x1b')).size(), 199u);  // whole escapes only
  EXPECT_EQ(printable("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 20), "aaaaaa… (36 bytes)");
}

TEST(Printable, WhateverTheTextIsValidShortAndStaysAsItIs) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += static_cast<char>(static_cast<unsigned char>(i * i * 7 + i / 3));
    for (const std::size_t most : {40u, 61u, 200u, 100000u}) {
      const std::string shown = printable(text, most);
      ASSERT_LE(shown.size(), most);
      ASSERT_EQ(find_invalid_utf8(shown), std::string_view::npos);
      ASSERT_EQ(printable(shown, most), shown);
      for (const char character : shown)
        ASSERT_TRUE(static_cast<unsigned char>(character) >= 0x20 && character != 0x7f);
    }
  }
}

TEST(InQuotes, IsPrintable) {
  EXPECT_EQ(in_quotes("a\x1b"), "\"a\\x1b\"");
  EXPECT_LT(in_quotes(std::string(1000, 'a')).size(), 203u);
}

}  // namespace
}  // namespace thalweg::tests
