// Tests of what the command prints: lost output, closed files, broken pipes, text from outside, narrow terminals.
#include "output/output.h"
#include "idx_files.h"
#include "output/table.h"
#include "output/wrap.h"
#include "redirected.h"
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace thalweg::lab {
namespace {

using test::Ended;
using test::kBroken;
using test::kClosed;
using test::kFull;
using test::Setting;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Output : public testing::Test {
 protected:
  Ended run(const Setting& setting, const std::vector<std::string>& arguments) const {
    return test::run_redirected(folder_.path(), setting, arguments);
  }

  std::string data() const {
    const std::filesystem::path folder = folder_.path() / "data";
    if (std::filesystem::create_directory(folder)) test::write_learnable_dataset(folder, 40, 20);
    return "idx:" + folder.string();
  }
  std::string recorded(const nlohmann::json& cases) const {
    const std::filesystem::path file = folder_.path() / "recorded.json";
    std::ofstream(file) << cases;
    return file.string();
  }
  static nlohmann::json a_run(const std::string& id) {
    return {{"id", id},           {"peer", "torch"}, {"rule", "sgd"},    {"options", {{"lr", 0.5}}},
            {"dtype", "float64"}, {"theta0", {1.0}}, {"grads", {{1.0}}}, {"theta", {{"1", {0.5}}}}};
  }
  std::vector<std::string> training(const std::string& out, const std::string& epochs = "2") const {
    return {"train", "--model", "softmax", "--data", data(), "--epochs", epochs, "--batch", "10", "--out", path(out)};
  }
  std::vector<std::string> comparison(const std::string& out, const std::string& seeds) const {
    return {"compare", "sgd:lr=0.1", "--no-tune-lr", "--model", "softmax", "--data", data(),  "--epochs", "1",
            "--batch", "10",         "--seeds",      seeds,     "--jobs",  "1",      "--out", path(out)};
  }
  StudyData study(const std::string& out) const { return Store::open_for_reading(find_study(path(out))).load(); }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(Output, ALostByteOfStdoutIsExitOneOnEverySubcommand) {
  const std::string recording = recorded(a_run("a"));
  std::vector<std::vector<std::string>> commands{{"--help"},
                                                 {"--version"},
                                                 {"train", "--help"},
                                                 {"rules"},
                                                 {"rules", "rmsprop"},
                                                 {"rules", "rmsprop", "--json"},
                                                 {"schedule"},
                                                 {"schedule", "cosine:steps=10"},
                                                 {"schedule", "cosine:steps=10", "--json"},
                                                 {"data"},
                                                 {"data", "info", data()},
                                                 {"replay", recording},
                                                 {"replay", recording, "--json"},
                                                 {"identify", recording, "--rule", "sgd"},
                                                 training("run"),
                                                 {"report", path("run"), "-o", path("report.html")},
                                                 comparison("study", "1")};
  for (const std::vector<std::string>& command : commands) {
    const Ended ended = run({.output = kFull}, command);
    EXPECT_EQ(ended.code, 1) << testing::PrintToString(command);
    EXPECT_THAT(ended.errors, HasSubstr("thalweg: standard output: No space left on device"))
        << testing::PrintToString(command);
  }
  // The results that are no output were kept.
  EXPECT_EQ(study("run").trials.at(0).status, TrialStatus::finished);
  EXPECT_EQ(study("study").trials.at(0).status, TrialStatus::finished);
  EXPECT_TRUE(std::filesystem::exists(path("report.html")));
}

TEST_F(Output, AClosedStdoutIsALostOneAndNoDataFileTakesItsPlace) {
  const Ended rules = run({.output = kClosed}, {"rules"});
  EXPECT_EQ(rules.code, 1);
  EXPECT_EQ(rules.errors, "thalweg: standard output is closed: the result is lost\n");
  const Ended train = run({.input = kClosed, .output = kClosed, .errors = kClosed}, training("run"));
  EXPECT_EQ(train.code, 1);
  EXPECT_EQ(study("run").trials.at(0).epochs.size(), 2U) << "the study is whole";
  EXPECT_EQ(run({.output = kClosed}, {"rules", "--write-pages", path("pages")}).code, 0) << "nothing was to be printed";
}

TEST_F(Output, ALostStderrChangesNoExitCodeAndStopsNoStudy) {
  for (const test::Redirection lost : {kFull, kClosed, kBroken}) {
    EXPECT_EQ(run({.errors = lost}, {"rules", "nosuch"}).code, 2);
    EXPECT_EQ(run({.errors = lost}, {"report", path("nosuch")}).code, 2);
  }
  EXPECT_EQ(run({.errors = kFull}, comparison("study", "2")).code, 0);
  EXPECT_EQ(study("study").trials.size(), 2U);
}

TEST_F(Output, AReaderThatEndsEndsWhatOnlyPrintsAndNothingElse) {
  const Ended rules = run({.output = kBroken}, {"rules"});
  EXPECT_EQ(rules.code, 128 + SIGPIPE) << "as is usual";
  EXPECT_EQ(rules.errors, "");
  // What keeps its work on disk goes on.
  const Ended train = run({.output = kBroken}, training("run"));
  EXPECT_EQ(train.code, 1);
  EXPECT_THAT(train.errors, HasSubstr("standard output: Broken pipe"));
  EXPECT_EQ(study("run").trials.at(0).epochs.size(), 2U);
  EXPECT_EQ(study("run").trials.at(0).status, TrialStatus::finished);
}

TEST_F(Output, AFileAtItsLimitIsAnErrorAndNoSignal) {
  const std::string command =
      "sh -c 'ulimit -f 1; \"$0\" rules --json >" + path("limited") + " 2>" + path("errors") + "' " + THALWEG_COMMAND;
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(test::contents(path("errors")), HasSubstr("standard output: File too large"));
}

TEST_F(Output, SignalsBeforeTheJobBeginsEndItAsDocumented) {
  for (const int number : {SIGINT, SIGTERM}) {
    EXPECT_EQ(run({.pending = {number}}, {"rules"}).code, 130);
    EXPECT_EQ(run({.pending = {number}}, training("run")).code, 130);
  }
  EXPECT_FALSE(std::filesystem::exists(path("run")));
}

TEST_F(Output, TextFromOutsideIsShownWithEscapes) {
  const Ended ended = run(
      {},
      {"replay", recorded({a_run("a\nok      forged: 1 steps\x1b]0;title\x07"), a_run(std::string(100'000, 'x'))})});
  EXPECT_EQ(ended.code, 0);
  const std::vector<std::string> lines = lines_of(ended.output);
  ASSERT_EQ(lines.size(), 5U) << "two of each run, and no line is forged";
  EXPECT_THAT(lines[0], HasSubstr(R"(a\nok      forged: 1 steps\x1b]0;title\x07: 1 steps)"));
  EXPECT_LT(lines[2].size(), 200U) << "long ones are cut";

  nlohmann::json wrong = a_run("a");
  wrong["dtype"] = "\x1b[2J" + std::string(1'000'000, 'y') + "\r\n";
  const Ended error = run({}, {"replay", recorded(wrong)});
  EXPECT_EQ(error.code, 2);
  EXPECT_LT(error.errors.size(), 1000U);
  EXPECT_THAT(error.errors,
              AllOf(HasSubstr("recorded.json"), HasSubstr(R"(\x1b[2Jyyy)"), HasSubstr("expected float32 or float64"),
                    Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));
  EXPECT_THAT(run({}, {"identify", recorded(a_run("b\x1b[1A"))}).output, HasSubstr(R"(b\x1b[1A: 1 steps)"));
  const Ended argument = run({}, {"rules", "\x1b]0;x\x07\xff"});
  EXPECT_EQ(argument.code, 2);
  EXPECT_THAT(argument.errors, AllOf(HasSubstr(R"('\x1b]0;x\x07\xff' is not UTF-8)"), Not(HasSubstr("\x1b"))));
}

TEST_F(Output, JsonHoldsNothingThatATerminalObeys) {
  const Ended ended = run({}, {"replay", "--json", recorded(a_run("a\x7f\xc2\x9b\x1b"))});
  EXPECT_THAT(ended.output, HasSubstr(R"("a\u007f\u009b\u001b")"));
  EXPECT_EQ(nlohmann::json::parse(ended.output).at("cases").at(0).at("id"), "a\x7f\xc2\x9b\x1b");
}

TEST_F(Output, ArgumentsThatAreNoneAreRefused) {
  const auto fails = [&](const std::vector<std::string>& arguments, const char* text) {
    const Ended ended = run({}, arguments);
    EXPECT_EQ(ended.code, 2) << ended.errors;
    EXPECT_THAT(ended.errors, AllOf(StartsWith("thalweg: "), HasSubstr(text)));
    EXPECT_EQ(std::ranges::count(ended.errors, '\n'), 1);
    EXPECT_LT(ended.errors.size(), 2500U);
  };
  fails({"train", "--data", "idx:\xff"}, R"(--data: 'idx:\xff' is not UTF-8)");
  fails({"train", "--out", "--overwrite"}, "--out: '--overwrite' is a flag, no value");
  fails({"train", "--optimizer", std::string(100'000, 'x')}, "… (10000");
  fails({std::string(100'000, 'x')}, "unknown subcommand 'xxx");
  EXPECT_FALSE(std::filesystem::exists("--overwrite"));
}

TEST_F(Output, NoMemoryIsOneLineThatSaysSo) {
  const Ended ended = run({}, {"train", "--data", data(), "--dense", "1000000000000"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.errors, "thalweg: out of memory: 524 TiB were asked for at once\n");
}

TEST_F(Output, SurroundingsChangeNothing) {
  const Ended plain = run({}, {"rules", "rmsprop", "--json"});
  for (const char* locale : {"de_DE.UTF-8", "tr_TR.UTF-8", "C", "nosuch"}) {
    EXPECT_EQ(run({.environment = {{"LC_ALL", locale}, {"COLUMNS", "40"}}}, {"rules", "rmsprop", "--json"}).output,
              plain.output);
  }
  EXPECT_EQ(run({.input = kClosed}, {"rules", "rmsprop", "--json"}).output, plain.output);
}

TEST_F(Output, LinesFitTheTerminal) {
  for (const unsigned short columns : {40, 57, 80}) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"rules"},
                                                    {"rules", "rmsprop"},
                                                    {"data"},
                                                    {"rules", "--help"},
                                                    {"train", "--help"}}) {
      const Ended ended = test::run_on_terminal(columns, command);
      EXPECT_EQ(ended.code, 0);
      for (const std::string& line : lines_of(ended.output)) {
        const bool one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
        EXPECT_TRUE(one_word || width_of(line) <= columns) << columns << ": " << line;
      }
    }
  }
  EXPECT_THAT(test::run_on_terminal(40, {"rules"}).output, HasSubstr("8–12")) << "numbers stay whole";
  EXPECT_THAT(test::run_on_terminal(40, {"rules", "rmsprop"}).output, HasSubstr("\n  default  1e-08\n"));
  EXPECT_THAT(test::run_on_terminal(40, {"rules", "--help"}).output,
              HasSubstr("  thalweg rules rmsprop --json\n      the same for programs\n"));
  const Ended error = test::run_on_terminal(40, {"rules", "nosuch"}, {{"NO_COLOR", "1"}});
  EXPECT_THAT(error.output, StartsWith("thalweg: unknown rule 'nosuch'; known:\n  adadelta, "));
  EXPECT_THAT(test::run_on_terminal(40, {"rules", "nosuch"}).output, StartsWith("\x1b[1;31mthalweg:\x1b[0m unknown"));
  // COLUMNS is a wish; pipes have no width.
  EXPECT_THAT(test::run_on_terminal(200, {"rules", "nosuch"}, {{"COLUMNS", "40"}, {"NO_COLOR", "1"}}).output,
              StartsWith("thalweg: unknown rule 'nosuch'; known:\n"));
  EXPECT_EQ(lines_of(run({.environment = {{"COLUMNS", "40"}}}, {"rules", "nosuch"}).errors).size(), 1U);
}

TEST_F(Output, ABarOnANarrowTerminalKeepsItsNumbersWhole) {
  const std::string output = test::run_on_terminal(40, training("run", "20")).output;
  std::size_t bars = 0;
  std::istringstream stream(output);
  for (std::string part; std::getline(stream, part, '\x1b');) {
    if (!part.starts_with("[Kepoch ") || part.find('\n') != std::string::npos) continue;
    ++bars;
    EXPECT_LT(width_of(part.substr(2)), 40U) << part;
    EXPECT_THAT(part, testing::ContainsRegex("loss [0-9]+\\.[0-9][0-9][0-9][0-9]( |$)"));
  }
  EXPECT_GT(bars, 0U);
}

TEST_F(Output, EverySubcommandsHelpHasExamples) {
  for (const char* command : {"rules", "data", "train", "compare", "replay", "identify", "report"}) {
    const std::string help = run({}, {command, "--help"}).output;
    EXPECT_THAT(help, AllOf(HasSubstr("\nExample"), HasSubstr(std::string("\n  thalweg ") + command)));
    for (const std::string& line : lines_of(help)) EXPECT_LE(width_of(line), 100U) << line;
  }
}

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(wrapped("one two three four", 9), "one two\nthree\nfour");
  EXPECT_EQ(wrapped("  one two three\n\nfour\n", 9), "  one two\n  three\n\nfour\n");
  EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrapped("a-word-that-is-longer 1", 9), "a-word-that-is-longer\n1") << "words and numbers stay whole";
  EXPECT_EQ(wrapped("run `a b c` now", 8), "run\n`a b c`\nnow") << "commands can be copied";
  EXPECT_EQ(wrapped("ä ö ü ß", 3), "ä ö\nü ß") << "columns, not bytes";
}

TEST(Table, BreaksTextAndNeverNumbers) {
  Table table({"name", "count", "what it is"}, {false, true, false});
  table.add({"first", "1234567", "the one before all others"});
  EXPECT_EQ(table.text(80),
            "name     count  what it is\n"
            "─────  ───────  ─────────────────────────\n"
            "first  1234567  the one before all others\n");
  EXPECT_EQ(table.text(30),
            "name     count  what it is\n"
            "─────  ───────  ──────────────\n"
            "first  1234567  the one before\n"
            "                all others\n");
  EXPECT_EQ(table.text(21),
            "first\n"
            "  count       1234567\n"
            "  what it is  the one\n"
            "              before\n"
            "              all\n"
            "              others\n");
  table.add({"\x1b[2J", "0", ""});
  EXPECT_THAT(table.text(80), HasSubstr(R"(\x1b[2J)"));
}

}  // namespace
}  // namespace thalweg::lab
