// Tests of the command line: exit codes, one-line errors with suggestions, help, thalweg rules.
#include "command.h"
#include "idx_files.h"

#include <thalweg/rule.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace thalweg::lab {
namespace {

using test::Ended;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CommandLine : public testing::Test {
 protected:
  Ended run(const std::vector<std::string>& arguments) const { return test::run_command(folder_.path(), arguments); }

  /// One line on stderr that holds all of these, nothing on stdout.
  void fails(const std::vector<std::string>& arguments, int code, const std::vector<std::string>& texts) const {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, code) << testing::PrintToString(arguments);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, StartsWith("thalweg: "));
    EXPECT_EQ(std::ranges::count(ended.errors, '\n'), 1) << ended.errors;
    EXPECT_THAT(ended.errors, Not(HasSubstr("\x1b"))) << "no colours but on a terminal";
    for (const std::string& text : texts)
      EXPECT_THAT(ended.errors, HasSubstr(text)) << testing::PrintToString(arguments);
  }

  TemporaryFolder folder_;
};

TEST_F(CommandLine, SuggestsSubcommandsAndFlags) {
  fails({"compar"}, 2, {"unknown subcommand 'compar'", "compare"});
  fails({"rulez", "rmsprop"}, 2, {"rules"});
  fails({"xyzzyplugh"}, 2, {"train"});
  fails({}, 2, {"subcommand is required"});
  fails({"rules", "--jsn"}, 2, {"unknown flag --jsn", "--json"});
  fails({"compare", "adam", "--epoch=3"}, 2, {"unknown flag --epoch", "--epochs"});
  fails({"rules", "adam", "sgd"}, 2, {"unexpected argument 'sgd'"});
  fails({"compare"}, 2, {"OPTIMIZER is required", "thalweg compare --help"});
}

TEST_F(CommandLine, NamesValuesThatCannotBeUsed) {
  fails({"rules", "rmsprob"}, 2, {"rmsprob", "rmsprop"});
  fails({"compare", "rmsprob"}, 2, {"rmsprop"});
  fails({"compare", "rmsprop:alfa=0.9"}, 2, {"alfa", "alpha"});
  fails({"compare", "rmsprop:alpha=1.2"}, 2, {"alpha = 1.2", "[0, 1)"});
  fails({"compare", "rmsprop:alpha=much"}, 2, {"alpha", "much"});
  fails({"compare", "adam", "adam:lr=0.1"}, 2, {"given twice"});
  fails({"compare", "adam", "--model", "mpl"}, 2, {"mpl", "mlp"});
  fails({"compare", "adam", "--data", "fashion-mnits"}, 2, {"fashion-mnits", "fashion-mnist"});
  fails({"compare", "adam", "--epochs=-1"}, 2, {"epochs = -1", "[0"});
  fails({"compare", "adam", "--epochs", "many"}, 2, {"--epochs: 'many' is not a whole number"});
  fails({"train", "--epochs", "1.5"}, 2, {"--epochs: '1.5' is not a whole number"});
  fails({"train", "--dense", "12,x"}, 2, {"--dense: 'x' is not a whole number"});
  fails({"train", "--seed", "-1"}, 2, {"--seed: '-1' is not a whole number ≥ 0"});
  fails({"train", "--lr", "fast"}, 2, {"--lr: 'fast' is not a number"});
  fails({"train", "--lr", "nan"}, 2, {"lr = nan is not a number"});
  fails({"train", "--lr", "1e999"}, 2, {"--lr", "1e999"});
  fails({"compare", "adam", "--seeds", "0"}, 2, {"--seeds", "0", "1 to 1000"});
  fails({"compare", "adam", "--schedule", "cosinus"}, 2, {"cosinus", "cosine"});
  fails({"compare", "adam schedule=step", "sgd schedule=cosine", "--schedule", "linear"}, 2, {"--schedule"});
  fails({"train", "--schedule", "cosine:warmup=-1"}, 2, {"warmup", "-1"});
  fails({"compare", "adam", "--tune-lr", "1e-3,x"}, 2, {"'x' is not a number"});
  fails({"compare", "adam", "--tune-lr", "1e-2,1e-3"}, 2, {"not ascending"});
  fails({"compare", "adam", "--tune-lr", "1e-3", "--no-tune-lr"}, 2, {"--tune-lr", "--no-tune-lr"});
  fails({"compare", "adam", "--validation-fraction", "0"}, 2, {"validation"});
}

TEST_F(CommandLine, TellsANumberOutOfRangeFromWhatIsNone) {
  fails({"train", "--lr", "1e400"}, 2, {"--lr", "'1e400' is too large or too small"});
  fails({"train", "--epochs", "9999999999999999999"}, 2, {"'9999999999999999999' is too large or too small"});
}

TEST_F(CommandLine, FailedJobsExitWithOne) {
  fails({"compare", "adam", "--data", "idx:/nowhere"}, 1, {"/nowhere"});
  test::write_learnable_dataset(folder_.path(), 100, 20);
  fails({"compare", "adam", "--data", "idx:" + folder_.path().string(), "--out", folder_.path().string()}, 1,
        {folder_.path().string(), "not empty", "--out", "--overwrite"});
  fails({"compare", "adam", "--data", "idx:" + folder_.path().string(), "--out", "/proc/nowhere"}, 1,
        {"/proc/nowhere"});
}

TEST_F(CommandLine, HelpAndVersion) {
  const Ended version = run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.output, testing::ContainsRegex("^thalweg [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
  const Ended help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* text : {"Examples:", "rules", "data", "train", "compare", "report"}) {
    EXPECT_THAT(help.output, HasSubstr(text));
  }
  EXPECT_THAT(help.output, Not(HasSubstr("worker")));
  const Ended compare = run({"compare", "--help"});
  EXPECT_THAT(compare.output, AllOf(HasSubstr("--tune-lr"), HasSubstr("--no-tune-lr"), HasSubstr("Example")));
}

TEST_F(CommandLine, RulesListsAllOfThem) {
  const Ended table = run({"rules"});
  const nlohmann::json json = nlohmann::json::parse(run({"rules", "--json"}).output);
  ASSERT_EQ(json.size(), rules().size());
  for (std::size_t i = 0; i < rules().size(); ++i) {
    EXPECT_EQ(json[i].at("name"), rules()[i]->name);
    EXPECT_THAT(table.output, HasSubstr(std::string(rules()[i]->name)));
    const Ended one = run({"rules", std::string(rules()[i]->name)});
    EXPECT_EQ(one.code, 0);
    for (const OptionInfo& option : rules()[i]->options) {
      EXPECT_THAT(one.output, AllOf(HasSubstr(std::string(option.name)), HasSubstr(std::string(option.meaning))));
    }
    EXPECT_THAT(one.output, HasSubstr(std::string(rules()[i]->source)));
  }
}

TEST_F(CommandLine, RulesTellsTheFrameworksWords) {
  const Ended one = run({"rules", "rmsprop"});
  EXPECT_THAT(one.output, AllOf(HasSubstr("keras RMSprop:\n    learning_rate (lr) 0.001, rho (alpha) 0.9"),
                                HasSubstr("optax rmsprop:\n    learning_rate (lr) required"),
                                HasSubstr("always decoupled_weight_decay true, eps_inside true")));
  const nlohmann::json json = nlohmann::json::parse(run({"rules", "rmsprop", "--json"}).output);
  const nlohmann::json& keras = json.at("frameworks").at(1);
  EXPECT_EQ(keras.at("framework"), "keras");
  EXPECT_EQ(keras.at("counts_steps"), "shared");
  EXPECT_EQ(keras.at("options").at("alpha"), (nlohmann::json{{"key", "rho"}, {"value", 0.9}}));
  EXPECT_EQ(keras.at("options").at("eps_inside"), (nlohmann::json{{"key", nullptr}, {"value", true}}));
}

TEST_F(CommandLine, ThePagesInDocsAreThoseThatRulesWrites) {
  const std::filesystem::path fresh = folder_.path() / "pages", kept = THALWEG_DOCS "/rules";
  EXPECT_EQ(run({"rules", "--write-pages", fresh.string()}).code, 0);
  std::size_t count = 0;
  for (const auto& page : std::filesystem::directory_iterator(fresh)) {
    const std::filesystem::path other = kept / page.path().filename();
    ASSERT_TRUE(std::filesystem::exists(other)) << other << ": run `thalweg rules --write-pages docs/rules`";
    EXPECT_EQ(test::contents(page.path()), test::contents(other))
        << other << " is stale: run `thalweg rules --write-pages docs/rules`";
    ++count;
  }
  EXPECT_EQ(count, rules().size() + 1);
  const auto all = std::distance(std::filesystem::directory_iterator(kept), std::filesystem::directory_iterator());
  EXPECT_EQ(static_cast<std::size_t>(all), count) << "there is a page of no rule";
  fails({"rules", "--write-pages", "/proc/nowhere"}, 1, {"/proc/nowhere"});
}

TEST_F(CommandLine, RulesKnowsWhenAColumnIsKept) {
  const nlohmann::json rmsprop = nlohmann::json::parse(run({"rules", "rmsprop", "--json"}).output);
  EXPECT_EQ(rmsprop.at("bytes_per_parameter_f32"), (nlohmann::json{{"default", 4}, {"most", 12}}));
  std::map<std::string, nlohmann::json> columns;
  for (const nlohmann::json& column : rmsprop.at("columns")) columns[column.at("name")] = column;
  EXPECT_EQ(columns.at("v").at("needed_by_default"), true);
  EXPECT_EQ(columns.at("v").at("kind"), "second moment");
  EXPECT_EQ(columns.at("m").at("needed_with"), nlohmann::json::array({"centered"}));
  EXPECT_EQ(columns.at("b").at("needed_with"), nlohmann::json::array({"momentum"}));
  EXPECT_EQ(columns.at("b").at("needed_by_default"), false);
}

}  // namespace
}  // namespace thalweg::lab
