// JSON from outside: what is read, what is refused, and how short the refusals are.
#include "json_text.h"

#include "command.h"
#include "error_of.h"
#include "idx_files.h"
#include "store/database.h"
#include "store/store.h"
#include "study/worker_messages.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using tests::error_of;

std::string error_in(const std::string& text) {
  return error_of([&] { (void)parse_json(text, "a.json"); });
}

/// 60,000 lists, one in another.
std::string deep_list() { return std::string(60'000, '[') + std::string(60'000, ']'); }

TEST(JsonText, ReadsWhatNlohmannReads) {
  for (const std::string text :
       {R"({})", R"([])", R"("")", R"(null)",
        R"( [ 1 , -2, 0.5e-3, -0.0, 18446744073709551615, 1e308, 123456789012345678901 ] )",
        R"({"a": {"b": [true, false, null]}, "ä\"\\\/\b\f\n\r\t": "\u00e4\u20ac\ud83d\ude00 ß€😀"})"}) {
    const json ours = parse_json(text, "a.json"), theirs = json::parse(text);
    EXPECT_EQ(ours, theirs) << text;
    EXPECT_EQ(ours.dump(), theirs.dump()) << text;
  }
  EXPECT_TRUE(std::signbit(parse_json("-0", "a.json").get<double>()));
}

TEST(JsonText, ReadsPythonsNumbersWhereAsked) {
  const json read = parse_json("[NaN, Infinity, -Infinity]", "a.json", NotFinite::read);
  EXPECT_TRUE(std::isnan(read[0].get<double>()));
  EXPECT_EQ(read[1].get<double>(), HUGE_VAL);
  EXPECT_EQ(read[2].get<double>(), -HUGE_VAL);
  EXPECT_EQ(error_in("[1, NaN]"), "a.json: line 1, column 5: the number is not finite");
}

TEST(JsonText, NamesPlaceAndFault) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "line 1, column 1: expected a value, found the end of the text"},
      {"{\n  \"ä\": x}", "line 2, column 8: expected a value, found 'x'"},
      {"[1 2]", "line 1, column 4: expected ',' or ']', found '2'"},
      {"{\"a\": 1, \"a\": 2}", "line 1, column 10: the key \"a\" is there twice"},
      {"{\"a\" 1}", "line 1, column 6: expected ':' after the key, found '1'"},
      {"{a: 1}", "line 1, column 2: expected a key in quotes, found 'a'"},
      {"[1,]", "line 1, column 4: expected a value, found ']'"},
      {"[1] 2", "line 1, column 5: expected the end, found '2'"},
      {"01", "line 1, column 1: a number begins with a superfluous 0"},
      {"-", "line 1, column 2: expected a digit, found the end of the text"},
      {"1e400", "line 1, column 1: the number is outside the range of a double"},
      {"\"a", "line 1, column 1: the string has no end"},
      {"\"a\n\"", "line 1, column 3: a string has control characters as escapes only"},
      {"\"\\x\"", "line 1, column 2: unknown escape in a string"},
      {"\"\\ud800\"", "line 1, column 2: a high surrogate without a low one"},
      {"\"\\udc00\"", "line 1, column 2: a low surrogate without a high one"},
      {"\"\\u12\"", "line 1, column 4: expected four hexadecimal digits after \\u"},
      {"\"\xff\"", "line 1, column 2: the text is not UTF-8"},
      {"\"\xc0\x80\"", "line 1, column 2: the text is not UTF-8"},
      {"\x1b[31m", "line 1, column 1: expected a value, found '\\x1b'"}};
  for (const auto& [text, message] : cases) EXPECT_EQ(error_in(text), "a.json: " + message) << text;
}

TEST(JsonText, RefusesHostileTextsShortly) {
  EXPECT_THAT(error_in(deep_list()), HasSubstr("column 65: arrays and objects are nested deeper than 64"));
  EXPECT_NO_THROW(parse_json(std::string(64, '[') + std::string(64, ']'), "a.json"));
  const std::string key = "\"" + std::string(1'000'000, 'k') + "\"";
  EXPECT_THAT(error_in("{" + key + ":1," + key + ":2}"), SizeIs(testing::Lt(200u)));
  EXPECT_THAT(error_in("{\"\\u001b[2J\":1,\"\\u001b[2J\":2}"), AllOf(HasSubstr("\\x1b[2J"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(excerpt(json("\x1b[2J \u009b2J \x7f")), "\"\\u001b[2J \\u009b2J \\x7f\"");
  EXPECT_THAT(excerpt(json(std::string(1'000'000, 'x'))), SizeIs(testing::Lt(100u)));
  EXPECT_EQ(excerpt(json(NAN)), "NaN");
  EXPECT_EQ(plain_message(json::type_error::create(302, "type must be number", nullptr)), "type must be number");
}

TEST(JsonText, NamesFilesThatCannotBeRead) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { (void)read_json_file(folder.path()); }),
              AllOf(HasSubstr(folder.path().string()), HasSubstr("is a folder")));
  EXPECT_THAT(error_of([&] { (void)read_json_file(folder.path() / "none"); }), HasSubstr("none: cannot be opened"));
}

// Values that are nested deep enough overflow the stack of whatever copies or prints them.
TEST(JsonText, DeepTextsEndNothing) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "deep.json") << "{\"id\": " << deep_list() << "}";
  for (const char* command : {"replay", "identify"}) {
    const test::Ended ended = test::run_command(folder.path(), {command, (folder.path() / "deep.json").string()});
    EXPECT_EQ(ended.code, 2) << command;
    EXPECT_THAT(ended.errors, AllOf(HasSubstr("deep.json"), HasSubstr("nested deeper"))) << command;
  }
  EXPECT_THAT(error_of([&] { (void)read_job(deep_list()); }), HasSubstr("nested deeper"));
}

TEST(JsonText, DeepTextsInAStudyEndNothing) {
  const test::TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  {
    StudyData study;
    study.name = "s";
    study.kind = "compare";
    study.created = now_utc();
    study.config = study.environment = json::object();
    std::filesystem::create_directory(run);
    Store::create(run / "study.sqlite", study);
  }
  const Database database(run / "study.sqlite");
  const auto set = [&](const char* column, const std::string& text) {
    Statement(database, fmt::format("UPDATE study SET {} = ?", column).c_str()).bind(text).run();
  };
  for (const char* column : {"environment", "outcome", "config"}) {
    set(column, deep_list());
    EXPECT_THAT(error_of([&] { Store::open_for_reading(run / "study.sqlite").load(); }),
                AllOf(HasSubstr("damaged: "), HasSubstr(column), HasSubstr("nested deeper")));
    if (std::string(column) != "config") set(column, "{}");
  }
  const test::Ended ended = test::run_command(folder.path(), {"report", run.string()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("damaged: config"), HasSubstr("nested deeper")));
}

}  // namespace
}  // namespace thalweg::lab
