// Tests of commands as text: quoted so that a shell reads them back.
#include "study/environment.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace thalweg::lab {
namespace {

TEST(ShellQuoted, QuotesWhatMustBe) {
  EXPECT_EQ(shell_quoted("runs/first-1_2.x:a=b,c@d%e+f"), "runs/first-1_2.x:a=b,c@d%e+f");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's"), R"('it'\''s')");
  EXPECT_EQ(shell_quoted("$HOME `x` \"y\" *"), "'$HOME `x` \"y\" *'");
  EXPECT_EQ(shell_quoted("~/x"), "'~/x'");
  EXPECT_EQ(shell_quoted("größer"), "'größer'");
  EXPECT_EQ(shell_quoted("a\nb\x1b[2J'\\1"), R"($'a\012b\033[2J\'\\1')") << "no control character is left";
  EXPECT_EQ(shell_quoted("\xff"), R"($'\377')");
  EXPECT_EQ(shell_quoted("ä\n"), R"($'\303\244\012')");
}

TEST(ShellQuoted, BashReadsItBack) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& argument : {all, std::string("a 'b' \"c\" $d"), std::string("x\ny")}) {
    // sh need not know $'…', bash does.
    std::FILE* const pipe = popen(("bash <<'END'\nprintf %s " + shell_quoted(argument) + "\nEND").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 1024> bytes{};
    const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), pipe);
    ASSERT_EQ(pclose(pipe), 0);
    EXPECT_EQ(std::string(bytes.data(), got), argument);
  }
}

}  // namespace
}  // namespace thalweg::lab
