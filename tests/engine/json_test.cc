// The JSON reader and writer: what RFC 8259 allows, what it does not, and round trips.
#include "checkpoint/json.h"

#include "checkpoint/utf8.h"
#include "thalweg/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace thalweg::inline v0_1::json {
namespace {

using ::testing::HasSubstr;

// The message of the Error that reading throws, or "accepted".
std::string error_of(std::string_view text) {
  try {
    parse(text, "text");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Json, ReadsEveryKindOfValue) {
  const Value value = parse(
      " {\"a\" : [ null,true,false,\t0,-1,18446744073709551615,-9223372036854775808, 2.5e-3, \"x\" ],\r\n\"b\":{},"
      "\"c\":[]}\n",
      "text");
  const Array& a = value.at("a", "value").array("a");
  ASSERT_EQ(a.size(), 9U);
  EXPECT_TRUE(a[0].is_null());
  EXPECT_TRUE(a[1].boolean(""));
  EXPECT_FALSE(a[2].boolean(""));
  EXPECT_EQ(a[3].unsigned_integer(""), 0U);
  EXPECT_EQ(a[4].integer(""), -1);
  EXPECT_EQ(a[5].unsigned_integer(""), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(a[6].integer(""), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(a[7].number(""), 2.5e-3);
  EXPECT_EQ(a[8].string(""), "x");
  EXPECT_TRUE(value.at("b", "value").object("b").empty());
  EXPECT_TRUE(value.at("c", "value").array("c").empty());
  EXPECT_EQ(value.find("d", "value"), nullptr);
}

TEST(Json, KeepsIntegersExactAndMakesTheRestDouble) {
  EXPECT_EQ(parse("9007199254740993", "text").unsigned_integer(""), 9007199254740993U);
  EXPECT_EQ(parse("18446744073709551616", "text").number(""), 0x1p64);
  EXPECT_THROW(parse("18446744073709551616", "text").unsigned_integer(""), Error);
  EXPECT_EQ(parse("-9223372036854775809", "text").number(""), -0x1p63);
  EXPECT_TRUE(std::signbit(parse("-0", "text").number("")));
  EXPECT_THROW(parse("-0", "text").unsigned_integer(""), Error);
  EXPECT_THROW(parse("2.0", "text").unsigned_integer(""), Error);
  EXPECT_THROW(parse("9223372036854775808", "text").integer(""), Error);
  EXPECT_EQ(parse("1E+2", "text").number(""), 100);
  EXPECT_EQ(parse("4.9406564584124654e-324", "text").number(""), 0x1p-1074);
}

TEST(Json, ReadsEscapes) {
  EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t")", "text").string(""), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parse(R"("\u0041\u00e9\u20AC\ud83d\ude00")", "text").string(""), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(parse(R"("\u0000")", "text").string(""), std::string(1, '\0'));
}

TEST(Json, RejectsWhatIsNotJson) {
  for (const std::string_view text : {"",
                                      " ",
                                      "nul",
                                      "nulll",
                                      "True",
                                      "NaN",
                                      "Infinity",
                                      "-Infinity",
                                      "+1",
                                      "01",
                                      "-01",
                                      "-",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "0x1",
                                      "1 2",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "[1",
                                      "]",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{\"a\" 1}",
                                      "{1:1}",
                                      "{\"a\":1",
                                      "\"",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"\\u-123\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800x\"",
                                      "\"\\ud800\\n\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"\n\"",
                                      "\"\t\"",
                                      "// c\n1",
                                      "/* c */1",
                                      "1 // c",
                                      "\xEF\xBB\xBF{}",
                                      "1e999",
                                      "-1e999",
                                      "1e-999"}) {
    EXPECT_THROW(parse(text, "text"), Error) << text;
  }
  EXPECT_THROW(parse(std::string_view("{}\0", 3), "text"), Error);
  EXPECT_THROW(parse(std::string_view("\"\0\"", 3), "text"), Error);
}

TEST(Json, ErrorsNameSourceAndOffset) {
  EXPECT_EQ(error_of("[1, x]"), "text: offset 4: expected a value, found 'x'");
  EXPECT_EQ(error_of("[1"), "text: offset 2: expected ',' or ']', found the end of the text");
  EXPECT_EQ(error_of("{\"a\":1,\n\"a\":2}"), "text: offset 8: duplicate key \"a\"");
  EXPECT_EQ(error_of("\"a\x01\""), "text: offset 2: expected an escape for the control character, found byte 1");
  EXPECT_EQ(error_of("\"ab\xFF\""), "text: offset 3: the text is not UTF-8");
  try {
    parse("?", "file", 100);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "file: offset 100: expected a value, found '?'");
  }
}

TEST(Json, RejectsDuplicateKeysAtEveryLevel) {
  EXPECT_THAT(error_of(R"({"a":{"b":[{"c":1,"d":2,"c":1}]}})"), HasSubstr("duplicate key \"c\""));
  EXPECT_THAT(error_of(R"({"a":1,"\u0061":1})"), HasSubstr("duplicate key \"a\""));
  EXPECT_THAT(error_of(R"({"":1,"":1})"), HasSubstr("duplicate key \"\""));
  EXPECT_EQ(error_of(R"({"a":{"a":{"a":1}},"b":{"a":1}})"), "accepted");
}

TEST(Json, LimitsDepth) {
  const auto nested = [](std::string_view open, std::string_view close, int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += '0';
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(error_of(nested("[", "]", 127)), "accepted");
  EXPECT_THAT(error_of(nested("[", "]", 128)), HasSubstr("offset 127: "));
  EXPECT_EQ(error_of(nested("{\"a\":", "}", 127)), "accepted");
  EXPECT_THAT(error_of(nested("{\"a\":", "}", 128)), HasSubstr("deeper than 127"));
  EXPECT_THAT(error_of(std::string(1000000, '[')), HasSubstr("deeper than 127"));
}

TEST(Json, TellsUtf8Apart) {
  for (const std::string_view valid : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                       "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(find_invalid_utf8(valid), std::string_view::npos) << valid;
  }
  for (const std::string_view invalid :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE1\x80", "\xED\xA0\x80", "\xEF\xBF\x41",
        "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(find_invalid_utf8(invalid), 0U) << testing::PrintToString(invalid);
    EXPECT_EQ(find_invalid_utf8("\xE2\x82\xAC" + std::string{invalid}), 3U);
  }
}

// All code points, written by one half of utf8.cc and checked by the other.
TEST(Json, EncodesEveryCodePoint) {
  for (std::uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    std::string text;
    append_utf8(text, code_point);
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    ASSERT_EQ(find_invalid_utf8(text), is_surrogate ? 0 : std::string_view::npos) << code_point;
    if (!is_surrogate) {
      ASSERT_EQ(decode_utf8(text).code_point, code_point);
    }
  }
}

TEST(Json, WritesCompactlyWithSortedKeys) {
  Value value;
  value["b"] = 1;
  value["a"]["nested"] = Array{nullptr, true, -5, 0.1, "text", std::uint64_t{18446744073709551615U}};
  value["list"].push_back(2.0);
  value["list"].push_back(1e300);
  EXPECT_EQ(to_string(value),
            R"({"a":{"nested":[null,true,-5,0.1,"text",18446744073709551615]},"b":1,"list":[2,1e+300]})");
  EXPECT_EQ(to_string(Value{Object{}}), "{}");
  EXPECT_EQ(to_string(Value{Array{}}), "[]");
}

TEST(Json, EscapesStrings) {
  const std::string text("\"\\/\b\f\n\r\t\x01\x1f\x7f\0\xC3\xA9", 14);
  EXPECT_EQ(in_quotes(text), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000\xC3\xA9\"");
  EXPECT_EQ(parse(in_quotes(text), "text").string(""), text);
}

TEST(Json, RefusesToWriteWhatJsonCannotSay) {
  EXPECT_THROW(to_string(std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(to_string(std::numeric_limits<double>::quiet_NaN()), Error);
  EXPECT_THROW(to_string("\xFF"), Error);
}

TEST(Json, DoublesSurviveTheRoundTrip) {
  std::mt19937_64 generator{1};
  for (int i = 0; i < 20000; ++i) {
    const double number = std::bit_cast<double>(generator());
    if (std::isfinite(number)) {
      const double read = parse(to_string(number), "text").number("");
      ASSERT_EQ(std::bit_cast<std::uint64_t>(read), std::bit_cast<std::uint64_t>(number)) << to_string(number);
    }
  }
  for (const double number : {0.0, -0.0, 0.1, 1e22, 1e23, 0x1p63, 0x1p64, 12345678901234567890.0, 0x1p-1074,
                              std::numeric_limits<double>::max(), std::numeric_limits<double>::min()}) {
    const double read = parse(to_string(number), "text").number("");
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read), std::bit_cast<std::uint64_t>(number)) << to_string(number);
  }
}

TEST(Json, AccessorsNameWhatWasAskedFor) {
  const Value value = parse(R"({"lr":"fast","step":-1,"big":0.5})", "text");
  const auto message = [](auto ask) {
    try {
      ask();
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{"accepted"};
  };
  EXPECT_EQ(message([&] { value.at("lr", "group 0").number("group 0: lr"); }),
            "group 0: lr: the string \"fast\" stands where a number belongs");
  EXPECT_EQ(message([&] { value.at("step", "group 0").unsigned_integer("step"); }),
            "step: the number -1 stands where an integer in [0, 2^64) belongs");
  EXPECT_EQ(message([&] { value.at("big", "group 0").integer("big"); }),
            "big: the number 0.5 stands where an integer in [-2^63, 2^63) belongs");
  EXPECT_EQ(message([&] { value.at("eps", "group 0"); }), "group 0: \"eps\" is missing");
  EXPECT_EQ(message([&] { value.array("groups"); }), "groups: an object stands where an array belongs");
}

}  // namespace
}  // namespace thalweg::inline v0_1::json
